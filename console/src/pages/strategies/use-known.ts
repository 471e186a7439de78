// What a strategy may name: segments, tags, levels, coupons, grants and templates of the programme.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../../api/client";
import type { Page, SetDefinition } from "../../api/answers";
import { usePublished } from "../../lib/published";
import { readPages } from "../../lib/read-pages";
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
  /** Why some of these could not be read. */
  problem: Problem | null;
  /** Whether there are more than these. */
  isCut: boolean;
  retry: () => void;
}

/** A list with all its pages: what is not in it could not be chosen. */
function useAll<T>(name: string, read: (query: { limit: never; cursor?: never }) => Promise<Page<T>>) {
  return useQuery<{ items: T[]; hasMore: boolean }, Problem>({
    queryKey: [name, "all"],
    queryFn: () => readPages((cursor) => read({ limit: 200 as never, ...(cursor ? { cursor: cursor as never } : {}) }), Infinity),
  });
}

export function useKnown(document: Playbook): Known {
  const { i18n } = useTranslation();
  const language = i18n.language === "zh-CN" ? "zh-CN" : "en";
  const word = useWord();
  const published = usePublished();
  const segments = useAll<SetDefinition>("segments", (query) => ask(api.GET("/v1/segments", { params: { query } })));
  const tags = useAll<SetDefinition>("tags", (query) => ask(api.GET("/v1/tags", { params: { query } })));
  const templates = useAll<TemplateRow>("templates", (query) => ask(api.GET("/v1/templates", { params: { query } })));
  const lists = [segments, tags, templates];
  const all = [...lists, published];
  const known = useMemo(() => {
    const kept = Object.fromEntries((segments.data?.items ?? []).map((one) => [one.segment_id ?? "", one.names[language]]));
    const own = Object.entries(document.segments ?? {}).map(([id, segment]) => [id, segment.name?.[language] || segment.name?.["zh-CN"] || segment.name?.en || id] as const);
    const labelled = (id: string, name: string) => ({ value: id, label: name === id ? id : `${name} (${id})` });
    const rulebook = published.data?.rulebook;
    const grants = Object.entries((rulebook?.grants ?? {}) as Record<string, { points?: number | null; coupon?: string | null }>);
    const alone = grants.filter(([, grant]) => grant.coupon && !grant.points).map(([, grant]) => grant.coupon ?? "");
    const found = new Map((templates.data?.items ?? []).map((one) => [one.template_id, one]));
    const ids = [...new Set([...found.keys(), ...(document.strategies ?? []).flatMap(templatesOf)])];
    return {
      segments: [...own.map(([id, name]) => labelled(id, name)), ...Object.entries(kept).filter(([id]) => !document.segments?.[id]).map(([id, name]) => labelled(id, name))],
      keptSegments: kept,
      tags: (tags.data?.items ?? []).map((one) => labelled(one.path ?? "", one.names[language])),
      tiers: (rulebook?.tiers?.levels ?? []).map((level) => level.id),
      coupons: Object.keys(rulebook?.coupons ?? {}),
      grants: [...new Set(alone)].map((coupon) => ({ value: `coupon:${coupon}`, label: coupon })).concat(grants.map(([name]) => ({ value: `name:${name}`, label: name }))),
      templates: ids.sort().map((id) => {
        const row = found.get(id);
        const says = row && [word("purpose", row.purpose), CHANNELS.filter((one) => row.channels.includes(one)).map((one) => word("contactChannel", one)).join(", ")];
        return { value: id, label: [id, ...(says ?? [])].join(" · "), channels: row?.channels ?? null };
      }),
    };
  }, [word, document, language, published.data, segments.data, tags.data, templates.data]);
  return {
    ...known,
    problem: all.find((one) => one.error)?.error ?? null,
    isCut: lists.some((one) => one.data?.hasMore),
    retry: () => all.filter((one) => one.error).forEach((one) => void one.refetch()),
  };
}
