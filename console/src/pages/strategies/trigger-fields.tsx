// The fields of a strategy's trigger: each kind has its own.

import { AutoComplete, Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useChoices } from "../../conditions/choices";
import { useWord } from "../../lib/use";
import { isAhead, TRIGGERS, type TriggerKind } from "./playbook";
import type { Known } from "./use-known";

const BEHAVIOURS = ["login", "view", "search", "add_to_cart", "favourite", "unfavourite", "share", "open", "ticket"];
const ENTRIES = ["earn", "redeem", "expire", "tier_change", "grant", "adjust", "coupon_redeem", "coupon_expire", "transfer", "exchange", "donate"];
const ATTRIBUTES = ["birthday"];
const grow = (basis: number) => ({ flex: `1 1 ${basis}px` });

export function TriggerFields({ kind, timing, several, known }: { kind: TriggerKind; timing: string; several: boolean; known: Known }) {
  const { t } = useTranslation();
  const word = useWord();
  const choices = useChoices({});
  const required = [{ required: true, message: t("form.required") }];
  const options = (group: string, names: string[]) => names.map((value) => ({ value, label: word(group, value) }));
  const plain = (names: string[]) => names.map((value) => ({ value, label: value }));
  const numbered = (field: string) => (choices(field, "number") ?? []).map(({ value, label }) => ({ value: Number(value), label }));
  const at = (name: string) => ["trigger", name];
  const isWithin = kind === "points_expiring" && timing === "within";
  return (
    <div className="row" style={{ alignItems: "start" }}>
      <Form.Item name={at("kind")} label={t("strategy.trigger")} style={grow(200)}>
        <Select options={options("trigger", TRIGGERS)} />
      </Form.Item>
      {kind === "date" && (
        <Form.Item name={at("attribute")} label={t("strategy.attribute")} rules={required} style={grow(140)}><AutoComplete options={options("attribute", ATTRIBUTES)} /></Form.Item>
      )}
      {kind === "points_expiring" && !several && (
        <Form.Item name={at("timing")} label={t("strategy.timing")} style={grow(180)}>
          <Select options={[{ value: "before", label: t("strategy.timingBefore") }, { value: "within", label: t("strategy.timingWithin") }]} />
        </Form.Item>
      )}
      {kind === "coupon_expiring" && (
        <Form.Item name={at("coupon")} label={t("coupons.kind")} style={grow(140)}><Select allowClear placeholder={t("strategy.any")} options={plain(known.coupons)} /></Form.Item>
      )}
      {isAhead(kind) && !several && (
        <Form.Item name={at("days")} label={t("strategy.days")} rules={required} style={grow(100)}><InputNumber min={isWithin ? 1 : 0} max={365} precision={0} style={{ width: "100%" }} /></Form.Item>
      )}
      {kind === "tier_changed" && (
        <>
          <Form.Item name={at("direction")} label={t("strategy.direction")} style={grow(140)}><Select allowClear placeholder={t("strategy.any")} options={options("direction", ["up", "down"])} /></Form.Item>
          <Form.Item name={at("to")} label={t("strategy.tiers")} style={grow(180)}><Select mode="multiple" showSearch={{ optionFilterProp: "label" }} placeholder={t("strategy.any")} options={plain(known.tiers)} /></Form.Item>
        </>
      )}
      {kind === "balance_changed" && (
        <Form.Item name={at("points_at_least")} label={t("strategy.pointsAtLeast")} style={grow(140)}><InputNumber min={1} precision={0} placeholder="1" style={{ width: "100%" }} /></Form.Item>
      )}
      {(kind === "entered_segment" || kind === "left_segment") && (
        <Form.Item name={at("segment")} label={t("strategy.segment")} rules={required} style={grow(200)}>
          <Select showSearch={{ optionFilterProp: "label" }} options={Object.entries(known.keptSegments).map(([value, label]) => ({ value, label }))} />
        </Form.Item>
      )}
      {(kind === "tag_added" || kind === "score") && (
        <Form.Item name={at("tag")} label={t("strategy.tag")} rules={required} style={grow(200)}><Select showSearch={{ optionFilterProp: "label" }} options={known.tags} /></Form.Item>
      )}
      {kind === "score" && (
        <Form.Item name={at("at_least")} label={t("strategy.atLeast")} rules={required} style={grow(100)}><InputNumber min={1} max={1000} precision={0} style={{ width: "100%" }} /></Form.Item>
      )}
      {kind === "behaviour" && (
        <>
          <Form.Item name={at("behaviour")} label={t("strategy.behaviour")} rules={required} style={grow(150)}><AutoComplete options={options("behaviour", BEHAVIOURS)} /></Form.Item>
          <Form.Item name={at("after_minutes")} label={t("strategy.afterMinutes")} style={grow(120)}><InputNumber min={0} max={43_200} precision={0} placeholder="0" style={{ width: "100%" }} /></Form.Item>
          <Form.Item name={at("unless")} label={t("strategy.unless")} style={grow(150)}><AutoComplete allowClear options={options("behaviour", BEHAVIOURS)} /></Form.Item>
          <Form.Item name={at("unless_entry")} label={t("strategy.unlessEntry")} style={grow(150)}><AutoComplete allowClear options={[{ value: "order", label: t("conversion.order") }, ...options("kind", ENTRIES)]} /></Form.Item>
        </>
      )}
      {kind === "entry" && (
        <Form.Item name={at("entry")} label={t("strategy.entry")} rules={required} style={grow(180)}><AutoComplete options={options("kind", ENTRIES)} /></Form.Item>
      )}
      {kind === "schedule" && (
        <>
          <Form.Item name={at("weekdays")} label={t("strategy.weekdays")} style={grow(180)}><Select mode="multiple" showSearch={{ optionFilterProp: "label" }} placeholder={t("strategy.any")} options={numbered("event.weekday")} /></Form.Item>
          <Form.Item name={at("month_days")} label={t("strategy.monthDays")} style={grow(140)}>
            <Select mode="multiple" showSearch={{ optionFilterProp: "label" }} placeholder={t("strategy.any")} options={Array.from({ length: 31 }, (_, day) => ({ value: day + 1, label: String(day + 1) }))} />
          </Form.Item>
          <Form.Item name={at("months")} label={t("strategy.months")} style={grow(160)}><Select mode="multiple" showSearch={{ optionFilterProp: "label" }} placeholder={t("strategy.any")} options={numbered("event.month")} /></Form.Item>
          <Form.Item name={at("at")} label={t("strategy.at")} rules={[{ pattern: TIME, message: t("strategy.timeRule") }]} style={grow(100)}><Input placeholder="10:00" /></Form.Item>
        </>
      )}
    </div>
  );
}

export const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
