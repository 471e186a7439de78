// A table for rows of a list. On a narrow screen each row becomes a card with its headings.

import { DownloadOutlined } from "@ant-design/icons";
import { App, Button, Empty, Skeleton } from "antd";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "../api/client";
import type { Page } from "../api/answers";
import { csv, download, type Cell } from "../lib/csv";
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

/** Reads a list to its end and saves it as a file. */
export function Export<T>({ name, read, columns }: {
  name: string;
  read: (cursor: string | undefined) => Promise<Page<T>>;
  columns: [string, (row: T) => Cell][];
}) {
  const { t } = useTranslation();
  const [count, setCount] = useState<number | null>(null);
  const [failed, setFailed] = useState(false);
  const { message } = App.useApp();
  const run = async () => {
    const rows: Cell[][] = [];
    let cursor: string | undefined;
    setFailed(false);
    setCount(0);
    try {
      do {
        const page: Page<T> = await read(cursor);
        rows.push(...page.items.map((item) => columns.map(([, value]) => value(item))));
        cursor = page.next ?? undefined;
        setCount(rows.length);
      } while (cursor !== undefined && rows.length < MAX_EXPORTED);
      if (cursor !== undefined) void message.warning(t("list.exportCut", { count: rows.length }), 15);
      download(`${name}-${new Date().toISOString().slice(0, 10)}.csv`, csv(columns.map(([title]) => title), rows));
    } catch {
      setFailed(true);
    }
    setCount(null);
  };
  return (
    <Button icon={<DownloadOutlined />} loading={count !== null} danger={failed} onClick={() => void run()}>
      {count ? t("list.exporting", { count }) : failed ? t("list.exportFailed") : t("list.export")}
    </Button>
  );
}
