// One strategy as a form: for whom, when, what is done, and what is sent.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { AutoComplete, Button, Checkbox, DatePicker, Form, Input, InputNumber, Select } from "antd";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ConditionsField } from "../../conditions/field";
import { useFields, type Fields } from "../../conditions/fields";
import type { Conditions } from "../../conditions/forms";
import { unfinished } from "../../conditions/tree";
import { drop, kept, useKept } from "../../lib/kept";
import { useWord } from "../../lib/use";
import { Minor } from "../../ui/minor";
import { Dialog, Loading } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { GROUPS } from "../customers/definition";
import { Buttons } from "../member-actions";
import { KnownNote } from "./known-note";
import { CHANNELS, isAhead, MAX_STEPS, STOPS, type PlaybookFault, type Strategy } from "./playbook";
import { revived, strategyOf, valuesOf, type Values } from "./strategy-values";
import { TriggerFields } from "./trigger-fields";
import type { Known, KnownTemplate } from "./use-known";

/** By the id, the purpose or a channel. */
const TASK_ROLES = ["service", "marketing", "approver", "department_head", "vice_president"];
const SEARCH = { filterOption: (text: string, option: KnownTemplate | undefined) => option?.label.toLowerCase().includes(text.toLowerCase()) ?? false };

export const PARTS = ["name", "segment", "trigger", "condition", "action", "message", "more"] as const;
export type Part = (typeof PARTS)[number];

/** The part of the form that shows a place of the strategy. */
export function partOf(pointer: string): Part {
  const first = pointer.split("/")[1] ?? "";
  if (first === "segment" || first === "trigger" || first === "action") return first;
  if (first === "when" || first === "conditions") return "condition";
  if (first === "send" || first === "sequence") return "message";
  return first === "id" || first === "name" || first === "" ? "name" : "more";
}

interface Props {
  strategy: Strategy | null;
  /** The ids of all strategies of the draft. */
  taken: string[];
  known: Known;
  faults: PlaybookFault[];
  /** What is looked at first. */
  part: Part;
  /** Where unsaved values are kept in the tab. */
  place: string;
  onKeep: (strategy: Strategy) => void;
  onClose: () => void;
}

export function StrategyForm(props: Props) {
  const { t } = useTranslation();
  const fields = useFields("member");
  const { strategy, place, onClose } = props;
  const close = () => {
    drop(place);
    onClose();
  };
  return (
    <Dialog open title={strategy ? strategy.id : t("strategy.new")} onClose={close} width={960}>
      {fields.isReady ? <Edited {...props} fields={fields} onClose={close} /> : fields.error ? <ProblemNote problem={fields.error} /> : <Loading />}
    </Dialog>
  );
}

