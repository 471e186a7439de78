// What a strategy may name: segments, tags, levels, coupons, grants and templates of the programme.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../../api/client";
import type { Page, SetDefinition } from "../../api/answers";
import { usePublished } from "../../lib/published";
import { useWord } from "../../lib/use";
import { CHANNELS, type TemplateRow } from "../templates/template";
import { templatesOf, type Playbook } from "./playbook";

export interface Choice {
  value: string;
  label: string;
}

/** A template that is there, or that a strategy names and is not. */
export interface KnownTemplate {
  /** Its id. */
  value: string;
  /** Its id, purpose and channels. */
  label: string;
  channels: readonly string[] | null;
}

export interface Known {
  segments: Choice[];
  /** Those whose members the programme keeps, by id. */
  keptSegments: Record<string, string>;
  tags: Choice[];
  tiers: string[];
  coupons: string[];
  grants: Choice[];
  templates: KnownTemplate[];
}

const query = { limit: 200 as never };

export function useKnown(document: Playbook): Known {
  const { i18n } = useTranslation();
  const language = i18n.language === "zh-CN" ? "zh-CN" : "en";
  const word = useWord();
  const published = usePublished();
  const segments = useQuery<Page<SetDefinition>, Problem>({ queryKey: ["segments", "all"], queryFn: () => ask(api.GET("/v1/segments", { params: { query } })) });
  const tags = useQuery<Page<SetDefinition>, Problem>({ queryKey: ["tags", "all"], queryFn: () => ask(api.GET("/v1/tags", { params: { query } })) });
  const templates = useQuery<Page<TemplateRow>, Problem>({ queryKey: ["templates", "all"], queryFn: () => ask(api.GET("/v1/templates", { params: { query } })) });
  return useMemo(() => {
    const kept = Object.fromEntries((segments.data?.items ?? []).map((one) => [one.segment_id ?? "", one.names[language]]));
    const own = Object.entries(document.segments ?? {}).map(([id, segment]) => [id, segment.name?.[language] || segment.name?.["zh-CN"] || segment.name?.en || id] as const);
    const labelled = (id: string, name: string) => ({ value: id, label: name === id ? id : `${name} (${id})` });
    const rulebook = published.data?.rulebook;
    const grants = Object.entries((rulebook?.grants ?? {}) as Record<string, { points?: number | null; coupon?: string | null }>);
    const alone = grants.filter(([, grant]) => grant.coupon && !grant.points).map(([, grant]) => grant.coupon ?? "");
    const ids = [...new Set([...(templates.data?.items ?? []).map((one) => one.template_id), ...(document.strategies ?? []).flatMap(templatesOf)])];
    return {
      segments: [...own.map(([id, name]) => labelled(id, name)), ...Object.entries(kept).filter(([id]) => !document.segments?.[id]).map(([id, name]) => labelled(id, name))],
      keptSegments: kept,
      tags: (tags.data?.items ?? []).map((one) => labelled(one.path ?? "", one.names[language])),
      tiers: (rulebook?.tiers?.levels ?? []).map((level) => level.id),
      coupons: Object.keys(rulebook?.coupons ?? {}),
      grants: [...new Set(alone)].map((coupon) => ({ value: `coupon:${coupon}`, label: coupon })).concat(grants.map(([name]) => ({ value: `name:${name}`, label: name }))),
      templates: ids.sort().map((id) => {
        const found = templates.data?.items.find((one) => one.template_id === id);
        const says = found && [word("purpose", found.purpose), CHANNELS.filter((one) => found.channels.includes(one)).map((one) => word("contactChannel", one)).join(", ")];
        return { value: id, label: [id, ...(says ?? [])].join(" · "), channels: found?.channels ?? null };
      }),
    };
  }, [word, document, language, published.data, segments.data, tags.data, templates.data]);
}
