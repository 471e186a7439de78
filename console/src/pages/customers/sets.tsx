// The list and the form of tags and of segments, which differ in little.

import { App, Button, Checkbox, Form, Input, InputNumber, Select } from "antd";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "../../api/client";
import type { Page as Items, SetDefinition } from "../../api/answers";
import { useFields, type Fields } from "../../conditions/fields";
import type { Conditions } from "../../conditions/forms";
import { useChange, useFormat, usePages, useWord } from "../../lib/use";
import { may, useSignedIn } from "../../session";
import { Dialog, Loading, Mark, Page, Section } from "../../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../../ui/problem";
import { Export, List } from "../../ui/table";
import { Buttons } from "../member-actions";
import { ListFile } from "./list-file";
import { Who } from "./who";
import { conditionBody, ConditionItem, initialCondition, NameFields, Reach, REFRESHES } from "./definition";

type Call = Parameters<typeof ask>[0];

/** What the page asks the API for. */
export interface Family {
  name: "tags" | "segments";
  id: (set: SetDefinition) => string;
  list: (cursor: string | undefined) => Call;
  members: (id: string, cursor: string | undefined) => Call;
  put: (id: string, body: object, key: string) => Call;
  refresh: (id: string, key: string) => Call;
  remove: (id: string, key: string) => Call;
  idRule: RegExp;
  kinds: string[];
  words: Record<"title" | "new" | "none" | "id" | "hint", "tags.title" | "tags.new" | "tags.none" | "tags.id" | "tags.idHint" | "segments.title" | "segments.new" | "segments.none" | "segments.id" | "segments.idHint">;
  /** The kinds that have a condition. */
  asking: string[];
}

