// Persons who work here: what they may act as, where, and until when; invitations and sessions.

import { MinusCircleOutlined, PlusOutlined } from "@ant-design/icons";
import { App, Button, Form, Input, Select } from "antd";
import type { Dayjs } from "dayjs";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "../api/client";
import { ROLES, type Invited, type Page as Items, type Person, type PersonSession } from "../api/answers";
import { atZoneOrAsBefore, fromZone } from "../lib/dates";
import { useOwnRoles, useRoleName } from "../lib/roles";
import { SEPARATORS } from "../lib/separators";
import { useChange, useFilters, useFormat, usePages, useWord } from "../lib/use";
import { InstantPicker } from "../ui/instant";
import { Dialog, Mark, Page, Section, type Tone } from "../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../ui/problem";
import { Export, List } from "../ui/table";
import { Tabs } from "../ui/tabs";
import { Secret } from "./keys";
import { Buttons } from "./member-actions";
import { RoleText } from "./role-text";
import { Roles } from "./roles";

const read = (cursor: string | undefined) => ask<Items<Person>>(api.GET("/v1/staff", { params: { query: cursor ? { cursor } : {} } }));
const STATES: Record<Person["state"], Tone> = { active: "good", invited: "info", none: "plain", suspended: "bad" };

export default function Staff() {
  const { t } = useTranslation();
  const [{ tab }] = useFilters(["tab"]);
  const tabs = [{ key: "persons", label: t("staff.title") }, { key: "roles", label: t("roles.title") }];
  const active = tab === "roles" ? "roles" : "persons";
  const head = <Tabs tabs={tabs} active={active} />;
  return active === "roles" ? <Roles tabs={head} /> : <Persons tabs={head} />;
}

function Persons({ tabs }: { tabs: ReactNode }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const { message } = App.useApp();
  const [edited, setEdited] = useState<Person | "new" | null>(null);
  const [shown, setShown] = useState<Person | null>(null);
  const [link, setLink] = useState<Invited | null>(null);
  const pages = usePages<Person>(["staff"], read);
  const act = useChange(
    ({ id, what, waiting }: { id: string; what: "approve" | "suspend" | "restore" | "reset"; waiting?: string | null }, key) => {
      const params = { path: { id }, header: { "Idempotency-Key": key } };
      switch (what) {
        case "approve":
          return ask<Person | Invited>(api.POST("/v1/staff/{id}/approve", { params, body: { waiting_id: waiting ?? "" } }));
        case "suspend":
          return ask<Person | Invited>(api.POST("/v1/staff/{id}/suspend", { params }));
        case "restore":
          return ask<Person | Invited>(api.POST("/v1/staff/{id}/restore", { params }));
        case "reset":
          return ask<Person | Invited>(api.POST("/v1/staff/{id}/reset", { params }));
      }
    },
    (answer) => ("token" in answer ? setLink(answer) : void message.success(t("staff.kept"))),
  );
  return (
    <Page
      title={t("staff.title")}
      extra={
        <>
          <Export
            name="staff"
            read={read}
            columns={[
              ["person_id", (row) => row.person_id],
              ["name", (row) => row.name],
              ["state", (row) => row.state],
              ["has_code", (row) => row.has_code],
              ["roles", (row) => row.roles.map((role) => role.role).join(" ")],
            ]}
          />
          <Button type="primary" onClick={() => setEdited("new")}>{t("staff.invite")}</Button>
        </>
      }
    >
      {tabs}
      <ProblemNote problem={act.error} />
      <Section flush>
        <List
          pages={pages}
          label={t("staff.title")}
          id={(row) => row.person_id}
          empty={t("staff.none")}
          columns={[
            { title: t("keys.person"), main: true, show: (row) => <>{row.name} <span className="soft small">{row.person_id}</span></> },
            {
              title: t("members.state"),
              show: (row) => (
                <span className="row">
                  <Mark tone={STATES[row.state]}>{word("staffState", row.state)}</Mark>
                  {row.waits && <Mark tone="warn">{t("keys.waits")}</Mark>}
                </span>
              ),
            },
            {
              title: t("staff.roles"),
              wrap: true,
              show: (row) => row.roles.map((role, index) => <div key={index}><RoleText role={role} /></div>),
            },
            { title: t("staff.codes"), show: (row) => (row.has_code ? t("staff.yes") : "–") },
            { title: t("staff.invitedUntil"), minor: true, show: (row) => format.instant(row.invited_until) },
            {
              title: t("do.title"),
              show: (row) => (
                <span className="row">
                  {row.waits && <Button size="small" type="primary" onClick={() => act.mutate({ id: row.person_id, what: "approve", waiting: row.waiting_id })}>{t("inbox.approve")}</Button>}
                  <Button size="small" onClick={() => setEdited(row)}>{t("do.edit")}</Button>
                  <Button size="small" onClick={() => setShown(row)}>{t("staff.sessions")}</Button>
                  <Button size="small" onClick={() => act.mutate({ id: row.person_id, what: "reset" })}>{t("staff.reset")}</Button>
                  {row.state === "suspended"
                    ? <Button size="small" onClick={() => act.mutate({ id: row.person_id, what: "restore" })}>{t("staff.restore")}</Button>
                    : <Button size="small" danger onClick={() => act.mutate({ id: row.person_id, what: "suspend" })}>{t("staff.suspend")}</Button>}
                </span>
              ),
            },
          ]}
        />
      </Section>
      {edited && <Edit person={edited === "new" ? null : edited} onClose={() => setEdited(null)} onInvited={setLink} />}
      {shown && <Sessions person={shown} onClose={() => setShown(null)} />}
      {link && (
        <Secret
          title={t("staff.link")}
          text={`${location.origin}/console/#/invitation/${link.token}`}
          note={link.waits ? t("staff.linkWaits") : t("staff.linkOnce", { until: format.instant(link.expires_at) })}
          onClose={() => setLink(null)}
        />
      )}
    </Page>
  );
}

