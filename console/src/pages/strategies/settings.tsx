// What holds for all strategies: how often and when members get messages, which of them are left
// alone, and what counts as brought by a message.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Form, Input, InputNumber, Select } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { kept, useKept } from "../../lib/kept";
import { useWord } from "../../lib/use";
import { Facts, Section } from "../../ui/parts";
import { CHANNELS, type Playbook, type PlaybookFault } from "./playbook";
import { CONVERSIONS, followed, touched, valuesOf, withSettings, type Values } from "./settings-values";
import { TIME } from "./trigger-fields";

/** The settings in words. */
export function SettingsFacts({ document }: { document: Playbook }) {
  const { t } = useTranslation();
  const word = useWord();
  const { send_at, quiet, quiet_from, quiet_until, holdout_percent, click_days, delivery_days, conversions, caps } = valuesOf(document);
  const says = caps.map((cap) => [cap.channel ? word("contactChannel", cap.channel) : "", cap.purpose ? word("purpose", cap.purpose) : t("strategy.allMessages"), t("strategy.capOf", { count: cap.times, per: word("capPer", cap.per) })].filter(Boolean).join(" · "));
  return (
    <Section title={t("strategy.settings")}>
      <Facts
        rows={[
          [t("strategy.sendAt"), send_at],
          [t("strategy.quiet"), quiet ? `${quiet_from}–${quiet_until}` : t("strategy.never")],
          [t("strategy.programmeHoldout"), `${holdout_percent}%`],
          [t("strategy.caps"), says.length > 0 ? <>{says.map((one) => <div key={one}>{one}</div>)}</> : "–"],
          [t("strategy.attribution"), t("strategy.attributionOf", { click: click_days, delivery: delivery_days, what: conversions.map((one) => word("conversion", one)).join(", ") })],
        ]}
      />
    </Section>
  );
}

interface SettingsProps {
  document: Playbook;
  faults: PlaybookFault[];
  /** Where what was typed is kept over a reload. */
  place: string;
  onChange: (document: Playbook) => void;
  /** Told whether something was typed that is not in the document. */
  onTyped: (isTyped: boolean) => void;
}

export function SettingsForm({ document, faults, place, onChange, onTyped }: SettingsProps) {
  const { t } = useTranslation();
  const word = useWord();
  const [form] = Form.useForm<Values>();
  const current = valuesOf(document);
  const [before] = useState(() => kept<{ values: Values; base: Values }>(place));
  const [initial] = useState(before?.values ?? current);
  // What the fields showed before somebody typed.
  const [base, setBase] = useState(before?.base ?? current);
  const typed = Form.useWatch([], { form, preserve: true }) as Values | undefined;
  const values = { ...initial, ...typed };
  const isTyped = touched(values, current).length > 0;
  const state = JSON.stringify(current);
  useEffect(() => {
    const next = JSON.parse(state) as Values;
    form.setFieldsValue(followed({ ...initial, ...(form.getFieldsValue(true) as Values) }, base, next));
    setBase(next);
    // Only the document makes the fields follow, not each key that is typed.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [state, form]);
  useEffect(() => onTyped(isTyped), [isTyped, onTyped]);
  useKept(place, isTyped ? { values, base } : null);
  const quiet = Form.useWatch("quiet", form) ?? initial.quiet;
  const options = (group: string, names: readonly string[]) => names.map((value) => ({ value, label: word(group, value) }));
  const required = [{ required: true, message: t("form.required") }];
  const time = [{ required: true, pattern: TIME, message: t("strategy.timeRule") }];
  const own = faults.filter(({ pointer }) => !pointer.startsWith("/strategies/") && !pointer.startsWith("/segments/"));
  const grow = (basis: number) => ({ flex: `1 1 ${basis}px` });
  return (
    <Section title={t("strategy.settings")}>
      {own.map((fault) => <p key={fault.pointer + fault.detail} className="fault small"><code>{fault.pointer}</code> <span lang="en">{fault.detail}</span></p>)}
      <Form form={form} name="settings" layout="vertical" initialValues={initial} onFinish={(sent) => onChange(withSettings(document, { ...values, ...sent }))}>
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item name="send_at" label={t("strategy.sendAt")} extra={t("strategy.sendAtHint")} rules={time} style={grow(160)}><Input /></Form.Item>
          <Form.Item name="quiet" valuePropName="checked" label={t("strategy.quiet")} style={grow(140)}><Checkbox>{t("strategy.quietOn")}</Checkbox></Form.Item>
          {quiet && (
            <>
              <Form.Item name="quiet_from" label={t("staff.from")} rules={time} style={grow(90)}><Input /></Form.Item>
              <Form.Item name="quiet_until" label={t("staff.until")} rules={time} style={grow(90)}><Input /></Form.Item>
            </>
          )}
          <Form.Item name="holdout_percent" label={t("strategy.programmeHoldout")} extra={t("strategy.holdoutHint")} rules={required} style={grow(200)}><InputNumber min={0} max={50} precision={0} suffix="%" style={{ width: "100%" }} /></Form.Item>
        </div>
        <fieldset className="lines part">
          <legend>{t("strategy.caps")}</legend>
          <Form.List name="caps">
            {(items, { add, remove }) => (
              <>
                {items.length === 0 && <p className="soft">{t("strategy.noCaps")}</p>}
                {items.map((item, index) => (
                  <div key={item.key} className="row line" role="group" aria-label={t("strategy.cap", { number: index + 1 })}>
                    <Form.Item name={[item.name, "times"]} label={t("strategy.times")} rules={required}><InputNumber min={1} max={100} precision={0} style={{ width: "100%" }} /></Form.Item>
                    <Form.Item name={[item.name, "per"]} label={t("ruleForm.per")} rules={required} style={{ flex: "1 1 110px" }}><Select options={options("capPer", ["day", "week", "month"])} /></Form.Item>
                    <Form.Item name={[item.name, "purpose"]} label={t("view.purpose")} style={{ flex: "1 1 140px" }}><Select allowClear placeholder={t("strategy.any")} options={options("purpose", ["marketing", "service"])} /></Form.Item>
                    <Form.Item name={[item.name, "channel"]} label={t("try.channel")} style={{ flex: "1 1 140px" }}><Select allowClear placeholder={t("strategy.any")} options={options("contactChannel", CHANNELS)} /></Form.Item>
                    <Button type="text" danger icon={<DeleteOutlined />} aria-label={`${t("strategy.removeCap")}: ${index + 1}`} onClick={() => remove(item.name)} style={{ marginTop: 30 }} />
                  </div>
                ))}
                <Button size="small" icon={<PlusOutlined />} disabled={items.length >= 20} onClick={() => add({ times: 1, per: "day", purpose: "marketing" })}>{t("strategy.addCap")}</Button>
              </>
            )}
          </Form.List>
        </fieldset>
        <div className="row" style={{ alignItems: "start", marginTop: 12 }}>
          <Form.Item name="click_days" label={t("strategy.clickDays")} rules={required} style={grow(160)}><InputNumber min={0} max={30} precision={0} style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="delivery_days" label={t("strategy.deliveryDays")} rules={required} style={grow(160)}><InputNumber min={0} max={30} precision={0} style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="conversions" label={t("strategy.conversions")} style={grow(240)}><Select mode="multiple" options={options("conversion", CONVERSIONS)} /></Form.Item>
        </div>
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button disabled={!isTyped} onClick={() => form.setFieldsValue(current)}>{t("rules.undo")}</Button>
          <Button htmlType="submit" type="primary">{t("ruleForm.keep")}</Button>
        </div>
      </Form>
    </Section>
  );
}
