// Sign-in by the provider that the installation names, where it names one.

import { Button } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../api/client";
import { useChange } from "../lib/use";
import { ProblemNote } from "./problem";

/** Its name; null where nobody signs in by one. */
export function useProvider(): string | null {
  const found = useQuery<{ name: string | null }, Problem>({
    queryKey: ["provider"],
    queryFn: () => ask<{ name: string | null }>(api.GET("/v1/oidc")),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return found.data?.name ?? null;
}

/** Sends the browser there, for one of the purposes of a visit. */
export function useVisit() {
  return useChange(
    (body: { programme_id?: string; invitation?: string; ticket?: string }) => ask<{ url: string }>(api.POST("/v1/oidc/sign-in", { body })),
    ({ url }) => location.assign(url),
  );
}

export function ByProvider({ invitation, programme }: { invitation?: string; programme?: string }) {
  const { t } = useTranslation();
  const name = useProvider();
  const visit = useVisit();
  if (name === null) return null;
  return (
    <div style={{ marginBottom: 16 }}>
      <ProblemNote problem={visit.error} />
      <Button block loading={visit.isPending} onClick={() => visit.mutate(invitation ? { invitation } : programme ? { programme_id: programme } : {})}>
        {invitation ? t("provider.accept", { name }) : t("provider.signIn", { name })}
      </Button>
    </div>
  );
}
