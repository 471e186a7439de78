// One rule as a form: what it awards, its conditions as rows or in CEL, and what would come of it
// for a member, while it is edited.

import { DatePicker, Form, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Rule, Rulebook } from "../../api/answers";
import { Cel, ConditionsField } from "../../conditions/field";
import { useFields, type Fields } from "../../conditions/fields";
import type { Conditions } from "../../conditions/forms";
import { unfinished } from "../../conditions/tree";
import { drop, kept, useKept } from "../../lib/kept";
import { useWord } from "../../lib/use";
import { Dialog, Loading } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Buttons } from "../member-actions";
import { revived, ruleOf, valuesOf, type Values } from "./rule-values";
import { Try } from "./try";

const PERIODS = ["hour", "day", "month", "year", "lifetime"];

interface Props {
  rule: Rule | null;
  book: Rulebook;
  /** Where unsaved values are kept in the tab. */
  place: string;
  onKeep: (rule: Rule) => void;
  onClose: () => void;
}

export function RuleForm(props: Props) {
  const { t } = useTranslation();
  const { rule, onClose, place } = props;
  const fields = useFields();
  const close = () => {
    drop(place);
    onClose();
  };
  return (
    <Dialog open title={rule ? rule.id : t("ruleForm.new")} onClose={close} width={1180}>
      {fields.isReady ? <Edited {...props} fields={fields} onClose={close} /> : fields.error ? <ProblemNote problem={fields.error} /> : <Loading />}
    </Dialog>
  );
}

