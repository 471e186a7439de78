// Finds members by id, phone or another name, and lists them.

import { DownloadOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useQuery } from "@tanstack/react-query";
import { api, ask, asProblem, send, type Problem } from "../api/client";
import type { MemberRow, Page as Items } from "../api/answers";
import { download } from "../lib/csv";
import { usePublished } from "../lib/published";
import { useFilters, useFormat, usePages, useWord } from "../lib/use";
import { Loading, Mark, Moved, Page, Section } from "../ui/parts";
import { ProblemNote } from "../ui/problem";
import { List, Table } from "../ui/table";

const KINDS = ["id", "phone", "email", "card", "order"] as const;

export default function Members() {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const [filters, setFilters] = useFilters(["by", "text", "tier", "attribute"]);
  const by = KINDS.includes(filters.by as "id") ? (filters.by as (typeof KINDS)[number]) : "id";
  const [typed, setTyped] = useState(filters.text);
  // Another search, as by a link or the way back, puts its text into the field.
  useEffect(() => setTyped(filters.text), [filters.text]);
  const programme = usePublished();
  const levels = programme.data?.rulebook.tiers?.levels ?? [];
  // A member who has reached no level has the first one, where that begins at 0.
  const lowest = levels[0]?.from === 0 ? levels[0].id : null;
  const query = {
    ...(filters.text && by === "id" ? { id: filters.text } : {}),
    ...(filters.text && by !== "id" && by !== "order" ? { alias: `${by}:${filters.text}` } : {}),
    ...(filters.tier ? { tier: filters.tier } : {}),
    ...(filters.attribute ? { attribute: filters.attribute } : {}),
  };
  const pages = usePages<MemberRow>(
    ["members", query],
    (cursor) => ask<Items<MemberRow>>(api.GET("/v1/members", { params: { query: { ...query, ...(cursor ? { cursor } : {}) } } })),
    by !== "order",
  );
  return (
    <Page title={t("members.title")} extra={by !== "order" && <ExportMembers query={query} />}>
      <Section flush>
        <div className="filters" role="search">
          <Select
            aria-label={t("members.by")}
            value={by}
            style={{ minWidth: 110 }}
            onChange={(choice) => setFilters({ by: choice === "id" ? "" : choice, text: typed.trim() })}
            options={KINDS.map((kind) => ({ value: kind, label: t(`members.kind.${kind}`) }))}
          />
          <Input.Search
            aria-label={t("members.search")}
            placeholder={t(`members.hint.${by}`)}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            allowClear
            enterButton
            style={{ maxWidth: 320 }}
            onSearch={(text) => setFilters({ text: text.trim() })}
          />
          {by !== "order" && (
            <>
              <Select
                aria-label={t("members.tier")}
                value={filters.tier || ""}
                style={{ minWidth: 120 }}
                onChange={(tier) => setFilters({ tier })}
                options={[{ value: "", label: t("members.allTiers") }, ...levels.map((level) => ({ value: level.id, label: level.id }))]}
              />
              <Input.Search
                key={filters.attribute}
                aria-label={t("members.attribute")}
                placeholder={t("members.attributeHint")}
                defaultValue={filters.attribute}
                allowClear
                style={{ maxWidth: 220 }}
                onSearch={(attribute) => setFilters({ attribute: attribute.trim() })}
              />
            </>
          )}
        </div>
        {by === "order" ? (
          <Orders reference={filters.text} />
        ) : (
          <List
            pages={pages}
            label={t("members.title")}
            id={(row) => row.member_id}
            onOpen={(row) => void navigate(`/members/${encodeURIComponent(row.member_id)}`)}
            empty={pages.hasNextPage ? t("list.emptySoFar") : filters.text || filters.tier || filters.attribute ? t("members.none") : t("members.noneYet")}
            columns={[
              {
                title: t("members.member"),
                main: true,
                show: (row) => (
                  <>
                    <Link to={`/members/${encodeURIComponent(row.member_id)}`}>{row.member_id}</Link>
                    {row.attributes.name && <span className="soft"> {row.attributes.name}</span>}
                    {row.closed && <> <Mark tone="bad">{t(`members.closed.${row.closed}`)}</Mark></>}
                  </>
                ),
              },
              { title: t("members.tier"), show: (row) => (row.tier ?? lowest ? <Mark tone="info">{row.tier ?? lowest}</Mark> : "–") },
              { title: t("members.tierUntil"), minor: true, show: (row) => format.lastDay(row.tier_until) },
              { title: t("members.balance"), number: true, show: (row) => format.points(row.ledger_balance) },
              { title: t("members.debt"), number: true, minor: true, show: (row) => (row.debt > 0 ? format.points(row.debt) : "–") },
              { title: t("members.joined"), minor: true, show: (row) => format.day(row.joined_at) },
              { title: t("members.names"), wrap: true, show: (row) => row.aliases.filter((name) => !name.startsWith("id:")).join(" · ") || "–" },
            ]}
          />
        )}
      </Section>
    </Page>
  );
}

interface OrderRow {
  member_id: string;
  store_id: string | null;
  state: string;
  entry: { entry_id: string; kind: string; points: number; occurred_at: string };
}

function Orders({ reference }: { reference: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const orders = useQuery<Items<OrderRow>, Problem>({
    queryKey: ["orders", reference],
    queryFn: () => ask(api.GET("/v1/orders", { params: { query: { reference } } })),
    enabled: reference !== "",
  });
  if (reference === "") return <p className="soft" style={{ paddingBottom: 14 }}>{t("members.typeOrder")}</p>;
  if (orders.error) return <ProblemNote problem={orders.error} retry={() => void orders.refetch()} />;
  if (orders.isPending) return <Loading rows={3} />;
  return (
    <Table
      label={t("members.orders")}
      rows={orders.data.items}
      id={(row) => row.entry.entry_id}
      empty={t("members.noOrder")}
      columns={[
        { title: t("members.member"), main: true, show: (row) => <Link to={`/members/${encodeURIComponent(row.member_id)}`}>{row.member_id}</Link> },
        { title: t("entry.kind"), show: (row) => word("kind", row.entry.kind) },
        { title: t("members.state"), show: (row) => word("orderState", row.state) },
        { title: t("entry.store"), show: (row) => row.store_id ?? "–" },
        { title: t("points"), number: true, show: (row) => <Moved points={row.entry.points} /> },
        { title: t("entry.occurred"), show: (row) => format.instant(row.entry.occurred_at) },
      ]}
    />
  );
}

/** The server writes the file, in pages; they are put together here. */
function ExportMembers({ query }: { query: Record<string, string> }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const run = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const parts: string[] = [];
      let cursor: string | null = null;
      do {
        const search = new URLSearchParams({ ...query, format: "csv", limit: "5000", ...(cursor ? { cursor } : {}) });
        const answer: Response = await send("GET", `/v1/members?${search}`);
        parts.push(await answer.text());
        cursor = answer.headers.get("next-cursor");
      } while (cursor);
      download(`members-${new Date().toISOString().slice(0, 10)}.csv`, parts.join(""));
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return (
    <>
      <Button icon={<DownloadOutlined />} loading={busy} onClick={() => void run()}>{t("list.export")}</Button>
      <ProblemNote problem={problem} />
    </>
  );
}
