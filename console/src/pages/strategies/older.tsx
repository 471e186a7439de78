// A draft that was begun from a version that is in force no more: what was published since, and how it
// comes into the draft.

import { Alert, Button, Form } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../../api/client";
import type { Change, Version } from "../../api/answers";
import { useChange } from "../../lib/use";
import { Diff } from "../../ui/diff";
import { Dialog, Loading } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Buttons } from "../member-actions";
import { merged } from "./merge";
import type { Playbook, PlaybookDraft, PublishedPlaybook } from "./playbook";

export function Older({ draft, over, document, onTaken }: { draft: PlaybookDraft; over: number; document: Playbook; onTaken: (draft: PlaybookDraft, document: Playbook) => void }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const found = useQuery<PublishedPlaybook, Problem>({ queryKey: ["playbook"], queryFn: () => ask(api.GET("/v1/playbook", {})), staleTime: 0 });
  const base = draft.base_version ?? 0;
  if (!found.data || found.data.version <= base) return null;
  return (
    <>
      <Alert
        className="problem"
        type="warning"
        role="status"
        showIcon
        title={t("older.title", { base, version: found.data.version })}
        action={<Button size="small" onClick={() => setOpen(true)}>{t("older.look")}</Button>}
      />
      {open && <Since draft={draft} over={over} base={base} inForce={found.data} document={document} onClose={() => setOpen(false)} onTaken={onTaken} />}
    </>
  );
}

function Since({ draft, over, base, inForce, document, onClose, onTaken }: {
  draft: PlaybookDraft;
  over: number;
  base: number;
  inForce: PublishedPlaybook;
  document: Playbook;
  onClose: () => void;
  onTaken: (draft: PlaybookDraft, document: Playbook) => void;
}) {
  const { t } = useTranslation();
  const version = String(inForce.version);
  const changes = useQuery<{ changes: Change[] }, Problem>({
    queryKey: ["playbook-since", base, version],
    queryFn: () => ask(api.GET("/v1/playbook/versions/{version}/diff", { params: { path: { version }, query: { from: base as never } } })),
  });
  const before = useQuery<Playbook, Problem>({
    queryKey: ["playbook-base", base],
    // Before the first publication there was nothing.
    queryFn: async () => (base === 0 ? {} : (await ask<Version & { playbook: Playbook }>(api.GET("/v1/playbook/versions/{version}", { params: { path: { version: String(base) } } }))).playbook),
  });
  const take = useChange(
    (body: Playbook, key) =>
      ask<PlaybookDraft>(api.PUT("/v1/playbook/drafts/{name}", { params: { path: { name: draft.draft }, query: { base_version: inForce.version as never, revision: over as never }, header: { "Idempotency-Key": key } }, body: body as never })),
    (answer, body) => {
      onTaken(answer, body);
      onClose();
    },
  );
  const result = before.data && merged(before.data, inForce.playbook, document);
  return (
    <Dialog open title={t("older.title", { base, version })} onClose={onClose} width={820}>
      <ProblemNote problem={changes.error ?? before.error ?? take.error} />
      {changes.data && result ? (
        <Form onFinish={() => take.mutate(result.document)}>
          <p className="quiet">{t("older.lead")}</p>
          <Diff changes={changes.data.changes} isMajor={(pointer) => result.both.some((one) => pointer === one || pointer.startsWith(`${one}/`))} mark={t("older.both")} />
          {result.both.length > 0 && <Alert className="problem" type="warning" showIcon title={t("older.yours", { places: result.both.join(", ") })} style={{ marginTop: 12 }} />}
          <Buttons busy={take.isPending} onClose={onClose} label={t("older.take")} />
        </Form>
      ) : (
        !changes.error && !before.error && <Loading rows={4} />
      )}
    </Dialog>
  );
}