function Edited({ rule, book, place, onKeep, onClose, fields }: Props & { fields: Fields }) {
  const { t } = useTranslation();
  const word = useWord();
  const [form] = Form.useForm<Values>();
  const [initial] = useState(() => {
    const before = kept<{ rule: string | null; values: Values }>(place);
    return before && before.rule === (rule?.id ?? null) ? revived(before.values) : valuesOf(rule, fields.unit);
  });
  const values = Form.useWatch([], form) as Values | undefined;
  const [strict, setStrict] = useState(false);
  useKept(place, values?.conditions ? { rule: rule?.id ?? null, values } : null);
  const kind = values?.kind ?? initial.kind ?? "multiplier";
  const event = values?.event ?? initial.event ?? "purchase";
  const taken = (book.rules ?? []).map((one) => one.id).filter((id) => id !== rule?.id);
  const kinds = event === "purchase" ? ["multiplier", "fixed", "each", "rate"] : ["multiplier", "fixed"];
  const required = [{ required: true, message: t("form.required") }];
  const options = (group: string, names: string[]) => names.map((value) => ({ value, label: word(group, value) }));
  const choices = {
    "member.tier": (book.tiers?.levels ?? []).map((level) => level.id),
    "event.name": ["purchase", ...Object.keys(book.actions ?? {})],
  };
  return (
    <div className="rule-form">
      <Form
        form={form}
        name="rule"
        layout="vertical"
        initialValues={initial}
        onFinish={(done) => {
          drop(place);
          onKeep(ruleOf(rule, done, fields.unit));
        }}
        onFinishFailed={() => setStrict(true)}
      >
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item
            name="id"
            label={t("ruleForm.id")}
            style={{ flex: 1, minWidth: 160 }}
            rules={[
              { required: true, pattern: /^[a-z0-9_]{1,40}$/, message: t("ruleForm.idRule") },
              { validator: (_, value) => (taken.includes(value) ? Promise.reject(new Error(t("ruleForm.idTaken"))) : Promise.resolve()) },
            ]}
          >
            <Input disabled={rule !== null} />
          </Form.Item>
          <Form.Item name="event" label={t("try.what")} style={{ flex: 1, minWidth: 140 }}>
            <Select options={options("event", ["purchase", ...Object.keys(book.actions ?? {})])} />
          </Form.Item>
          {rule?.award.kind === "brackets" ? (
            <p className="quiet">{t("ruleForm.brackets")}</p>
          ) : (
            <>
              <Form.Item name="kind" label={t("ruleForm.award")} style={{ flex: 1, minWidth: 140 }}>
                <Select options={options("award", kinds)} />
              </Form.Item>
              <Form.Item name="amount" label={kind === "multiplier" ? t("ruleForm.times") : t("points")} style={{ flex: 1, minWidth: 100 }} rules={required}>
                <InputNumber style={{ width: "100%" }} min={kind === "multiplier" ? 1 : 0} precision={kind === "multiplier" || kind === "rate" ? undefined : 0} />
              </Form.Item>
            </>
          )}
        </div>
        <fieldset className="lines">
          <legend>{t("ruleForm.conditions")}</legend>
          <Form.Item
            name="conditions"
            rules={[{ validator: (_, value: Conditions) => (value.form === "rows" && unfinished(value.items).length > 0 ? Promise.reject(new Error(t("conditions.unfinished"))) : Promise.resolve()) }]}
            style={{ marginBottom: 0 }}
          >
            <InForm fields={fields} values={choices} strict={strict} empty={t("ruleForm.always")} />
          </Form.Item>
        </fieldset>
        {event === "purchase" && (
          <details style={{ margin: "12px 0" }} open={Boolean(rule?.lines)}>
            <summary>{t("ruleForm.lines")}</summary>
            <Form.Item name="lines" valuePropName="text" style={{ margin: "8px 0 0" }}><Cel label={t("ruleForm.lines")} scope="line" placeholder='line.category == "dairy"' /></Form.Item>
          </details>
        )}
        <div className="row" style={{ alignItems: "start", marginTop: 12 }}>
          <Form.Item name="period" label={t("ruleForm.period")} style={{ flex: 2, minWidth: 220 }}>
            <DatePicker.RangePicker allowEmpty={[true, true]} style={{ width: "100%" }} />
          </Form.Item>
          <Form.Item name="expiry" label={t("book.life")} style={{ flex: 1, minWidth: 140 }}>
            <Select allowClear placeholder={t("ruleForm.asEvent")} options={Object.keys(book.expiry).map((value) => ({ value, label: value }))} />
          </Form.Item>
          <Form.Item name="coupon" label={t("coupons.kind")} style={{ flex: 1, minWidth: 140 }}>
            <Select allowClear placeholder="–" options={Object.keys(book.coupons ?? {}).map((value) => ({ value, label: value }))} />
          </Form.Item>
        </div>
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item name="limit_times" label={t("ruleForm.limit")} style={{ flex: 1, minWidth: 110 }}><InputNumber min={1} precision={0} placeholder={t("rewards.unbounded")} style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="limit_per" label={t("ruleForm.per")} style={{ flex: 1, minWidth: 110 }}><Select options={options("per", PERIODS)} /></Form.Item>
          <Form.Item name="cap_points" label={t("ruleForm.cap")} style={{ flex: 1, minWidth: 110 }}><InputNumber min={1} precision={0} placeholder={t("rewards.unbounded")} style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="cap_per" label={t("ruleForm.per")} style={{ flex: 1, minWidth: 110 }}><Select options={options("per", PERIODS)} /></Form.Item>
        </div>
        <Buttons busy={false} onClose={onClose} label={t("ruleForm.keep")} />
      </Form>
      <aside aria-label={t("try.title")}>
        <Try target={{ rulebook: withRule(book, rule, values, fields) }} book={book} live />
      </aside>
    </div>
  );
}

/** The form gives the field its value and hears its changes. */
function InForm({ value, onChange, ...rest }: { value?: Conditions; onChange?: (value: Conditions) => void; fields: Fields; values: Record<string, string[]>; strict: boolean; empty: string }) {
  return value ? <ConditionsField value={value} onChange={(next) => onChange?.(next)} {...rest} /> : null;
}

/** The draft with the rule as it is typed; null while the rule is not whole. */
function withRule(book: Rulebook, rule: Rule | null, values: Values | undefined, fields: Fields): Rulebook | null {
  if (!values?.conditions || values.amount === undefined || values.amount === null) return null;
  if (values.conditions.form === "rows" && unfinished(values.conditions.items).length > 0) return null;
  const next = ruleOf(rule, { ...values, id: /^[a-z0-9_]{1,40}$/.test(values.id ?? "") ? values.id : "new_rule" }, fields.unit);
  const rules = book.rules ?? [];
  return { ...book, rules: rule ? rules.map((one) => (one.id === rule.id ? next : one)) : [...rules, next] };
}
