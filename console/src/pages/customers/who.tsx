// The members who have a tag, or are in a segment.

import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ask } from "../../api/client";
import type { MemberSet, Page as Items } from "../../api/answers";
import { useFormat, usePages } from "../../lib/use";
import { Dialog } from "../../ui/parts";
import { List } from "../../ui/table";
import type { Family } from "./sets";

export function Who({ family, id, name, onClose }: { family: Family; id: string; name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const pages = usePages<MemberSet & { member_id: string }>([family.name, id, "members"], (cursor) => ask<Items<MemberSet & { member_id: string }>>(family.members(id, cursor)));
  return (
    <Dialog open title={name} onClose={onClose} width={640}>
      <List
        pages={pages}
        label={t("members.title")}
        id={(row) => row.member_id}
        empty={pages.hasNextPage ? t("list.emptySoFar") : undefined}
        columns={[
          { title: t("members.member"), main: true, show: (row) => <Link to={`/members/${encodeURIComponent(row.member_id)}`}>{row.member_id}</Link> },
          { title: t("member.since"), show: (row) => format.day(row.since) },
          { title: t("entry.actor"), show: (row) => row.by ?? "–" },
        ]}
      />
    </Dialog>
  );
}
