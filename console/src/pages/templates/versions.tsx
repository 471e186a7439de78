// What a template was: each version with what it changed, to take it up again.

import { Button, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import type { Page as Items } from "../../api/answers";
import { useFormat, usePages } from "../../lib/use";
import { changesOf, Diff } from "../../ui/diff";
import { Section } from "../../ui/parts";
import { List } from "../../ui/table";
import { bodyOf, type Document } from "./template";

interface Version extends Document {
  version: number;
  at: string;
  by: string;
}

export function Versions({ id, onTake }: { id: string; onTake: (document: Document) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [compared, setCompared] = useState<Version | null>(null);
  const pages = usePages<Version>(["template-versions", id], () => ask<Items<Version>>(api.GET("/v1/templates/{id}/versions", { params: { path: { id } } })));
  const rows = pages.data ?? [];
  const before = compared && rows.find((one) => one.version < compared.version);
  return (
    <Section flush>
      <List
        pages={pages}
        label={t("rules.versions")}
        id={(row) => String(row.version)}
        columns={[
          { title: t("rules.version"), main: true, show: (row) => t("overview.version", { version: row.version }) },
          { title: t("rules.changedAt"), show: (row) => format.instant(row.at) },
          { title: t("rules.changedBy"), show: (row) => row.by },
          {
            title: t("do.title"),
            show: (row) => (
              <span className="row">
                {rows.at(-1) !== row && <Button size="small" aria-label={`${t("rules.changes")}: ${row.version}`} onClick={() => setCompared(row)}>{t("rules.changes")}</Button>}
                {rows[0] !== row && <Button size="small" aria-label={`${t("templates.take")}: ${row.version}`} onClick={() => onTake({ purpose: row.purpose, texts: row.texts })}>{t("templates.take")}</Button>}
              </span>
            ),
          },
        ]}
      />
      <Modal open={compared !== null} title={compared && t("rules.diffOf", { version: compared.version, before: before?.version ?? 0 })} footer={null} onCancel={() => setCompared(null)} width={820} destroyOnHidden>
        {compared && before && <Diff changes={changesOf(bodyOf(before), bodyOf(compared))} />}
      </Modal>
    </Section>
  );
}