interface RoleValues {
  role: string;
  stores?: string[];
  regions?: string[];
  from?: Dayjs | null;
  until?: Dayjs | null;
}

interface Values {
  person_id: string;
  name: string;
  language: string;
  roles: RoleValues[];
}

const FIELDS = ["person_id", "name", "language"];

function Edit({ person, onClose, onInvited }: { person: Person | null; onClose: () => void; onInvited: (link: Invited) => void }) {
  const { t } = useTranslation();
  const roleName = useRoleName();
  const own = useOwnRoles();
  const choices = [...ROLES.filter((role) => role !== "job"), ...own.map((role) => role.role_id)];
  const format = useFormat();
  const { message } = App.useApp();
  const [form] = Form.useForm<Values>();
  const change = useChange(
    (body: { person_id: string; name: string; language: string; roles: object[] }, key) => {
      const header = { "Idempotency-Key": key };
      const { person_id: id, ...rest } = body;
      return person
        ? ask<Person | Invited>(api.PUT("/v1/staff/{id}", { params: { path: { id }, header }, body: rest as never }))
        : ask<Person | Invited>(api.POST("/v1/invitations", { params: { header }, body: body as never }));
    },
    (answer) => {
      if ("token" in answer) onInvited(answer);
      else void message.success(t("staff.kept"));
      onClose();
    },
  );
  const submit = (values: Values) => {
    // A grant that begins or ends a second off is a new one to the server, which has to be approved.
    const instant = (picked: Dayjs, role: string, end: "from" | "until") =>
      atZoneOrAsBefore(picked, (person?.roles ?? []).filter((one) => one.role === role).map((one) => one[end]), format.timeZone);
    const roles = values.roles.map(({ role, stores, regions, from, until }) => ({
      role,
      ...(stores?.length ? { stores } : {}),
      ...(regions?.length ? { regions } : {}),
      ...(from ? { from: instant(from, role, "from") } : {}),
      ...(until ? { until: instant(until, role, "until") } : {}),
    }));
    change.mutate({ ...values, roles }, { onError: (problem) => showFaults(form, problem, FIELDS) });
  };
  const required = [{ required: true, whitespace: true, message: t("form.required") }];
  return (
    <Dialog open title={person?.name ?? t("staff.invite")} onClose={onClose} width={680}>
      <Form
        form={form}
        layout="vertical"
        initialValues={{
          language: "zh-CN",
          ...person,
          roles: person
            ? person.roles.map((role) => ({ ...role, stores: role.stores ?? [], regions: role.regions ?? [], from: role.from ? fromZone(role.from, format.timeZone) : null, until: role.until ? fromZone(role.until, format.timeZone) : null }))
            : [{}],
        }}
        onFinish={submit}
      >
        <p className="quiet">{person ? t("staff.editLead") : t("staff.inviteLead")}</p>
        <ProblemNote problem={change.error} except={(error) => FIELDS.includes(fieldOf(error))} />
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item name="person_id" label={t("signIn.person")} rules={required} style={{ flex: "1 1 160px" }}><Input maxLength={100} disabled={person !== null} /></Form.Item>
          <Form.Item name="name" label={t("rewards.name")} rules={required} style={{ flex: "1 1 160px" }}><Input maxLength={100} /></Form.Item>
          <Form.Item name="language" label={t("staff.language")} style={{ flex: "1 1 110px" }}>
            <Select options={[{ value: "zh-CN", label: t("staff.chinese") }, { value: "en", label: t("staff.english") }]} />
          </Form.Item>
        </div>
        <Form.List name="roles">
          {(rows, { add, remove }) => (
            <>
              {rows.map((row) => (
                <fieldset className="lines" key={row.key} style={{ marginBottom: 10 }}>
                  <legend>{t("keys.role")}</legend>
                  <div className="row line">
                    <Form.Item name={[row.name, "role"]} rules={[{ required: true, message: t("form.required") }]} style={{ flex: "1 1 150px" }}>
                      <Select aria-label={t("keys.role")} placeholder={t("keys.role")} options={choices.map((value) => ({ value, label: roleName(value) }))} />
                    </Form.Item>
                    <Form.Item name={[row.name, "stores"]} style={{ flex: "1 1 150px" }}>
                      <Select mode="tags" aria-label={t("keys.stores")} placeholder={t("keys.allStores")} tokenSeparators={SEPARATORS} open={false} suffixIcon={null} />
                    </Form.Item>
                    <Form.Item name={[row.name, "regions"]} style={{ flex: "1 1 150px" }}>
                      <Select mode="tags" aria-label={t("staff.regions")} placeholder={t("staff.regions")} tokenSeparators={SEPARATORS} open={false} suffixIcon={null} />
                    </Form.Item>
                    <Form.Item name={[row.name, "from"]} style={{ flex: "1 1 150px" }}><InstantPicker aria-label={t("staff.from")} placeholder={t("staff.from")} /></Form.Item>
                    <Form.Item name={[row.name, "until"]} style={{ flex: "1 1 150px" }}><InstantPicker aria-label={t("staff.until")} placeholder={t("staff.until")} /></Form.Item>
                    <Button type="text" icon={<MinusCircleOutlined />} aria-label={t("staff.removeRole")} onClick={() => remove(row.name)} />
                  </div>
                </fieldset>
              ))}
              <Button icon={<PlusOutlined />} onClick={() => add({})} style={{ marginBottom: 16 }}>{t("staff.addRole")}</Button>
            </>
          )}
        </Form.List>
        <Buttons busy={change.isPending} onClose={onClose} label={person ? t("do.save") : t("staff.invite")} />
      </Form>
    </Dialog>
  );
}

