// Members by recency and frequency, as a heat map that is a table, and the eight groups.

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../../api/client";
import type { Rfm as RfmAnswer } from "../../api/answers";
import { useFormat, useWord } from "../../lib/use";
import { Facts, Loading, Page, Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Table } from "../../ui/table";

const SCORES = [1, 2, 3, 4, 5];

export function Rfm({ tabs }: { tabs: ReactNode }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const found = useQuery<RfmAnswer, Problem>({ queryKey: ["rfm"], queryFn: () => ask(api.GET("/v1/rfm", {})), retry: false });
  const isUncounted = found.error?.status === 404;
  const each = (spend: number, members: number) => (members > 0 ? format.money(Math.round(spend / members)) : "–");
  return (
    <Page title={t("rfm.title")}>
      {tabs}
      {isUncounted ? <Section><p className="soft">{t("rfm.none")}</p></Section> : <ProblemNote problem={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Loading rows={8} />}
      {found.data && (
        <>
          <Section title={t("rfm.map")} extra={<span className="soft small">{t("rfm.counted", { day: found.data.counted_on })}</span>}>
            <Heat cells={found.data.cells} />
            <Facts rows={[[t("rfm.without"), format.points(found.data.without_order)]]} />
          </Section>
          <Section flush title={t("rfm.groups")}>
            <Table
              label={t("rfm.groups")}
              rows={found.data.groups}
              id={(row) => row.group}
              columns={[
                { title: t("rfm.group"), main: true, show: (row) => word("rfmGroup", row.group) },
                { title: t("members.title"), number: true, show: (row) => format.points(row.members) },
                { title: t("rfm.spend"), number: true, show: (row) => format.money(row.spend_minor) },
                { title: t("rfm.average"), number: true, show: (row) => each(row.spend_minor, row.members) },
              ]}
            />
          </Section>
        </>
      )}
    </Page>
  );
}

function Heat({ cells }: { cells: RfmAnswer["cells"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const most = Math.max(1, ...cells.map((cell) => cell.members));
  const members = (r: number, f: number) => cells.find((cell) => cell.r === r && cell.f === f)?.members ?? 0;
  return (
    <div className="table" style={{ marginBottom: 12 }}>
      <table className="heat" aria-label={t("rfm.map")}>
        <thead>
          <tr><th scope="col">{t("rfm.axes")}</th>{SCORES.map((f) => <th scope="col" key={f}>F{f}</th>)}</tr>
        </thead>
        <tbody>
          {[...SCORES].reverse().map((r) => (
            <tr key={r}>
              <th scope="row">R{r}</th>
              {SCORES.map((f) => {
                const count = members(r, f);
                // White text from the tone on where it is easier to read than black.
                const share = Math.sqrt(count / most);
                return <td key={f} data-label={`F${f}`} style={{ background: `color-mix(in srgb, #174a96 ${Math.round(share * 100)}%, #f3f6fb)`, color: share > 0.55 ? "#fff" : "#1f2329" }}>{format.compact(count)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
