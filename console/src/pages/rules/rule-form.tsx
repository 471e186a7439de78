// One rule as a form, with its conditions as rows.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, DatePicker, Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Rule, Rulebook } from "../../api/answers";
import { useFormat, useWord } from "../../lib/use";
import { Dialog } from "../../ui/parts";
import { Buttons } from "../member-actions";
import { FIELDS, ruleOf, valuesOf, type Values } from "./rule-values";

const OPERATORS = {
  text: ["is", "is_not", "one_of", "none_of", "starts_with", "contains"],
  number: ["is", "is_not", "at_least", "at_most", "above", "below", "one_of", "none_of"],
  money: ["at_least", "at_most", "above", "below"],
  list: ["contains"],
};

const PERIODS = ["hour", "day", "month", "year", "lifetime"];

export function RuleForm({ rule, book, onKeep, onClose }: { rule: Rule | null; book: Rulebook; onKeep: (rule: Rule) => void; onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const format = useFormat();
  const [form] = Form.useForm<Values>();
  const kind = Form.useWatch("kind", form) ?? rule?.award.kind ?? "multiplier";
  const event = Form.useWatch("event", form) ?? rule?.event ?? "purchase";
  const unit = 10 ** (new Intl.NumberFormat("en", { style: "currency", currency: format.currency }).resolvedOptions().maximumFractionDigits ?? 2);
  const taken = (book.rules ?? []).map((one) => one.id).filter((id) => id !== rule?.id);
  const kinds = event === "purchase" ? ["multiplier", "fixed", "each", "rate"] : ["multiplier", "fixed"];
  const required = [{ required: true, message: t("form.required") }];
  const options = (group: string, values: string[]) => values.map((value) => ({ value, label: word(group, value) }));
  return (
    <Dialog open title={rule ? rule.id : t("ruleForm.new")} onClose={onClose} width={720}>
      <Form form={form} layout="vertical" initialValues={valuesOf(rule, unit)} onFinish={(values) => onKeep(ruleOf(rule, values, unit))}>
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item
            name="id"
            label={t("ruleForm.id")}
            style={{ flex: 1, minWidth: 180 }}
            rules={[
              { required: true, pattern: /^[a-z0-9_]{1,40}$/, message: t("ruleForm.idRule") },
              { validator: (_, value) => (taken.includes(value) ? Promise.reject(new Error(t("ruleForm.idTaken"))) : Promise.resolve()) },
            ]}
          >
            <Input disabled={rule !== null} />
          </Form.Item>
          <Form.Item name="event" label={t("try.what")} style={{ flex: 1, minWidth: 180 }}>
            <Select options={options("event", ["purchase", ...Object.keys(book.actions ?? {})])} />
          </Form.Item>
        </div>
        {rule?.award.kind === "brackets" ? (
          <p className="quiet">{t("ruleForm.brackets")}</p>
        ) : (
          <div className="row" style={{ alignItems: "start" }}>
            <Form.Item name="kind" label={t("ruleForm.award")} style={{ flex: 1, minWidth: 180 }}>
              <Select options={options("award", kinds)} />
            </Form.Item>
            <Form.Item name="amount" label={kind === "multiplier" ? t("ruleForm.times") : t("points")} style={{ flex: 1, minWidth: 180 }} rules={required}>
              <InputNumber style={{ width: "100%" }} min={kind === "multiplier" ? 1 : 0} precision={kind === "multiplier" || kind === "rate" ? undefined : 0} />
            </Form.Item>
          </div>
        )}
        <fieldset className="lines">
          <legend>{t("ruleForm.conditions")}</legend>
          <Form.List name="conditions">
            {(rows, { add, remove, move }) => (
              <>
                {rows.length === 0 && <p className="soft">{t("ruleForm.always")}</p>}
                {rows.map((row, index) => (
                  <Row key={row.key} name={row.name} book={book} onRemove={() => remove(row.name)} onUp={index > 0 ? () => move(index, index - 1) : null} />
                ))}
                <Button icon={<PlusOutlined />} onClick={() => add({})}>{t("ruleForm.addCondition")}</Button>
              </>
            )}
          </Form.List>
        </fieldset>
        <details style={{ margin: "12px 0" }} open={Boolean(rule?.when || rule?.lines)}>
          <summary>{t("ruleForm.expert")}</summary>
          <Form.Item name="when" label={t("ruleForm.when")} style={{ marginTop: 8 }}><Input placeholder="event.weekday in [6, 7]" spellCheck={false} /></Form.Item>
          {event === "purchase" && <Form.Item name="lines" label={t("ruleForm.lines")}><Input placeholder='line.category == "dairy"' spellCheck={false} /></Form.Item>}
        </details>
        <div className="row" style={{ alignItems: "start" }}>
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
          <Form.Item name="limit_times" label={t("ruleForm.limit")} style={{ flex: 1, minWidth: 120 }}><InputNumber min={1} precision={0} placeholder={t("rewards.unbounded")} style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="limit_per" label={t("ruleForm.per")} style={{ flex: 1, minWidth: 120 }}><Select options={options("per", PERIODS)} /></Form.Item>
          <Form.Item name="cap_points" label={t("ruleForm.cap")} style={{ flex: 1, minWidth: 120 }}><InputNumber min={1} precision={0} placeholder={t("rewards.unbounded")} style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="cap_per" label={t("ruleForm.per")} style={{ flex: 1, minWidth: 120 }}><Select options={options("per", PERIODS)} /></Form.Item>
        </div>
        <Buttons busy={false} onClose={onClose} label={t("ruleForm.keep")} />
      </Form>
    </Dialog>
  );
}

function Row({ name, book, onRemove, onUp }: { name: number; book: Rulebook; onRemove: () => void; onUp: (() => void) | null }) {
  const { t } = useTranslation();
  const word = useWord();
  const form = Form.useFormInstance<Values>();
  const field: string | undefined = Form.useWatch(["conditions", name, "field"], form);
  const type = field ? FIELDS[field] ?? "text" : "text";
  const tiers = field === "member.tier" ? (book.tiers?.levels ?? []).map((level) => ({ value: level.id, label: level.id })) : [];
  const required = [{ required: true, message: t("form.required") }];
  return (
    <div className="row line">
      <Form.Item name={[name, "field"]} rules={required} style={{ flex: "2 1 150px" }}>
        <Select
          aria-label={t("ruleForm.field")}
          placeholder={t("ruleForm.field")}
          showSearch={{ optionFilterProp: "label" }}
          options={Object.keys(FIELDS).map((value) => ({ value, label: word("field", value.replace(".", "_")) }))}
          onChange={() => form.setFieldValue(["conditions", name, "operator"], undefined)}
        />
      </Form.Item>
      <Form.Item name={[name, "operator"]} rules={required} style={{ flex: "1 1 110px" }}>
        <Select aria-label={t("ruleForm.operator")} placeholder={t("ruleForm.operator")} options={OPERATORS[type].map((value) => ({ value, label: word("operator", value) }))} />
      </Form.Item>
      <Form.Item name={[name, "values"]} rules={required} style={{ flex: "2 1 150px" }}>
        <Select mode="tags" aria-label={t("ruleForm.value")} placeholder={t("ruleForm.value")} options={tiers} {...(tiers.length === 0 ? { open: false } : {})} tokenSeparators={[",", ","]} suffixIcon={null} />
      </Form.Item>
      {onUp && <Button type="text" aria-label={t("ruleForm.up")} onClick={onUp}>↑</Button>}
      <Button type="text" icon={<DeleteOutlined />} aria-label={t("ruleForm.removeCondition")} onClick={onRemove} />
    </div>
  );
}