function Edited({ strategy, taken, known, faults, part, place, onKeep, onClose, fields }: Props & { fields: Fields }) {
  const { t } = useTranslation();
  const word = useWord();
  const [form] = Form.useForm<Values>();
  const [strict, setStrict] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const [initial] = useState(() => {
    const before = kept<{ id: string | null; values: Values }>(place);
    return before && before.id === (strategy?.id ?? null) ? revived(before.values) : valuesOf(strategy, fields.unit);
  });
  const values = Form.useWatch([], { form, preserve: true }) as Values | undefined;
  useKept(place, values?.condition ? { id: strategy?.id ?? null, values } : null);
  useEffect(() => {
    const later = setTimeout(() => {
      const found = root.current?.querySelector<HTMLElement>(`[data-part="${part}"]`);
      found?.scrollIntoView({ block: "nearest" });
      found?.querySelector<HTMLElement>("input:not([disabled]), textarea, button")?.focus();
    }, 250);
    return () => clearTimeout(later);
  }, [part]);
  const now = { ...initial, ...values };
  const kind = now.trigger?.kind ?? initial.trigger.kind;
  const several = now.several ?? false;
  const others = taken.filter((id) => id !== strategy?.id);
  const required = [{ required: true, message: t("form.required") }];
  const options = (group: string, names: readonly string[]) => names.map((value) => ({ value, label: word(group, value) }));
  const told = (of: Part) => faults.filter((fault) => partOf(fault.pointer) === of);
  const modes = options("sendMode", ["all", "first_possible"]);
  const channels = options("contactChannel", CHANNELS);
  const grow = (basis: number) => ({ flex: `1 1 ${basis}px` });
  return (
    <div ref={root}>
      <KnownNote known={known} />
      <Form
        form={form}
        name="strategy"
        layout="vertical"
        initialValues={initial}
        onFinish={() => {
          drop(place);
          onKeep(strategyOf(strategy, { ...initial, ...(form.getFieldsValue(true) as Values) }, fields.unit));
        }}
        onFinishFailed={() => setStrict(true)}
      >
        <PartOf part="name" title={t("strategy.name")} faults={told("name")}>
          <div className="row" style={{ alignItems: "start" }}>
            <Form.Item
              name="id"
              label={t("strategy.id")}
              style={grow(160)}
              rules={[
                { required: true, pattern: /^[a-z0-9_]{1,40}$/, message: t("ruleForm.idRule") },
                { validator: (_, value) => (others.includes(value) ? Promise.reject(new Error(t("strategy.idTaken"))) : Promise.resolve()) },
              ]}
            >
              <Input disabled={strategy !== null} />
            </Form.Item>
            <Form.Item name={["name", "zh-CN"]} label={t("tags.chineseName")} style={grow(180)}><Input maxLength={40} /></Form.Item>
            <Form.Item name={["name", "en"]} label={t("tags.englishName")} style={grow(180)}><Input maxLength={60} /></Form.Item>
          </div>
        </PartOf>
        <PartOf part="segment" title={t("strategy.segment")} faults={told("segment")}>
          <Form.Item name="segment" label={t("strategy.forWhom")}>
            <Select allowClear showSearch={{ optionFilterProp: "label" }} placeholder={t("strategy.everybody")} options={known.segments} />
          </Form.Item>
        </PartOf>
        <PartOf part="trigger" title={t("strategy.trigger")} faults={told("trigger")}>
          <TriggerFields kind={kind} timing={now.trigger?.timing ?? "before"} several={several} known={known} />
        </PartOf>
        <PartOf part="condition" title={t("strategy.condition")} faults={told("condition")}>
          <Form.Item
            name="condition"
            style={{ marginBottom: 0 }}
            rules={[{ validator: (_, value: Conditions) => (value.form === "rows" && unfinished(value.items).length > 0 ? Promise.reject(new Error(t("conditions.unfinished"))) : Promise.resolve()) }]}
          >
            <InForm fields={fields} tiers={known.tiers} strict={strict} />
          </Form.Item>
        </PartOf>
        <PartOf part="action" title={t("strategy.action")} faults={told("action")}>
          <Form.Item name="recommends" valuePropName="checked" style={{ marginBottom: 4 }}><Checkbox>{t("strategy.recommend")}</Checkbox></Form.Item>
          {now.recommends && (
            <div className="row" style={{ alignItems: "start" }}>
              <Form.Item name={["recommend", "from"]} label={t("strategy.from")} extra={t("strategy.fromHint")} rules={required} style={grow(240)}>
                <Select mode="tags" options={options("recommendFrom", ["viewed", "favourited", "popular"])} />
              </Form.Item>
              <Form.Item name={["recommend", "count"]} label={t("strategy.count")} style={grow(80)}><InputNumber min={1} max={10} precision={0} style={{ width: "100%" }} /></Form.Item>
              <Form.Item name={["recommend", "points_at_least"]} label={t("strategy.atLeastPoints")} style={grow(110)}><InputNumber min={0} precision={0} style={{ width: "100%" }} /></Form.Item>
              <Form.Item name={["recommend", "points_at_most"]} label={t("strategy.atMostPoints")} style={grow(110)}><InputNumber min={0} precision={0} style={{ width: "100%" }} /></Form.Item>
              <Form.Item name={["recommend", "with_cash"]} valuePropName="checked" label={t("strategy.cash")}><Checkbox>{t("strategy.withCash")}</Checkbox></Form.Item>
            </div>
          )}
          <div className="row" style={{ alignItems: "start" }}>
            <Form.Item name="grant" label={t("strategy.grant")} style={grow(200)}><Grant known={known} /></Form.Item>
            <Form.Item name="set_tag" label={t("strategy.setTag")} style={grow(200)}><Select allowClear showSearch={{ optionFilterProp: "label" }} placeholder="–" options={known.tags} /></Form.Item>
            <Form.Item name={["attribute", "name"]} label={t("strategy.attribute")} style={grow(120)}><Input maxLength={64} /></Form.Item>
            <Form.Item name={["attribute", "value"]} label={t("strategy.value")} style={grow(120)}><Input maxLength={256} /></Form.Item>
          </div>
          <div className="row" style={{ alignItems: "start" }}>
            <Form.Item name={["task", "to"]} label={t("strategy.task")} style={grow(160)}><Select allowClear placeholder="–" options={options("taskTo", ["store", "manager", "role", "person", "software"])} /></Form.Item>
            {now.task?.to === "role" && (
              <Form.Item name={["task", "name"]} label={t("strategy.taskRole")} rules={required} style={grow(140)}><Select options={options("role", TASK_ROLES)} /></Form.Item>
            )}
            {now.task?.to === "person" && (
              <Form.Item name={["task", "name"]} label={t("strategy.taskPerson")} rules={required} style={grow(140)}><Input maxLength={64} /></Form.Item>
            )}
            {now.task?.to && (
              <>
                <Form.Item name={["task", "text", "zh-CN"]} label={t("strategy.taskChinese")} style={grow(200)}><Input maxLength={200} /></Form.Item>
                <Form.Item name={["task", "text", "en"]} label={t("strategy.taskEnglish")} style={grow(200)}><Input maxLength={300} /></Form.Item>
                <Form.Item name={["task", "due_in_hours"]} label={t("strategy.taskHours")} style={grow(110)}><InputNumber min={1} max={720} precision={0} placeholder="72" style={{ width: "100%" }} /></Form.Item>
              </>
            )}
          </div>
        </PartOf>
        <PartOf part="message" title={t("strategy.message")} faults={told("message")}>
          <div className="row" style={{ alignItems: "start" }}>
            <Form.Item name="channels" label={t("strategy.channels")} extra={t("strategy.channelsHint")} style={grow(240)}><Select mode="multiple" showSearch={{ optionFilterProp: "label" }} options={channels} /></Form.Item>
            <Form.Item name="mode" label={t("strategy.mode")} style={grow(180)}><Select options={modes} /></Form.Item>
            <Form.Item name="template" label={t("strategy.template")} extra={<Template id={now.template} channels={now.channels} known={known} />} style={grow(240)}><AutoComplete options={known.templates} maxLength={64} showSearch={SEARCH} popupMatchSelectWidth={false} /></Form.Item>
          </div>
          <Form.Item name="several" valuePropName="checked" style={{ marginBottom: 8 }}><Checkbox>{t("strategy.several")}</Checkbox></Form.Item>
          {several && <Steps ahead={isAhead(kind)} modes={modes} channels={channels} templates={known.templates} />}
        </PartOf>
        <details open={part === "more" || told("more").length > 0}>
          <summary>{t("strategy.more")}</summary>
          <PartOf part="more" title={t("strategy.more")} faults={told("more")}>
            <div className="row" style={{ alignItems: "start" }}>
              <Form.Item name="stop_when" label={t("strategy.stopWhen")} style={grow(260)}><Select mode="multiple" showSearch={{ optionFilterProp: "label" }} placeholder="–" options={options("stop", STOPS)} /></Form.Item>
              <Form.Item name="period" label={t("ruleForm.period")} style={grow(240)}><DatePicker.RangePicker allowEmpty={[true, true]} style={{ width: "100%" }} /></Form.Item>
            </div>
            <div className="row" style={{ alignItems: "start" }}>
              <Form.Item name="priority" label={t("strategy.priority")} style={grow(90)}><InputNumber min={-1000} max={1000} precision={0} style={{ width: "100%" }} /></Form.Item>
              <Form.Item name="holdout_percent" label={t("strategy.holdout")} style={grow(120)}><InputNumber min={0} max={50} precision={0} style={{ width: "100%" }} /></Form.Item>
              <Form.Item name="spread_days" label={t("strategy.spread")} style={grow(120)}><InputNumber min={1} max={10} precision={0} style={{ width: "100%" }} /></Form.Item>
              <Form.Item name="wait_hours" label={t("strategy.wait")} style={grow(120)}><InputNumber min={1} max={168} precision={0} style={{ width: "100%" }} /></Form.Item>
              <Form.Item name="within_hours" label={t("strategy.sense")} style={grow(120)}><InputNumber min={1} max={720} precision={0} style={{ width: "100%" }} /></Form.Item>
            </div>
            <div className="row" style={{ alignItems: "start" }}>
              <Form.Item name={["budget", "messages"]} label={t("strategy.budgetMessages")} style={grow(120)}><InputNumber min={0} precision={0} placeholder={t("rewards.unbounded")} style={{ width: "100%" }} /></Form.Item>
              <Form.Item name={["budget", "cost_minor"]} label={t("strategy.budgetCost")} style={grow(120)}><Minor placeholder={t("rewards.unbounded")} /></Form.Item>
              <Form.Item name={["budget", "points"]} label={t("strategy.budgetPoints")} style={grow(120)}><InputNumber min={0} precision={0} placeholder={t("rewards.unbounded")} style={{ width: "100%" }} /></Form.Item>
              <Form.Item name={["budget", "per"]} label={t("ruleForm.per")} style={grow(120)}><Select options={options("per", ["hour", "day", "month", "year", "lifetime"])} /></Form.Item>
              <Form.Item name="owner" label={t("stores.department")} style={grow(140)}><Input maxLength={100} /></Form.Item>
            </div>
            <Form.Item name="first" valuePropName="checked"><Checkbox>{t("strategy.first")}</Checkbox></Form.Item>
          </PartOf>
        </details>
        <Buttons busy={false} onClose={onClose} label={t("ruleForm.keep")} />
      </Form>
    </div>
  );
}

