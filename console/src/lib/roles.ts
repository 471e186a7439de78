// What roles are called. Built-in ones have a word in each language; own ones have names of theirs.

import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../api/client";
import type { NamedRole, OwnRole, Page, Role } from "../api/answers";
import { holds, useAccess } from "../session";
import { useWord } from "./use";

/** The own roles of the programme, for persons who may read them. */
export function useOwnRoles(): OwnRole[] {
  const { signedIn } = useAccess();
  const found = useQuery<OwnRole[], Problem>({
    queryKey: ["own-roles"],
    queryFn: async () => (await ask<Page<OwnRole>>(api.GET("/v1/roles", { params: { query: { limit: 200 as never } } }))).items,
    enabled: signedIn !== null && signedIn.role === "admin" && holds(signedIn, "staff:read"),
  });
  return found.data ?? [];
}

/** The name of a role in the language of the page; its id where nothing names it. */
export function useRoleName(): (role: string, known?: NamedRole[]) => string {
  const { i18n } = useTranslation();
  const word = useWord();
  const own = useOwnRoles();
  return useCallback(
    (role, known = []) => {
      const names = known.find((one) => one.role === role)?.names ?? own.find((one) => one.role_id === role)?.names;
      return names ? names[i18n.language === "zh-CN" ? "zh-CN" : "en"] : word("role", role);
    },
    [i18n.language, own, word],
  );
}

/** A role where something is approved: what an own role is called says nothing of what it may do. */
export function useRoleTitle(): (role: string, base: Role) => string {
  const word = useWord();
  const roleName = useRoleName();
  return useCallback(
    (role, base) => (role === base ? word("role", role) : [roleName(role), role, word("role", base)].join(" · ")),
    [roleName, word],
  );
}
