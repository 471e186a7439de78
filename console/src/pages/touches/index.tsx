// The touch log: what members were told, and why others were not.

import { DatePicker, Input, Select } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import { useNode } from "../../lib/nodes";
import { useFilters, usePages, useWord } from "../../lib/use";
import { Page, Section } from "../../ui/parts";
import { Export } from "../../ui/table";
import { Touches } from "./list";
import { useStrategyNames } from "./names";
import { readTouches } from "./read";
import { REASONS, STATES, type Touch } from "./touch";

export default function TouchLog() {
  const { t } = useTranslation();
  const word = useWord();
  const { name, choices, nodesOf } = useStrategyNames();
  const nodeName = useNode();
  const [filters, setFilters] = useFilters(["member", "strategy", "node", "state", "reason", "from", "to"]);
  const { member, strategy, node, state, reason, from, to } = filters;
  const query = {
    ...(member ? { member_id: member } : {}), ...(strategy ? { strategy } : {}), ...(node ? { node } : {}), ...(state ? { state } : {}), ...(reason ? { reason } : {}),
    ...(from ? { from } : {}), ...(to ? { to } : {}),
  };
  const read = (cursor: string | undefined) => readTouches(query, cursor);
  const pages = usePages<Touch>(["touches", query], read);
  // A strategy that is not in force any more keeps its place in the list.
  const known = choices.some((one) => one.value === strategy) || strategy === "" ? choices : [...choices, { value: strategy, label: strategy }];
  return (
    <Page
      title={t("touches.title")}
      extra={
        <Export
          name="touches"
          read={read}
          columns={[
            ["touch_id", (row) => row.touch_id], ["day", (row) => row.day], ["member_id", (row) => row.member_id], ["strategy", (row) => row.strategy],
            ["node", (row) => row.node], ["state", (row) => row.state], ["reason", (row) => row.reason], ["channel", (row) => row.channel],
            ["template", (row) => row.template], ["due_at", (row) => row.due_at], ["sent_at", (row) => row.sent_at], ["responded_at", (row) => row.responded_at],
          ]}
        />
      }
    >
      <p className="quiet">{t("touches.lead")}</p>
      <Section flush>
        <div className="filters">
          <Select
            aria-label={t("strategy.one")}
            value={strategy}
            style={{ minWidth: 180 }}
            showSearch={{ optionFilterProp: "label" }}
            onChange={(next) => setFilters({ strategy: next, node: "" })}
            options={[{ value: "", label: t("touches.allStrategies") }, ...known]}
          />
          {strategy && (
            <Select
              aria-label={t("results.node")}
              value={node}
              style={{ minWidth: 130 }}
              onChange={(next) => setFilters({ node: next })}
              options={[{ value: "", label: t("touches.allNodes") }, ...nodesOf(strategy, node).map((value) => ({ value, label: nodeName(Number(value)) }))]}
            />
          )}
          <Select
            aria-label={t("touches.state")}
            value={state}
            style={{ minWidth: 130 }}
            onChange={(next) => setFilters({ state: next, ...(next && next !== "suppressed" ? { reason: "" } : {}) })}
            options={[{ value: "", label: t("touches.allStates") }, ...STATES.map((value) => ({ value, label: word("touchState", value) }))]}
          />
          <Select
            aria-label={t("touches.reason")}
            value={reason}
            style={{ minWidth: 180 }}
            onChange={(next) => setFilters({ reason: next, ...(next ? { state: "suppressed" } : {}) })}
            options={[{ value: "", label: t("touches.allReasons") }, ...REASONS.map((value) => ({ value, label: word("touchReason", value) }))]}
          />
          <Input.Search key={`m${member}`} aria-label={t("members.member")} placeholder={t("members.member")} defaultValue={member} allowClear style={{ maxWidth: 200 }} onSearch={(next) => setFilters({ member: next.trim() })} />
          <DatePicker.RangePicker
            aria-label={t("touches.day")}
            allowEmpty={[true, true]}
            value={[from ? dayjs(from) : null, to ? dayjs(to) : null]}
            onChange={(days) => setFilters({ from: days?.[0]?.format("YYYY-MM-DD") ?? "", to: days?.[1]?.format("YYYY-MM-DD") ?? "" })}
          />
        </div>
        <Touches pages={pages} name={name} />
      </Section>
    </Page>
  );
}
