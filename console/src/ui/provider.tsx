// Sign-in by the providers that the installation names, where it names any.

import { Button } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../api/client";
import { useChange } from "../lib/use";
import { keepWanted } from "../lib/wanted";
import { ProblemNote } from "./problem";

interface Named {
  name: string | null;
  wecom: string | null;
}

export interface Provider {
  name: string;
  /** What a visit to it says beside its purpose. */
  visit: { wecom?: true };
}

/** Those by which persons sign in; none where nobody does. */
export function useProviders(): Provider[] {
  const found = useQuery<Named, Problem>({
    queryKey: ["provider"],
    queryFn: () => ask<Named>(api.GET("/v1/oidc")),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const { name, wecom } = found.data ?? {};
  return [...(name ? [{ name, visit: {} }] : []), ...(wecom ? [{ name: wecom, visit: { wecom: true as const } }] : [])];
}

/** Sends the browser there, for one of the purposes of a visit. */
export function useVisit() {
  return useChange(
    (body: { wecom?: true; programme_id?: string; invitation?: string; ticket?: string }) => ask<{ url: string }>(api.POST("/v1/oidc/sign-in", { body })),
    ({ url }) => location.assign(url),
  );
}

export function ByProvider({ invitation, programme }: { invitation?: string; programme?: string }) {
  const { t } = useTranslation();
  const providers = useProviders();
  const visit = useVisit();
  if (providers.length === 0) return null;
  const purpose = invitation ? { invitation } : programme ? { programme_id: programme } : {};
  return (
    <div style={{ display: "grid", gap: 8, marginBottom: 16 }}>
      <ProblemNote problem={visit.error} />
      {providers.map(({ name, visit: to }) => (
        <Button key={name} block loading={visit.isPending} onClick={() => {
          if (!invitation) keepWanted(location);
          visit.mutate({ ...to, ...purpose });
        }}>
          {invitation ? t("provider.accept", { name }) : t("provider.signIn", { name })}
        </Button>
      ))}
    </div>
  );
}
