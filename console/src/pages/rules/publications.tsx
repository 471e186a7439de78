// What was asked to be published of a document, and what became of it.

import { App, Button, Modal } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../../api/client";
import type { Page as Items, Publication } from "../../api/answers";
import { mayWithdraw } from "../../lib/decides";
import { useChange, useFormat, usePages, useWord } from "../../lib/use";
import { useSignedIn } from "../../session";
import { Diff } from "../../ui/diff";
import { Loading, Mark, type Tone } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { List } from "../../ui/table";

const STATES: Record<string, Tone> = { waiting: "warn", planned: "info", published: "good", rejected: "bad", withdrawn: "plain", superseded: "plain" };

/** Those of one document, newest first. */
export function Publications({ document }: { document: Publication["document"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const signedIn = useSignedIn();
  const { message } = App.useApp();
  const [shown, setShown] = useState<Publication | null>(null);
  const pages = usePages<Publication>(["publications", document], (cursor) =>
    ask<Items<Publication>>(api.GET("/v1/rulebook/publications", { params: { query: { document, ...(cursor ? { cursor } : {}) } } })),
  );
  const withdraw = useChange(
    (id: string, key) => ask(api.POST("/v1/rulebook/publications/{id}/withdraw", { params: { path: { id }, header: { "Idempotency-Key": key } } })),
    () => void message.success(t("inbox.withdrawn")),
  );
  return (
    <div className="card flush">
      <ProblemNote problem={withdraw.error} />
      <List
        pages={pages}
        label={t("rules.publications")}
        id={(row) => row.publication_id}
        empty={t("rules.noPublications")}
        columns={[
          { title: t("rules.draft"), main: true, show: (row) => row.draft },
          { title: t("members.state"), show: (row) => <Mark tone={STATES[row.state] ?? "plain"}>{word("publicationState", row.state)}</Mark> },
          { title: t("publications.at"), show: (row) => (row.published_at ? format.instant(row.published_at) : row.at ? format.instant(row.at) : t("publications.atOnce")) },
          { title: t("inbox.askedBy"), show: (row) => row.asked_by },
          { title: t("rules.decidedBy"), show: (row) => row.decided_by ?? row.approved_by ?? (row.waits_for ? t("inbox.waitsFor", { role: word("role", row.waits_for) }) : "–") },
          { title: t("form.reason"), wrap: true, show: (row) => row.reason ?? "–" },
          {
            title: t("do.title"),
            show: (row) => (
              <span className="row">
                <Button size="small" onClick={() => setShown(row)}>{t("rules.changes")}</Button>
                {["waiting", "planned"].includes(row.state) && mayWithdraw(signedIn, row) && (
                  <Button size="small" loading={withdraw.isPending} onClick={() => withdraw.mutate(row.publication_id)}>{t("inbox.withdraw")}</Button>
                )}
              </span>
            ),
          },
        ]}
      />
      {shown && <PublicationDiff publication={shown} onClose={() => setShown(null)} />}
    </div>
  );
}

function PublicationDiff({ publication, onClose }: { publication: Publication; onClose: () => void }) {
  const { t } = useTranslation();
  const found = useQuery<Publication, Problem>({
    queryKey: ["publication", publication.publication_id],
    queryFn: () => ask(api.GET("/v1/rulebook/publications/{id}", { params: { path: { id: publication.publication_id } } })),
  });
  return (
    <Modal open title={t("inbox.publish", { draft: publication.draft })} footer={null} onCancel={onClose} width={820}>
      <ProblemNote problem={found.error} />
      {found.data?.changes ? <Diff changes={found.data.changes} /> : !found.error && <Loading />}
    </Modal>
  );
}
