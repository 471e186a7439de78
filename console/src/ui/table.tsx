// A table for rows of a list. On a narrow screen each row becomes a card with its headings.

import { DownloadOutlined } from "@ant-design/icons";
import { App, Button, Empty, Modal, Skeleton } from "antd";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { asProblem, type Problem } from "../api/client";
import type { Page } from "../api/answers";
import { csv, download, type Cell } from "../lib/csv";
import { readOn, type Reading } from "../lib/read-on";
import type { Pages } from "../lib/use";
import { ProblemNote } from "./problem";

export interface Column<T> {
  title: string;
  show: (row: T) => ReactNode;
  /** Numbers stand at the right, so that their digits line up. */
  number?: boolean;
  /** Of the card on a narrow screen: the first line. */
  main?: boolean;
  wrap?: boolean;
  /** Left out of the card on a narrow screen. */
  minor?: boolean;
}

export function Table<T>({ rows, columns, id, label, onOpen, empty }: {
  rows: T[];
  columns: Column<T>[];
  id: (row: T) => string;
  label: string;
  onOpen?: (row: T) => void;
  empty?: ReactNode;
}) {
  const { t } = useTranslation();
  if (rows.length === 0) {
    return <Empty className="empty" image={Empty.PRESENTED_IMAGE_SIMPLE} description={empty ?? t("list.empty")} />;
  }
  const classes = (column: Column<T>) =>
    [column.number && "number", column.main && "main", column.wrap && "wrap", column.minor && "minor"].filter(Boolean).join(" ") || undefined;
  return (
    <div className={columns.length === 2 ? "table pair" : "table"} role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" className={classes(column)}>{column.title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={id(row)}
              className={onOpen ? "opens" : undefined}
              onClick={(event) => {
                // Links and buttons of a row do their own thing, and so does marking text.
                const target = event.target as HTMLElement;
                if (!target.closest("a, button, input") && !getSelection()?.toString()) onOpen?.(row);
              }}
            >
              {columns.map((column) => (
                <td key={column.title} data-label={column.title} className={classes(column)}>
                  {column.show(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A list of the API: its states, its rows, and what follows. */
export function List<T>({ pages, ...table }: { pages: Pages<T> } & Omit<Parameters<typeof Table<T>>[0], "rows">) {
  const { t } = useTranslation();
  if (pages.isPending) return <Skeleton active className="loading" title={false} paragraph={{ rows: 6 }} />;
  const problem = pages.error ? asProblem(pages.error) : null;
  if (problem && !pages.data) return <ProblemNote problem={problem} retry={() => void pages.refetch()} />;
  return (
    <>
      <Table rows={pages.data ?? []} {...table} />
      <ProblemNote problem={problem} retry={() => void pages.fetchNextPage()} />
      {pages.hasNextPage && (
        <div className="more">
          <Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{t("list.more")}</Button>
        </div>
      )}
    </>
  );
}

const MAX_EXPORTED = 50_000;

/** Reads a list to its end and saves it as a file. After a fault it can go on where it stopped. */
export function Export<T>({ name, read, columns }: {
  name: string;
  read: (cursor: string | undefined) => Promise<Page<T>>;
  columns: [string, (row: T) => Cell][];
}) {
  const { t } = useTranslation();
  const [count, setCount] = useState<number | null>(null);
  // Where a run stopped. It goes on with its own filters, whatever the page shows by then.
  const [stopped, setStopped] = useState<{ goOn: () => void; count: number; problem: Problem } | null>(null);
  const { message } = App.useApp();
  const run = async (from: Reading<T> | null) => {
    let so = from;
    setStopped(null);
    setCount(from?.items.length ?? 0);
    try {
      const { items, next } = await readOn(read, from, MAX_EXPORTED, (step) => {
        so = step;
        setCount(step.items.length);
      });
      if (next !== null) void message.warning(t("list.exportCut", { count: items.length }), 15);
      const rows = items.map((item) => columns.map(([, value]) => value(item)));
      download(`${name}-${new Date().toISOString().slice(0, 10)}.csv`, csv(columns.map(([title]) => title), rows));
    } catch (error) {
      setStopped({ goOn: () => void run(so), count: so?.items.length ?? 0, problem: asProblem(error) });
    }
    setCount(null);
  };
  return (
    <>
      <Button icon={<DownloadOutlined />} loading={count !== null} onClick={() => void run(null)}>
        {count ? t("list.exporting", { count }) : t("list.export")}
      </Button>
      {stopped && (
        <Modal
          open
          title={t("list.exportFailed")}
          okText={t("list.exportOn")}
          cancelText={t("do.cancel")}
          onOk={stopped.goOn}
          onCancel={() => setStopped(null)}
        >
          <ProblemNote problem={stopped.problem} />
          <p>{t("list.exportStopped", { count: stopped.count })}</p>
        </Modal>
      )}
    </>
  );
}
