// Some of the members that a strategy would tell, of a rehearsal or a back-test.

import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNode } from "../../lib/nodes";
import { useFormat, useWord } from "../../lib/use";
import { Section } from "../../ui/parts";
import { Table } from "../../ui/table";
import type { Example } from "./rehearsed";

export function Examples({ examples, name }: { examples: (Example & { strategy: string })[]; name: (strategy: string) => string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const node = useNode();
  if (examples.length === 0) return null;
  return (
    <Section flush title={t("rehearsal.examples")}>
      <Table
        label={t("rehearsal.examples")}
        rows={examples}
        id={(row) => `${row.strategy} ${row.node} ${row.member_id} ${row.due_at}`}
        columns={[
          { title: t("members.member"), main: true, show: (row) => <Link to={`/members/${encodeURIComponent(row.member_id)}`}>{row.member_id}</Link> },
          { title: t("strategy.one"), wrap: true, show: (row) => <>{name(row.strategy)} <span className="soft small">{node(row.node)}</span></> },
          { title: t("touches.due"), show: (row) => format.instant(row.due_at) },
          { title: t("strategy.channels"), show: (row) => row.channels.map((one) => word("contactChannel", one)).join(", ") || "–" },
        ]}
      />
    </Section>
  );
}