function PartOf({ part, title, faults, children }: { part: Part; title: string; faults: PlaybookFault[]; children: ReactNode }) {
  return (
    <fieldset className="lines part" data-part={part}>
      <legend>{title}</legend>
      {faults.map((fault) => <p key={fault.pointer + fault.detail} className="fault small"><code>{fault.pointer}</code> <span lang="en">{fault.detail}</span></p>)}
      {children}
    </fieldset>
  );
}

/** What the chosen template is for, and the channels that it has no text for. */
function Template({ id, channels, known }: { id: string | undefined; channels: string[] | undefined; known: Known }) {
  const { t } = useTranslation();
  const word = useWord();
  const found = known.templates.find((one) => one.value === id?.trim() && one.channels !== null);
  if (!found) return null;
  const lacking = (channels ?? []).filter((one) => !found.channels?.includes(one));
  return (
    <>
      {found.label} <Link to={`/templates/${encodeURIComponent(found.value)}`}>{t("templates.show")}</Link>
      {lacking.length > 0 && <span className="fault small">{t("templates.channelsLacking", { channels: lacking.map((one) => word("contactChannel", one)).join(", ") })}</span>}
    </>
  );
}

interface Options {
  value: string;
  label: string;
}

/** The messages of a sequence, each on a day of its own. */
function Steps({ ahead, modes, channels, templates }: { ahead: boolean; modes: Options[]; channels: Options[]; templates: KnownTemplate[] }) {
  const { t } = useTranslation();
  return (
    <>
      <Form.List name="steps">
        {(items, { add, remove }) => (
          <>
            {items.map((item, index) => (
              <div key={item.key} className="row line" role="group" aria-label={t("strategy.step", { number: index + 1 })}>
                <Form.Item name={[item.name, "days"]} label={t(ahead ? "strategy.daysBefore" : "strategy.daysAfter")} rules={[{ required: true, message: t("form.required") }]}>
                  <InputNumber min={0} max={365} precision={0} style={{ width: "100%" }} />
                </Form.Item>
                <Form.Item name={[item.name, "channels"]} label={t("strategy.channels")} style={{ flex: "2 1 180px" }}><Select mode="multiple" showSearch={{ optionFilterProp: "label" }} placeholder={t("strategy.asAbove")} options={channels} /></Form.Item>
                <Form.Item name={[item.name, "mode"]} label={t("strategy.mode")} style={{ flex: "1 1 140px" }}><Select allowClear placeholder={t("strategy.asAbove")} options={modes} /></Form.Item>
                <Form.Item name={[item.name, "template"]} label={t("strategy.template")} style={{ flex: "1 1 140px" }}><AutoComplete placeholder={t("strategy.asAbove")} options={templates} maxLength={64} showSearch={SEARCH} popupMatchSelectWidth={false} /></Form.Item>
                <Button type="text" danger icon={<DeleteOutlined />} aria-label={`${t("strategy.removeStep")}: ${index + 1}`} onClick={() => remove(item.name)} style={{ marginTop: 30 }} />
              </div>
            ))}
            <Button size="small" icon={<PlusOutlined />} disabled={items.length >= MAX_STEPS} onClick={() => add({ channels: [] })} style={{ marginBottom: 10 }}>{t("strategy.addStep")}</Button>
          </>
        )}
      </Form.List>
      <div className="row" style={{ alignItems: "start" }}>
        <Form.Item name="skip" label={t("strategy.skip")} style={{ flex: "1 1 200px" }}><InputNumber min={1} max={720} precision={0} placeholder="–" style={{ width: "100%" }} /></Form.Item>
        <Form.Item name="settle" valuePropName="checked" label={t("strategy.report")} style={{ flex: "1 1 260px" }}><Checkbox>{t("strategy.settle")}</Checkbox></Form.Item>
      </div>
    </>
  );
}

/** Coupons and grants to choose from; one that is not there any more stays in words. */
function Grant({ known, value, onChange, id }: { known: Known; value?: string | null; onChange?: (value: string | undefined) => void; id?: string }) {
  const gone = value && !known.grants.some((one) => one.value === value) ? [{ value, label: value.slice(value.indexOf(":") + 1) }] : [];
  return <Select {...(id ? { id } : {})} allowClear placeholder="–" value={value ?? null} onChange={(next) => onChange?.(next ?? undefined)} options={[...known.grants, ...gone]} />;
}

/** The form gives the field its value and hears its changes. */
function InForm({ value, onChange, fields, tiers, strict }: { value?: Conditions; onChange?: (value: Conditions) => void; fields: Fields; tiers: string[]; strict: boolean }) {
  const { t } = useTranslation();
  if (!value) return null;
  return <ConditionsField value={value} onChange={(next) => onChange?.(next)} fields={fields} scope="member" values={{ "member.tier": tiers, "rfm.group": GROUPS }} strict={strict} empty={t("strategy.always")} />;
}
