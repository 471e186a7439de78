// Holds a draft against a past period: what the books say, and what would have come of it under
// the published rulebook and under the draft.

import { Button, DatePicker, Form } from "antd";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Dayjs } from "dayjs";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, asProblem, newKey, type Problem } from "../../api/client";
import type { BackTest, Side, Sum } from "../../api/answers";
import { addDays } from "../../lib/format";
import { useChange, useFilters, useFormat, useWord } from "../../lib/use";
import { may, useSignedIn } from "../../session";
import { Bars } from "../../ui/bars";
import { Facts, Loading, Mark, Section } from "../../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../../ui/problem";
import { Table } from "../../ui/table";

const SIDES = ["recorded", "published", "draft"] as const;

export function BackTestOf({ draft }: { draft: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const signedIn = useSignedIn();
  const [filters, setFilters] = useFilters(["back-test"]);
  const [form] = Form.useForm<{ period: [Dayjs, Dayjs] }>();
  const begin = useChange(
    (body: { draft: string; from: string; to: string }, key) =>
      ask<BackTest>(api.POST("/v1/rulebook/back-tests", { params: { header: { "Idempotency-Key": key } }, body })),
    (test) => setFilters({ "back-test": test.back_test_id }),
  );
  const run = ({ period: [first, last] }: { period: [Dayjs, Dayjs] }) => {
    const end = Date.parse(format.midnight(addDays(last.format("YYYY-MM-DD"), 1)));
    const body = { draft, from: format.midnight(first.format("YYYY-MM-DD")), to: new Date(Math.min(end, Date.now())).toISOString() };
    begin.mutate(body, { onError: (problem) => showFaults(form, problem, ["period"]) });
  };
  return (
    <>
      {may(signedIn, "marketing") && (
        <Section title={t("rules.backTest")}>
          <p className="quiet">{t("backTest.lead")}</p>
          <ProblemNote problem={begin.error} except={(error) => fieldOf(error) === "period"} />
          <Form form={form} layout="inline" onFinish={run}>
            <Form.Item name="period" label={t("backTest.period")} rules={[{ required: true, message: t("form.required") }]}>
              <DatePicker.RangePicker allowClear={false} />
            </Form.Item>
            <Button type="primary" htmlType="submit" loading={begin.isPending}>{t("backTest.begin")}</Button>
          </Form>
        </Section>
      )}
      {filters["back-test"] && <Result id={filters["back-test"]} />}
    </>
  );
}

function Result({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const signedIn = useSignedIn();
  const queries = useQueryClient();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tries, setTries] = useState(0);
  const found = useQuery<BackTest, Problem>({
    queryKey: ["back-test", id],
    queryFn: () => ask(api.GET("/v1/rulebook/back-tests/{id}", { params: { path: { id } } })),
  });
  const goesOn = found.data?.done === false && may(signedIn, "marketing");
  // Each call repeats some thousand entries. Leaving the page stops it; coming back goes on.
  useEffect(() => {
    if (!goesOn) return undefined;
    let stopped = false;
    setProblem(null);
    const step = async () => {
      try {
        while (!stopped) {
          const params = { path: { id }, header: { "Idempotency-Key": newKey() } };
          const test = await ask<BackTest>(api.POST("/v1/rulebook/back-tests/{id}/continue", { params }));
          if (stopped) return;
          queries.setQueryData(["back-test", id], test);
          if (test.done) return;
        }
      } catch (error) {
        if (!stopped) setProblem(asProblem(error));
      }
    };
    void step();
    return () => {
      stopped = true;
    };
  }, [goesOn, id, queries, tries]);
  if (!found.data) return found.error ? <ProblemNote problem={found.error} retry={() => void found.refetch()} /> : <Loading />;
  const test = found.data;
  const names = SIDES.map((side) => word("side", side));
  const accounts = ["issued", "redeemed", "expired"] as const;
  const value = (side: Side, account: string) => Math.abs(Number(side.points[account] ?? 0));
  return (
    <>
      <Section title={t("backTest.of", { from: format.day(test.from), to: format.lastDay(test.to) })} extra={<Mark tone={test.done ? "good" : "warn"}>{test.done ? t("backTest.done") : t(problem ? "backTest.stopped" : "backTest.running")}</Mark>}>
        <ProblemNote problem={problem} retry={() => setTries(tries + 1)} />
        <Facts
          rows={[
            [t("backTest.members"), format.points(test.members)],
            [t("backTest.affected"), format.points(test.affected)],
            [t("backTest.entries"), format.points(test.entries)],
            test.left_out > 0 && [t("backTest.leftOut"), format.points(test.left_out)],
            test.not_applied && test.not_applied.draft.length > 0 && [t("backTest.notApplied"), test.not_applied.draft.join(", ")],
          ]}
        />
        {test.sides && (
          <Bars
            rows={accounts.map((account) => t(`overview.${account}`))}
            series={SIDES.map((side, index) => ({ name: names[index] ?? side, values: accounts.map((account) => (test.sides ? value(test.sides[side], account) : 0)) }))}
          />
        )}
      </Section>
      {test.sides && <Compared sides={test.sides} />}
    </>
  );
}

function Compared({ sides }: { sides: NonNullable<BackTest["sides"]> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const refusals = [...new Set(SIDES.flatMap((side) => Object.keys(sides[side].refused)))];
  const tiers = [...new Set(SIDES.flatMap((side) => sides[side].tiers.map((tier) => tier.tier ?? "")))];
  const rows: [string, (side: Side) => string][] = [
    ...(["issued", "redeemed", "expired"] as const).map((account): [string, (side: Side) => string] => [t(`overview.${account}`), (side) => format.signed(side.points[account] ?? 0)]),
    [t("overview.pool"), (side) => format.points(side.outstanding)],
    [t("backTest.worth"), (side) => money(side.outstanding_minor, format)],
    ...tiers.map((name): [string, (side: Side) => string] => [
      `${t("members.tier")}: ${name || "–"}`,
      (side) => t("backTest.inTier", { count: side.tiers.find((tier) => (tier.tier ?? "") === name)?.members ?? 0 }),
    ]),
    ...refusals.map((name): [string, (side: Side) => string] => [`${t("backTest.refused")}: ${word("problem", name)}`, (side) => format.points(side.refused[name] ?? 0)]),
  ];
  return (
    <Section flush title={t("backTest.compared")}>
      <Table
        label={t("backTest.compared")}
        rows={rows}
        id={([name]) => name}
        columns={[
          { title: t("backTest.figure"), main: true, show: ([name]) => name },
          ...SIDES.map((side) => ({ title: word("side", side), number: true, show: ([, show]: [string, (side: Side) => string]) => show(sides[side]) })),
        ]}
      />
    </Section>
  );
}

function money(sum: Sum | null, format: ReturnType<typeof useFormat>): string {
  return sum === null ? "–" : format.money(sum);
}
