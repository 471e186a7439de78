// Puts the members of a file on a list: what the file means is shown first, then it is done.

import { Button, Select } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey, sendJson, type Problem } from "../../api/client";
import type { ListReport } from "../../api/answers";
import { useChange, useFormat, useWord } from "../../lib/use";
import { Dialog, Facts, LeaveButton, Loading, Mark } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Table } from "../../ui/table";

const CHARSETS = ["", "gbk", "big5"];

export function ListFile({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [file, setFile] = useState<File | null>(null);
  const [charset, setCharset] = useState("");
  const path = `/v1/segments/${encodeURIComponent(id)}/file`;
  const sent = (key: string) => ({ body: file, key, headers: { "content-type": charset ? `text/csv; charset=${charset}` : "text/csv" } });
  const add = useChange((_: { charset: string; name: string; size: number; at: number }, key) => sendJson<ListReport>("POST", path, sent(key)));
  const what = { charset, name: file?.name ?? "", size: file?.size ?? 0, at: file?.lastModified ?? 0 };
  const preview = useQuery<ListReport, Problem>({
    queryKey: ["list-file", id, what],
    queryFn: () => sendJson<ListReport>("POST", `${path}?dry_run=true`, sent(newKey())),
    // Once it is done, what it did is shown, and not what it would do again.
    enabled: file !== null && !add.data,
    retry: false,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const choose = (next: File | null, encoding: string) => {
    add.reset();
    setFile(next);
    setCharset(encoding);
  };
  const report = add.data ?? preview.data;
  return (
    <Dialog open title={t("listFile.title", { name })} onClose={onClose} width={640} done={add.data !== undefined}>
      <p className="quiet">{t("listFile.lead")}</p>
      <div className="row" style={{ marginBottom: 12 }}>
        <label className="file">
          <input className="unseen" type="file" aria-label={t("listFile.file")} accept=".csv,.txt,text/csv,text/plain" onChange={(event) => choose(event.target.files?.[0] ?? null, charset)} />
          <span aria-hidden>{t("listFile.choose")}</span>
        </label>
        {file && <strong>{file.name}</strong>}
        <Select
          aria-label={t("listFile.charset")}
          value={charset}
          style={{ minWidth: 170 }}
          onChange={(encoding) => choose(file, encoding)}
          options={CHARSETS.map((value) => ({ value, label: value ? value.toUpperCase() : t("listFile.utf8") }))}
        />
      </div>
      {preview.isFetching && !report && <Loading rows={2} />}
      <ProblemNote problem={add.error ?? preview.error} retry={() => void preview.refetch()} />
      {report && <Report report={report} done={Boolean(add.data)} />}
      <div className="row" style={{ justifyContent: "flex-end", marginTop: 12 }}>
        <LeaveButton onClose={onClose}>{add.data ? t("listFile.close") : t("do.cancel")}</LeaveButton>
        {!add.data && (
          <Button type="primary" disabled={!preview.data || preview.data.added === 0} loading={add.isPending} onClick={() => add.mutate(what)}>
            {t("listFile.add", { count: preview.data?.added ?? 0 })}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

function Report({ report, done }: { report: ListReport; done: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const { refused, duplicates } = report;
  const title = (of: { count: number; rows: unknown[] }) =>
    of.count > of.rows.length ? t("listFile.first", { shown: of.rows.length, count: of.count }) : null;
  return (
    <div className="report" aria-live="polite">
      {done && <p className="row" style={{ marginBottom: 8 }}><Mark tone="good">{t("listFile.done", { count: report.added })}</Mark></p>}
      <Facts
        rows={[
          [t("listFile.rows"), format.points(report.rows)],
          [t("listFile.found"), format.points(report.found)],
          [t("listFile.already"), format.points(report.already)],
          [t("listFile.duplicates"), format.points(duplicates.count)],
          [t("listFile.refused"), format.points(refused.count)],
        ]}
      />
      {refused.count > 0 && (
        <>
          <h3>{t("listFile.refused")} <span className="soft small">{title(refused)}</span></h3>
          <Table
            label={t("listFile.refused")}
            rows={refused.rows}
            id={(row) => String(row.line)}
            columns={[
              { title: t("listFile.line"), number: true, show: (row) => row.line },
              { title: t("members.member"), main: true, show: (row) => row.member_id || "–" },
              { title: t("form.reason"), wrap: true, show: (row) => (row.problem === "invalid-request" ? t("listFile.cut") : word("problem", row.problem)) },
            ]}
          />
        </>
      )}
      {duplicates.count > 0 && (
        <>
          <h3>{t("listFile.duplicates")} <span className="soft small">{title(duplicates)}</span></h3>
          <Table
            label={t("listFile.duplicates")}
            rows={duplicates.rows}
            id={(row) => String(row.line)}
            columns={[
              { title: t("listFile.line"), number: true, show: (row) => row.line },
              { title: t("members.member"), main: true, show: (row) => row.member_id },
              { title: t("listFile.firstLine"), number: true, show: (row) => row.first_line },
            ]}
          />
        </>
      )}
    </div>
  );
}
