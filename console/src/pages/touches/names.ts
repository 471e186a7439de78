// What the strategies in force are called, for pages that have their ids.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../../api/client";
import { holds, useSignedIn } from "../../session";
import type { Names, PublishedPlaybook } from "../strategies/playbook";

/** In the language of the page, else in the other one, else the id. */
export function inLanguage(names: Names | null | undefined, language: string, id: string): string {
  const [first, second] = language === "zh-CN" ? [names?.["zh-CN"], names?.en] : [names?.en, names?.["zh-CN"]];
  return first || second || id;
}

export function useStrategyNames() {
  const { i18n } = useTranslation();
  const signedIn = useSignedIn();
  const found = useQuery<PublishedPlaybook, Problem>({
    queryKey: ["playbook"],
    queryFn: () => ask(api.GET("/v1/playbook", {})),
    enabled: holds(signedIn, "playbook:read"),
  });
  return useMemo(() => {
    const strategies = found.data?.playbook.strategies ?? [];
    const names = new Map(strategies.map((one) => [one.id, inLanguage(one.name, i18n.language, one.id)]));
    // The days of its nodes, and one that the address asks for.
    const nodesOf = (id: string, asked = "") => {
      const strategy = strategies.find((one) => one.id === id);
      const days = (strategy?.sequence?.nodes ?? []).map((node) => (node.days_after ?? 0) - (node.days_before ?? 0));
      return [...new Set([...days.map(String), ...(asked ? [asked] : [])])];
    };
    return { name: (id: string) => names.get(id) ?? id, choices: [...names].map(([value, label]) => ({ value, label })), nodesOf };
  }, [found.data, i18n.language]);
}
