// What persons change about themselves: password, phone, recovery codes. Each asks for the password,
// and for a code if the person has codes.

import { App, Button, Form, Input, QRCode, Result } from "antd";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../api/client";
import type { Session } from "../api/answers";
import { useRoleName } from "../lib/roles";
import { useChange } from "../lib/use";
import { useAccess, useSignedIn } from "../session";
import { Copy, Dialog, Facts, Page, Section } from "../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../ui/problem";
import { useProviders, useVisit, type Provider } from "../ui/provider";

export default function Account() {
  const { t } = useTranslation();
  const roleName = useRoleName();
  const signedIn = useSignedIn();
  const [codes, setCodes] = useState<string[] | null>(null);
  if (signedIn.by === "key") return <Result status="info" title={t("me.ofPersons")} />;
  return (
    <Page title={t("me.title")}>
      <Section>
        <Facts
          rows={[
            [t("rewards.name"), signedIn.name],
            [t("keys.role"), roleName(signedIn.acting, signedIn.roles)],
            [t("staff.codes"), signedIn.hasCode ? t("staff.yes") : t("me.noCodes")],
          ]}
        />
      </Section>
      <Password />
      <Phone onCodes={setCodes} />
      {signedIn.hasCode && <Recovery onCodes={setCodes} />}
      <Providers />
      {codes && <Codes codes={codes} onClose={() => setCodes(null)} />}
    </Page>
  );
}

interface Proof {
  password: string;
  code?: string;
}

const plain = ({ password, code }: Proof): Proof => ({ password, ...(code ? { code: code.replaceAll(" ", "") } : {}) });

