// An account at a vendor as a form, made of the description of the vendors. Secrets go in and never
// come out.

import { App, Checkbox, Form, Input, InputNumber, Select, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type FieldError, type Problem } from "../../api/client";
import { useChange, useWord } from "../../lib/use";
import { Dialog } from "../../ui/parts";
import { Minor } from "../../ui/minor";
import { ProblemNote } from "../../ui/problem";
import { Buttons } from "../member-actions";
import type { ChannelAccount } from "./account";
import { filled, goesElsewhere, VENDORS, type Field, type Settings } from "./vendors";

interface Values {
  id: string;
  vendor: string;
  settings?: Record<string, unknown>;
  secrets?: Record<string, unknown>;
  rank: number;
  per_second: number;
  burst: number;
  message_cost_minor: number;
}

interface Body {
  id: string;
  vendor: string;
  settings: Settings;
  secrets?: Settings;
  rank: number;
  per_second: number;
  burst: number;
  message_cost_minor: number;
}

export function AccountForm({ account, onClose }: { account: ChannelAccount | null; onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const { message } = App.useApp();
  const [form] = Form.useForm<Values>();
  const [anew, setAnew] = useState(false);
  const name = Form.useWatch("vendor", form) ?? account?.vendor;
  const settings = Form.useWatch("settings", form);
  const vendor = VENDORS.find((one) => one.name === name);
  const isOther = account !== null && account.vendor !== name;
  const isElsewhere = account !== null && !isOther && vendor !== undefined && settings !== undefined && goesElsewhere(account.settings, filled(vendor.settings, settings));
  const mustHave = account === null || isOther || isElsewhere;
  const takesSecrets = mustHave || anew;
  const change = useChange(
    ({ id, ...body }: Body, key) => ask<ChannelAccount>(api.PUT("/v1/channels/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } }, body: body as never })),
    () => {
      void message.success(t("channels.kept"));
      onClose();
    },
  );
  const shown = [
    "vendor", "rank", "per_second", "burst", "message_cost_minor",
    ...(vendor?.settings ?? []).map((field) => `settings/${field.name}`),
    ...(takesSecrets ? (vendor?.secrets ?? []).map((field) => `secrets/${field.name}`) : []),
  ];
  const placeOf = (error: FieldError) => error.pointer.replace(/^\//, "");
  const isShown = (error: FieldError) => shown.includes(placeOf(error));
  const place = (problem: Problem) => {
    const placed = problem.errors.filter(isShown);
    form.setFields(placed.map((error) => ({ name: placeOf(error).split("/") as never, errors: [error.detail] })));
    if (placed[0]) form.scrollToField(placeOf(placed[0]).split("/"), { focus: true });
  };
  const submit = ({ id, settings: given, secrets, ...rest }: Values) => {
    if (!vendor) return;
    const body = { ...rest, id, settings: filled(vendor.settings, given), ...(takesSecrets ? { secrets: filled(vendor.secrets, secrets) } : {}) };
    change.mutate(body, { onError: place });
  };
  const required = [{ required: true, message: t("form.required") }];
  const whole = (min: number, max: number) => <InputNumber min={min} max={max} precision={0} style={{ width: "100%" }} />;
  return (
    <Dialog open title={account ? t("channels.edit", { id: account.channel_id }) : t("channels.new")} onClose={onClose} width={640}>
      <Form
        form={form}
        name="channel"
        layout="vertical"
        initialValues={{ rank: 100, per_second: 20, burst: 20, message_cost_minor: 0, ...account, id: account?.channel_id }}
        onFinish={submit}
      >
        <p className="quiet">{account?.paused_because ? t("channels.formResumes") : t("channels.formLead")}</p>
        <ProblemNote problem={change.error} except={isShown} />
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item name="id" label={t("endpoints.id")} style={{ flex: "1 1 200px" }} rules={[{ required: true, pattern: /^[A-Za-z0-9._:@+=-]{1,64}$/, message: t("rules.nameRule") }]}>
            <Input disabled={account !== null} />
          </Form.Item>
          <Form.Item name="vendor" label={t("channels.vendor")} style={{ flex: "2 1 260px" }} rules={required}>
            <Select showSearch={{ optionFilterProp: "label" }} options={VENDORS.map(({ name: value, channel }) => ({ value, label: [word("vendor", value), channel && word("contactChannel", channel)].filter(Boolean).join(" · ") }))} />
          </Form.Item>
        </div>
        {vendor && <Fields key={vendor.name} group="settings" fields={vendor.settings} vendor={vendor.name} />}
        {vendor && (
          <fieldset className="lines part">
            <legend>{t("channels.secrets")}</legend>
            <p className="soft small">{t(mustHave ? (isElsewhere ? "channels.secretsElsewhere" : "channels.secretsNew") : "channels.secretsKept")}</p>
            {!mustHave && <Checkbox checked={anew} onChange={(event) => setAnew(event.target.checked)}>{t("channels.secretsAnew")}</Checkbox>}
            {takesSecrets && <Fields key={vendor.name} group="secrets" fields={vendor.secrets} vendor={vendor.name} />}
          </fieldset>
        )}
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item name="rank" label={t("channels.rank")} extra={t("channels.rankHint")} rules={required} style={{ flex: "1 1 150px" }}>{whole(0, 1_000)}</Form.Item>
          <Form.Item name="per_second" label={t("channels.perSecond")} rules={required} style={{ flex: "1 1 120px" }}>{whole(1, 10_000)}</Form.Item>
          <Form.Item name="burst" label={t("channels.burst")} rules={required} style={{ flex: "1 1 120px" }}>{whole(1, 10_000)}</Form.Item>
          <Form.Item name="message_cost_minor" label={t("channels.cost")} rules={required} style={{ flex: "1 1 120px" }}><Minor /></Form.Item>
        </div>
        <Buttons busy={change.isPending} onClose={onClose} label={t("do.save")} />
      </Form>
    </Dialog>
  );
}

function Fields({ group, fields, vendor }: { group: "settings" | "secrets"; fields: readonly Field[]; vendor: string }) {
  const { t, i18n } = useTranslation();
  const word = useWord();
  return (
    <div className="fields">
      {fields.map((field) => {
        const { name, label = name, optional, kind, otherwise } = field;
        const hints = [`${vendor}_${name}`, label].map((key) => `vendorHint.${key}`).filter((key) => i18n.exists(key));
        const hint = hints[0] ? String(t(hints[0] as never)) : undefined;
        return (
          <Form.Item
            key={name}
            name={[group, name]}
            label={optional ? t("channels.optional", { name: word("vendorField", label) }) : word("vendorField", label)}
            extra={hint}
            {...(kind === "switch" ? { valuePropName: "checked", initialValue: otherwise } : {})}
            rules={optional ? [] : [{ required: true, whitespace: kind !== "number", message: t("form.required") }]}
          >
            {control(field, group, word)}
          </Form.Item>
        );
      })}
    </div>
  );
}

function control({ kind, choices = [], words = "contactChannel", otherwise, optional }: Field, group: "settings" | "secrets", word: (group: string, value: string) => string) {
  const says = (value: string) => (words === "appState" ? word("appState", value) : word("contactChannel", value));
  const placeholder = typeof otherwise === "boolean" || otherwise === undefined ? undefined : String(otherwise);
  switch (kind) {
    case "switch":
      return <Switch />;
    case "number":
      return <InputNumber min={0} precision={0} {...(placeholder ? { placeholder } : {})} style={{ width: "100%" }} />;
    case "choice":
      return <Select allowClear={optional ?? false} {...(placeholder ? { placeholder: says(placeholder) } : {})} options={choices.map((value) => ({ value, label: says(value) }))} />;
    case "lines":
      return <Input.TextArea autoComplete="off" spellCheck={false} autoSize={{ minRows: 3, maxRows: 8 }} />;
    default:
      return group === "secrets" ? <Input.Password autoComplete="new-password" /> : <Input {...(placeholder ? { placeholder } : {})} autoComplete="off" />;
  }
}
