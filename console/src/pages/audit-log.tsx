// The audit log: which persons changed what outside of the ledger, and which read personal data.

import { Button, DatePicker, Input, Select } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "../api/client";
import type { LogRow, Page as Items } from "../api/answers";
import { addDays } from "../lib/format";
import { useFilters, useFormat, usePages, useWord } from "../lib/use";
import { en } from "../strings/en";
import { changesOf, Diff } from "../ui/diff";
import { Dialog, Page, Section, Short } from "../ui/parts";
import { Export, List } from "../ui/table";

const ACTIONS = Object.keys(en.action);

export default function AuditLog() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [filters, setFilters] = useFilters(["person", "action", "subject", "from", "to"]);
  const [shown, setShown] = useState<LogRow | null>(null);
  const query = {
    ...(filters.person ? { person_id: filters.person } : {}),
    ...(filters.action ? { action: filters.action } : {}),
    ...(filters.subject ? { subject: filters.subject } : {}),
    ...(filters.from ? { from: format.midnight(filters.from) } : {}),
    ...(filters.to ? { to: format.midnight(addDays(filters.to, 1)) } : {}),
  };
  const read = (cursor: string | undefined) => ask<Items<LogRow>>(api.GET("/v1/audit-log", { params: { query: { ...query, ...(cursor ? { cursor } : {}) } } }));
  const pages = usePages<LogRow>(["audit-log", query], read);
  return (
    <Page
      title={t("log.title")}
      extra={
        <Export
          name="audit-log"
          read={read}
          columns={[
            ["no", (row) => row.no],
            ["at", (row) => row.at],
            ["action", (row) => row.action],
            ["subject", (row) => row.subject],
            ["person_id", (row) => row.person_id],
            ["key", (row) => row.key],
            ["address", (row) => row.address],
            ["before", (row) => (row.before ? JSON.stringify(row.before) : "")],
            ["after", (row) => (row.after ? JSON.stringify(row.after) : "")],
            ["hash", (row) => row.hash],
          ]}
        />
      }
    >
      <Section flush>
        <div className="filters">
          <Select
            aria-label={t("log.action")}
            value={filters.action || ""}
            style={{ minWidth: 180 }}
            showSearch={{ optionFilterProp: "label" }}
            onChange={(action) => setFilters({ action })}
            options={[{ value: "", label: t("log.allActions") }, ...ACTIONS.map((action) => ({ value: action, label: word("action", action) }))]}
          />
          <Input.Search key={`p${filters.person}`} aria-label={t("log.person")} placeholder={t("log.person")} defaultValue={filters.person} allowClear style={{ maxWidth: 180 }} onSearch={(person) => setFilters({ person: person.trim() })} />
          <Input.Search key={`s${filters.subject}`} aria-label={t("log.subject")} placeholder={t("log.subject")} defaultValue={filters.subject} allowClear style={{ maxWidth: 200 }} onSearch={(subject) => setFilters({ subject: subject.trim() })} />
          <DatePicker.RangePicker
            aria-label={t("overview.period")}
            allowEmpty={[true, true]}
            value={[filters.from ? dayjs(filters.from) : null, filters.to ? dayjs(filters.to) : null]}
            onChange={(days) => setFilters({ from: days?.[0]?.format("YYYY-MM-DD") ?? "", to: days?.[1]?.format("YYYY-MM-DD") ?? "" })}
          />
        </div>
        <List
          pages={pages}
          label={t("log.title")}
          id={(row) => String(row.no)}
          empty={t("log.none")}
          columns={[
            { title: t("log.at"), show: (row) => format.instant(row.at) },
            { title: t("log.action"), main: true, show: (row) => word("action", row.action) },
            { title: t("log.subject"), wrap: true, show: (row) => row.subject },
            { title: t("log.person"), show: (row) => row.person_id ?? "–" },
            { title: t("keys.prefix"), show: (row) => (row.key ? <code>{row.key}</code> : "–") },
            { title: t("log.address"), minor: true, show: (row) => row.address ?? "–" },
            { title: t("entry.hash"), minor: true, show: (row) => (row.hash ? <Short id={row.hash} /> : "–") },
            { title: t("do.title"), show: (row) => (row.before || row.after ? <Button size="small" onClick={() => setShown(row)}>{t("log.details")}</Button> : "–") },
          ]}
        />
      </Section>
      {shown && (
        <Dialog open title={`${word("action", shown.action)} · ${shown.subject}`} onClose={() => setShown(null)} width={760}>
          <Diff changes={changesOf(shown.before ?? {}, shown.after ?? {})} />
        </Dialog>
      )}
    </Page>
  );
}