/** A form that begins with what the person proves: password, and code. */
function Proved<T extends Proof>({ name, problem, busy, label, onFinish, fields = [], children }: {
  name: string;
  problem: Problem | null;
  busy: boolean;
  label: string;
  onFinish: (values: T, failed: (problem: Problem) => void, done: () => void) => void;
  fields?: string[];
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const { hasCode } = useSignedIn();
  const [form] = Form.useForm<T>();
  const required = [{ required: true, message: t("form.required") }];
  return (
    <Form
      form={form}
      name={name}
      layout="vertical"
      requiredMark={false}
      style={{ maxWidth: 420 }}
      onFinish={(values: T) => onFinish(values, (failed) => showFaults(form, failed, fields), () => form.resetFields())}
    >
      <ProblemNote problem={problem} except={(error) => fields.includes(fieldOf(error))} />
      <Form.Item name="password" label={t("me.password")} rules={required}><Input.Password autoComplete="current-password" /></Form.Item>
      {hasCode && (
        <Form.Item name="code" label={t("signIn.code")} extra={t("signIn.codeHint")} rules={required}><Input autoComplete="one-time-code" /></Form.Item>
      )}
      {children}
      <Button type="primary" htmlType="submit" loading={busy}>{label}</Button>
    </Form>
  );
}

function Password() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const { adopt } = useAccess();
  const change = useChange(
    (body: Proof & { new_password: string }) => ask<Session>(api.POST("/v1/session/password", { body })),
    (session) => {
      void adopt(session);
      void message.success(t("me.changed"));
    },
  );
  return (
    <Section title={t("me.newPassword")}>
      <p className="quiet">{t("me.passwordLead")}</p>
      <Proved<Proof & { new_password: string }>
        name="own-password"
        problem={change.error}
        busy={change.isPending}
        label={t("me.newPassword")}
        fields={["new_password"]}
        onFinish={(values, failed, done) => change.mutate({ ...plain(values), new_password: values.new_password }, { onError: failed, onSuccess: done })}
      >
        <Form.Item name="new_password" label={t("invitation.password")} extra={t("invitation.passwordHint")} rules={[{ required: true, min: 12, message: t("invitation.passwordHint") }]}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="again"
          label={t("invitation.again")}
          dependencies={["new_password"]}
          rules={[({ getFieldValue }) => ({
            validator: (_, value) => (value === getFieldValue("new_password") ? Promise.resolve() : Promise.reject(new Error(t("invitation.differs")))),
          })]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
      </Proved>
    </Section>
  );
}

function Phone({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const { t } = useTranslation();
  const { hasCode } = useSignedIn();
  const { refreshSession } = useAccess();
  const [secret, setSecret] = useState<{ secret: string; uri: string } | null>(null);
  const begin = useChange((body: Proof) => ask<{ secret: string; uri: string }>(api.POST("/v1/session/code", { body })), setSecret);
  const confirm = useChange(
    (body: { code: string }) => ask<{ recovery_codes: string[] }>(api.POST("/v1/session/code/confirm", { body })),
    (answer) => {
      setSecret(null);
      onCodes(answer.recovery_codes);
      void refreshSession();
    },
  );
  return (
    <Section title={hasCode ? t("me.phone") : t("invitation.setUp")}>
      <p className="quiet">{hasCode ? t("me.phoneLead") : t("me.codesLead")}</p>
      {secret ? (
        <Form layout="vertical" name="own-code" requiredMark={false} style={{ maxWidth: 420 }} onFinish={({ code }: { code: string }) => confirm.mutate({ code: code.replaceAll(" ", "") })}>
          <p className="quiet">{t("invitation.scan")}</p>
          <QRCode aria-label={t("invitation.qr")} value={secret.uri} type="svg" size={180} bordered={false} />
          <p><code>{secret.secret.replace(/(.{4})/g, "$1 ").trim()}</code> <Copy text={secret.secret} /></p>
          <ProblemNote problem={confirm.error} />
          <Form.Item name="code" label={t("me.firstCode")} rules={[{ required: true, message: t("form.required") }]}>
            <Input autoComplete="one-time-code" inputMode="numeric" />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={confirm.isPending}>{t("me.confirm")}</Button>
        </Form>
      ) : (
        <Proved name="own-phone" problem={begin.error} busy={begin.isPending} label={t("me.begin")} onFinish={(values, _, done) => begin.mutate(plain(values), { onSuccess: done })} />
      )}
    </Section>
  );
}

function Recovery({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const { t } = useTranslation();
  const make = useChange(
    (body: Proof) => ask<{ recovery_codes: string[] }>(api.POST("/v1/session/recovery-codes", { body })),
    (answer) => onCodes(answer.recovery_codes),
  );
  return (
    <Section title={t("me.recovery")}>
      <p className="quiet">{t("me.recoveryLead")}</p>
      <Proved name="own-recovery" problem={make.error} busy={make.isPending} label={t("me.make")} onFinish={(values, _, done) => make.mutate(plain(values), { onSuccess: done })} />
    </Section>
  );
}

function Providers() {
  return useProviders().map((provider) => <Link key={provider.name} {...provider} />);
}

function Link({ name, visit: to }: Provider) {
  const { t } = useTranslation();
  const visit = useVisit();
  const begin = useChange(
    (body: Proof) => ask<{ ticket: string }>(api.POST("/v1/session/ticket", { body })),
    ({ ticket }) => visit.mutate({ ...to, ticket }),
  );
  const isLinked = new URLSearchParams(location.search).get("provider") === (to.wecom ? "wecom" : "linked");
  return (
    <Section title={t("provider.link", { name })}>
      {isLinked ? <p role="status">{t("provider.linked", { name })}</p> : <p className="quiet">{t("provider.linkLead", { name })}</p>}
      <Proved
        name={to.wecom ? "own-wecom" : "own-provider"}
        problem={begin.error ?? visit.error}
        busy={begin.isPending || visit.isPending}
        label={t("provider.link", { name })}
        onFinish={(values) => begin.mutate(plain(values))}
      />
    </Section>
  );
}

function Codes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog open title={t("me.recovery")} onClose={onClose}>
      <p className="quiet">{t("invitation.recovery")}</p>
      <pre>{codes.join("\n")}</pre>
      <p><Copy text={codes.join("\n")} /></p>
      <Button type="primary" onClick={onClose}>{t("invitation.kept")}</Button>
    </Dialog>
  );
}