function Sessions({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const roleName = useRoleName();
  const id = person.person_id;
  const pages = usePages<PersonSession>(["sessions", id], () => ask<Items<PersonSession>>(api.GET("/v1/staff/{id}/sessions", { params: { path: { id } } })));
  const end = useChange(
    (_: null, key) => ask(api.DELETE("/v1/staff/{id}/sessions", { params: { path: { id }, header: { "Idempotency-Key": key } } })),
    onClose,
  );
  return (
    <Dialog open title={t("staff.sessionsOf", { name: person.name })} onClose={onClose} width={680}>
      <ProblemNote problem={end.error} />
      <List
        pages={pages}
        label={t("staff.sessions")}
        id={(row) => row.prefix}
        empty={t("staff.noSessions")}
        columns={[
          { title: t("keys.role"), main: true, show: (row) => roleName(row.role) },
          { title: t("log.address"), show: (row) => row.address ?? "–" },
          { title: t("staff.begun"), show: (row) => format.instant(row.created_at) },
          { title: t("keys.lastUsed"), show: (row) => format.instant(row.last_used_at) },
          { title: t("keys.expires"), show: (row) => format.instant(row.expires_at) },
        ]}
      />
      <Form onFinish={() => end.mutate(null)} style={{ marginTop: 12 }}>
        <Buttons busy={end.isPending} onClose={onClose} danger label={t("staff.endSessions")} />
      </Form>
    </Dialog>
  );
}
