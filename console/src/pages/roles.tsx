// Roles that the programme made itself: a part of what a built-in role may do, under a name of its own.

import { App, Button, Checkbox, Form, Input, Select } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../api/client";
import { ROLES, type OwnRole, type Page as Items, type Permission, type Role } from "../api/answers";
import { useRoleName } from "../lib/roles";
import { useChange, usePages, useWord } from "../lib/use";
import { Dialog, Loading, Mark, Page, Section } from "../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../ui/problem";
import { List } from "../ui/table";
import { Buttons } from "./member-actions";

const read = (cursor: string | undefined) => ask<Items<OwnRole>>(api.GET("/v1/roles", { params: { query: cursor ? { cursor } : {} } }));

export function Roles({ tabs }: { tabs: ReactNode }) {
  const { t } = useTranslation();
  const word = useWord();
  const roleName = useRoleName();
  const { message } = App.useApp();
  const [edited, setEdited] = useState<OwnRole | "new" | null>(null);
  const pages = usePages<OwnRole>(["own-roles", "pages"], read);
  const approve = useChange(
    ({ role_id: id, waiting_id: waiting }: OwnRole, key) =>
      ask(api.POST("/v1/roles/{id}/approve", { params: { path: { id }, header: { "Idempotency-Key": key } }, body: { waiting_id: waiting ?? "" } })),
    () => void message.success(t("inbox.approved")),
  );
  const remove = useChange(
    (id: string, key) => ask(api.DELETE("/v1/roles/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } } })),
    () => void message.success(t("roles.removed")),
  );
  return (
    <Page title={t("roles.title")} extra={<Button type="primary" onClick={() => setEdited("new")}>{t("roles.make")}</Button>}>
      {tabs}
      <p className="quiet">{t("roles.lead")}</p>
      <ProblemNote problem={approve.error ?? remove.error} />
      <Section flush>
        <List
          pages={pages}
          label={t("roles.title")}
          id={(row) => row.role_id}
          empty={t("roles.none")}
          columns={[
            { title: t("rewards.name"), main: true, show: (row) => <>{roleName(row.role_id)} <span className="soft small">{row.role_id}</span></> },
            { title: t("roles.base"), show: (row) => word("role", row.base) },
            {
              title: t("roles.permissions"),
              wrap: true,
              show: (row) => (
                <>
                  <span className="small">{row.permissions.join(", ")}</span>
                  {row.wanted && <div><Mark tone="warn">{t("keys.waits")}</Mark> <span className="small">{row.wanted.join(", ")} · {row.wanted_by}</span></div>}
                </>
              ),
            },
            {
              title: t("do.title"),
              show: (row) => (
                <span className="row">
                  {row.wanted && <Button size="small" type="primary" onClick={() => approve.mutate(row)}>{t("inbox.approve")}</Button>}
                  <Button size="small" onClick={() => setEdited(row)}>{t("do.edit")}</Button>
                  <Button size="small" danger onClick={() => remove.mutate(row.role_id)}>{t("roles.remove")}</Button>
                </span>
              ),
            },
          ]}
        />
      </Section>
      {edited && <Edit role={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
    </Page>
  );
}

interface Values {
  role_id: string;
  zh: string;
  en: string;
  base: Role;
  permissions: string[];
}

const FIELDS = ["role_id", "base", "permissions"];

function Edit({ role, onClose }: { role: OwnRole | null; onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const { message } = App.useApp();
  const [form] = Form.useForm<Values>();
  const base = Form.useWatch("base", form) ?? role?.base;
  const known = useQuery<Permission[], Problem>({
    queryKey: ["permissions"],
    queryFn: async () => (await ask<Items<Permission>>(api.GET("/v1/permissions"))).items,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const change = useChange(
    ({ role_id: id, ...body }: { role_id: string; names: { "zh-CN": string; en: string }; base: Role; permissions: string[] }, key) =>
      ask<OwnRole>(api.PUT("/v1/roles/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } }, body })),
    (kept) => {
      void message.success(kept.wanted ? t("keys.waits") : t("staff.kept"));
      onClose();
    },
  );
  const submit = ({ zh, en, ...rest }: Values) =>
    change.mutate({ ...rest, names: { "zh-CN": zh, en } }, { onError: (problem) => showFaults(form, problem, FIELDS) });
  const offered = (known.data ?? []).filter((one) => base && one.bases.includes(base));
  const required = [{ required: true, message: t("form.required") }];
  return (
    <Dialog open title={role ? t("do.edit") : t("roles.make")} onClose={onClose} width={680}>
      <Form
        form={form}
        layout="vertical"
        initialValues={role ? { ...role, zh: role.names["zh-CN"], en: role.names.en, permissions: role.wanted ?? role.permissions } : { permissions: [] }}
        onValuesChange={(changed: Partial<Values>) => {
          // What another base may not do is taken away.
          const next = changed.base;
          if (!next) return;
          const open = new Set((known.data ?? []).filter((one) => one.bases.includes(next)).map((one) => one.permission));
          form.setFieldValue("permissions", (form.getFieldValue("permissions") as string[]).filter((one) => open.has(one)));
        }}
        onFinish={submit}
      >
        <ProblemNote problem={change.error ?? known.error} except={(error) => FIELDS.includes(fieldOf(error))} />
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item name="role_id" label={t("roles.id")} rules={required} style={{ flex: "1 1 140px" }}><Input maxLength={64} disabled={role !== null} /></Form.Item>
          <Form.Item name="zh" label={t("roles.chinese")} rules={required} style={{ flex: "1 1 140px" }}><Input maxLength={100} /></Form.Item>
          <Form.Item name="en" label={t("roles.english")} rules={required} style={{ flex: "1 1 140px" }}><Input maxLength={100} /></Form.Item>
          <Form.Item name="base" label={t("roles.base")} rules={required} style={{ flex: "1 1 160px" }}>
            <Select disabled={role !== null} options={ROLES.filter((one) => one !== "job").map((value) => ({ value, label: word("role", value) }))} />
          </Form.Item>
        </div>
        {known.isPending && <Loading />}
        {base && (
          <Form.Item name="permissions" label={t("roles.permissions")} rules={[{ type: "array", min: 1, message: t("form.required") }]}>
            <Checkbox.Group style={{ display: "block" }}>
              {[...new Set(offered.map((one) => one.component))].map((component) => (
                <fieldset className="lines" key={component}>
                  <legend>{component}</legend>
                  {offered.filter((one) => one.component === component).map((one) => (
                    <div key={one.permission}>
                      <Checkbox value={one.permission}>
                        {one.permission.endsWith(":read") ? t("roles.read") : t("roles.write")}{" "}
                        <span className="soft small" lang="en">{one.routes.map((route) => route.summary).join(" · ")}</span>
                      </Checkbox>
                    </div>
                  ))}
                </fieldset>
              ))}
            </Checkbox.Group>
          </Form.Item>
        )}
        <Buttons busy={change.isPending} onClose={onClose} label={t("do.save")} />
      </Form>
    </Dialog>
  );
}