export function Sets({ family, tabs }: { family: Family; tabs: ReactNode }) {
  const { t, i18n } = useTranslation();
  const word = useWord();
  const format = useFormat();
  const { message } = App.useApp();
  const signedIn = useSignedIn();
  const [edited, setEdited] = useState<SetDefinition | "new" | null>(null);
  const [removing, setRemoving] = useState<SetDefinition | null>(null);
  const read = (cursor: string | undefined) => ask<Items<SetDefinition>>(family.list(cursor));
  const pages = usePages<SetDefinition>([family.name], read);
  const refresh = useChange((id: string, key) => ask(family.refresh(id, key)), () => void message.success(t("tags.refreshed")));
  const [shown, setShown] = useState<SetDefinition | null>(null);
  const [filed, setFiled] = useState<SetDefinition | null>(null);
  const writes = may(signedIn, "marketing");
  const isTag = family.name === "tags";
  const isDesk = may(signedIn, "service", "marketing");
  const language = i18n.language === "zh-CN" ? "zh-CN" : "en";
  const members = (row: SetDefinition) => {
    const count = row.members === null ? "–" : format.points(row.members);
    if (!isDesk || row.members === 0) return count;
    return <Button type="link" size="small" aria-label={t("tags.who", { name: row.names[language], count })} onClick={() => setShown(row)}>{row.members === null ? t("view.show") : count}</Button>;
  };
  const depth = (set: SetDefinition) => (isTag ? family.id(set).split("/").length - 1 : 0);
  return (
    <Page
      title={t(family.words.title)}
      extra={
        <>
          <Export
            name={family.name}
            read={read}
            columns={[
              ["id", family.id],
              ["zh", (row) => row.names["zh-CN"]],
              ["en", (row) => row.names.en],
              ["kind", (row) => row.kind],
              ["refresh", (row) => row.refresh],
              ["members", (row) => row.members],
            ]}
          />
          {writes && <Button type="primary" onClick={() => setEdited("new")}>{t(family.words.new)}</Button>}
        </>
      }
    >
      {tabs}
      <ProblemNote problem={refresh.error} />
      <Section flush>
        <List
          pages={pages}
          label={t(family.words.title)}
          id={family.id}
          empty={t(family.words.none)}
          columns={[
            {
              title: t("rewards.name"),
              main: true,
              wrap: true,
              show: (row) => <span style={{ display: "block", paddingLeft: depth(row) * 18 }}>{row.names[language]} <span className="soft small">{family.id(row)}</span></span>,
            },
            { title: t("rewards.kind"), show: (row) => word("setKind", row.kind) },
            { title: t("tags.refresh"), show: (row) => (row.refresh ? word("refresh", row.refresh) : "–") },
            { title: t("members.title"), number: true, show: (row) => members(row) },
            { title: t("tags.evaluated"), minor: true, show: (row) => (row.is_evaluated ? row.evaluated_on ?? "–" : <Mark tone="warn">{t("tags.soon")}</Mark>) },
            { title: t("tags.use"), wrap: true, minor: true, show: (row) => row.use ?? "–" },
            ...(writes || (isDesk && !isTag)
              ? [{
                  title: t("do.title"),
                  show: (row: SetDefinition) => (
                    <span className="row">
                      {!isTag && row.kind === "static" && <Button size="small" onClick={() => setFiled(row)}>{t("listFile.open")}</Button>}
                      {writes && <Button size="small" onClick={() => setEdited(row)}>{t("do.edit")}</Button>}
                      {writes && family.asking.includes(row.kind) && row.kind !== "passive" && <Button size="small" onClick={() => refresh.mutate(family.id(row))}>{t("tags.refreshNow")}</Button>}
                      {writes && <Button size="small" danger onClick={() => setRemoving(row)}>{t("tags.remove")}</Button>}
                    </span>
                  ),
                }]
              : []),
          ]}
        />
      </Section>
      {shown && <Who family={family} id={family.id(shown)} name={shown.names[language]} onClose={() => setShown(null)} />}
      {filed && <ListFile id={family.id(filed)} name={filed.names[language]} onClose={() => setFiled(null)} />}
      {edited && <Edit family={family} set={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
      {removing && <Remove family={family} set={removing} name={removing.names[language]} onClose={() => setRemoving(null)} />}
    </Page>
  );
}

function Remove({ family, set, name, onClose }: { family: Family; set: SetDefinition; name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const change = useChange((id: string, key) => ask(family.remove(id, key)), onClose);
  return (
    <Dialog open title={t("tags.removeTitle", { name })} onClose={onClose}>
      <Form onFinish={() => change.mutate(family.id(set))}>
        <p className="quiet">{t("tags.removeLead")}</p>
        <ProblemNote problem={change.error} />
        <Buttons busy={change.isPending} onClose={onClose} danger label={t("tags.remove")} />
      </Form>
    </Dialog>
  );
}

interface Values {
  id: string;
  names: { "zh-CN": string; en: string };
  class?: string;
  kind: string;
  condition: Conditions;
  refresh?: string;
  use?: string;
  owner?: string;
  lives_days?: number | null;
  exclusive?: boolean;
}

const SHOWN = ["names", "class", "kind", "refresh", "use", "owner", "lives_days"];

function Edit(props: { family: Family; set: SetDefinition | null; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const fields = useFields("member");
  const { family, set, onClose } = props;
  const title = set ? set.names[i18n.language === "zh-CN" ? "zh-CN" : "en"] : t(family.words.new);
  return (
    <Dialog open title={title} onClose={onClose} width={1100}>
      {fields.isReady ? <EditForm {...props} fields={fields} /> : fields.error ? <ProblemNote problem={fields.error} /> : <Loading />}
    </Dialog>
  );
}

function EditForm({ family, set, onClose, fields }: { family: Family; set: SetDefinition | null; onClose: () => void; fields: Fields }) {
  const { t } = useTranslation();
  const word = useWord();
  const { message } = App.useApp();
  const [form] = Form.useForm<Values>();
  const [strict, setStrict] = useState(false);
  const [initial] = useState<Partial<Values>>(() => ({
    kind: family.asking[0] ?? "",
    refresh: "daily",
    ...(family.name === "tags" ? { class: "behaviour" } : {}),
    ...set,
    id: set ? family.id(set) : "",
    condition: initialCondition(set, fields),
  } as Partial<Values>));
  const values = Form.useWatch([], form) as Values | undefined;
  const kind = values?.kind ?? initial.kind ?? "";
  const asks = family.asking.includes(kind);
  const isTag = family.name === "tags";
  const change = useChange(
    ({ id, ...body }: { id: string }, key) => ask<SetDefinition>(family.put(id, body, key)),
    () => {
      void message.success(t("tags.kept"));
      onClose();
    },
  );
  const submit = ({ id, names, condition, ...rest }: Values) => {
    const body = {
      id,
      names,
      kind,
      ...(asks ? conditionBody(condition ?? initialCondition(set, fields), fields) : {}),
      ...(isTag ? { class: rest.class, exclusive: rest.exclusive ?? false } : {}),
      ...(isTag ? { refresh: asks ? rest.refresh : "manual" } : kind === "active" ? { refresh: rest.refresh } : {}),
      ...(rest.use?.trim() ? { use: rest.use.trim() } : {}),
      ...(isTag && rest.owner?.trim() ? { owner: rest.owner.trim() } : {}),
      ...(isTag && !asks && rest.lives_days ? { lives_days: rest.lives_days } : {}),
    };
    change.mutate(body, { onError: (problem) => showFaults(form, problem, SHOWN) });
  };
  const required = [{ required: true, message: t("form.required") }];
  const options = (group: string, names: string[]) => names.map((value) => ({ value, label: word(group, value) }));
  return (
    <div className={asks ? "rule-form" : undefined}>
      <Form form={form} name="set" layout="vertical" initialValues={initial} onFinish={submit} onFinishFailed={() => setStrict(true)}>
        <ProblemNote problem={change.error} except={(error) => SHOWN.includes(fieldOf(error))} />
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item name="id" label={t(family.words.id)} extra={t(family.words.hint)} rules={[{ required: true, pattern: family.idRule, message: t(family.words.hint) }]} style={{ flex: "1 1 200px" }}>
            <Input disabled={set !== null} />
          </Form.Item>
          <NameFields />
        </div>
        <div className="row" style={{ alignItems: "start" }}>
          {isTag && <Form.Item name="class" label={t("tags.class")} rules={required} style={{ flex: "1 1 140px" }}><Select options={options("tagClass", ["basic", "behaviour", "value"])} /></Form.Item>}
          <Form.Item name="kind" label={t("rewards.kind")} rules={required} style={{ flex: "1 1 140px" }}><Select options={options("setKind", family.kinds)} /></Form.Item>
          {(isTag ? asks : kind === "active") && <Form.Item name="refresh" label={t("tags.refresh")} rules={required} style={{ flex: "1 1 140px" }}><Select options={options("refresh", REFRESHES)} /></Form.Item>}
          {isTag && !asks && <Form.Item name="lives_days" label={t("tags.lives")} style={{ flex: "1 1 140px" }}><InputNumber min={1} max={3660} precision={0} placeholder={t("rewards.unbounded")} style={{ width: "100%" }} /></Form.Item>}
        </div>
        {asks && <ConditionItem fields={fields} strict={strict} />}
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item name="use" label={t("tags.use")} rules={isTag ? [{ required: true, whitespace: true, message: t("form.required") }] : []} style={{ flex: "2 1 220px" }}><Input maxLength={200} /></Form.Item>
          {isTag && <Form.Item name="owner" label={t("stores.department")} style={{ flex: "1 1 140px" }}><Input maxLength={100} /></Form.Item>}
        </div>
        {isTag && <Form.Item name="exclusive" valuePropName="checked"><Checkbox>{t("tags.exclusive")}</Checkbox></Form.Item>}
        <Buttons busy={change.isPending} onClose={onClose} label={t("do.save")} />
      </Form>
      {asks && <aside><Reach value={values?.condition} fields={fields} /></aside>}
    </div>
  );
}
