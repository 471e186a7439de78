// The sign-in form: with a password and a code, or with an API key. It is the whole page at first,
// and a dialog over the page when a session has ended.

import { Alert, Button, Form, Input, Modal, Tabs } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem, type Problem } from "../api/client";
import { LanguageSwitch } from "../frame";
import { dropAll } from "../lib/kept";
import { useRoleName } from "../lib/roles";
import { useAccess, type SignIn } from "../session";
import { ProblemNote } from "../ui/problem";
import { ByProvider } from "../ui/provider";

export function SignInDoor() {
  const { t } = useTranslation();
  return (
    <main className="door">
      <div>
        <div className="card">
          <h1>{t("signIn.title")}</h1>
          <p className="quiet">{t("signIn.lead")}</p>
          {new URLSearchParams(location.search).get("provider") === "failed" && (
            <Alert className="problem" type="error" role="alert" showIcon title={t("provider.failed")} />
          )}
          <SignInForms />
        </div>
        <div className="foot">
          <span className="soft small">{t("signIn.first")}</span>
          <LanguageSwitch />
        </div>
      </div>
    </main>
  );
}

/** The page behind it keeps what was typed. */
export function SignInAgain() {
  const { t } = useTranslation();
  const { ended, signOut } = useAccess();
  return (
    <Modal open={ended} closable={false} footer={null} title={t("signIn.ended")} width={420} destroyOnHidden>
      <p className="quiet">{t("signIn.kept")}</p>
      <SignInForms />
      <Button type="link" onClick={() => void signOut()} style={{ paddingInline: 0 }}>{t("signIn.asOther")}</Button>
    </Modal>
  );
}

/** Another tab signed somebody else in, or took another role: this one is of no use until it follows. */
export function Displaced() {
  const { t } = useTranslation();
  const roleName = useRoleName();
  const { displacedBy, signedIn } = useAccess();
  if (!displacedBy || !signedIn) return null;
  const { person, role, roles = [] } = displacedBy;
  const who = { name: person.name || person.id, role: roleName(role, roles) };
  const goOn = () => {
    if (person.id !== signedIn.personId) dropAll();
    location.reload();
  };
  return (
    <Modal open closable={false} keyboard={false} title={t("signIn.displaced")} width={420} footer={<Button type="primary" onClick={goOn}>{t("signIn.goOnAs", who)}</Button>}>
      <p>{t("signIn.nowIs", who)}</p>
      <p className="quiet">{t("signIn.before", { name: signedIn.name, role: roleName(signedIn.acting, signedIn.roles) })}</p>
    </Modal>
  );
}

function SignInForms() {
  const { t } = useTranslation();
  const { signedIn } = useAccess();
  return (
    <>
      <ByProvider {...(signedIn ? { programme: signedIn.programme.id } : {})} />
      <Tabs
        defaultActiveKey={signedIn?.by ?? "person"}
        items={[
          { key: "person", label: t("signIn.byPassword"), children: <ByPassword /> },
          { key: "key", label: t("signIn.byKey"), children: <ByKey /> },
        ]}
      />
    </>
  );
}

function ByPassword() {
  const { t } = useTranslation();
  const { signInByPassword, signedIn } = useAccess();
  const [form] = Form.useForm<SignIn>();
  const [needsCode, setNeedsCode] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const code = useRef<HTMLDivElement>(null);
  const submit = async (values: SignIn) => {
    setBusy(true);
    setProblem(null);
    try {
      await signInByPassword({
        person_id: values.person_id.trim(),
        password: values.password,
        ...(values.programme_id ? { programme_id: values.programme_id.trim() } : {}),
        ...(values.code ? { code: values.code.replaceAll(" ", "") } : {}),
      });
    } catch (error) {
      const told = asProblem(error);
      if (told.slug === "code-needed" && !values.code) {
        setNeedsCode(true);
        setTimeout(() => code.current?.querySelector("input")?.focus(), 50);
      } else {
        setProblem(told.status === 404 ? null : told);
        setNoPersons(told.status === 404);
      }
    }
    setBusy(false);
  };
  const [noPersons, setNoPersons] = useState(false);
  const required = [{ required: true, message: t("form.required") }];
  return (
    <Form form={form} layout="vertical" requiredMark={false} onFinish={(values) => void submit(values)}>
      {noPersons && <Alert className="problem" type="info" showIcon title={t("signIn.noPersons")} />}
      <ProblemNote problem={problem} />
      <Form.Item name="person_id" label={t("signIn.person")} rules={required}>
        <Input autoComplete="username" autoCapitalize="none" spellCheck={false} />
      </Form.Item>
      <Form.Item name="password" label={t("signIn.password")} rules={required}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      {needsCode && (
        <div ref={code}>
          <Form.Item name="code" label={t("signIn.code")} extra={t("signIn.codeHint")} rules={required}>
            <Input autoComplete="one-time-code" inputMode="numeric" />
          </Form.Item>
        </div>
      )}
      <details className="soft">
        <summary>{t("signIn.otherProgramme")}</summary>
        <Form.Item name="programme_id" label={t("signIn.programme")} initialValue={signedIn?.programme.id}>
          <Input autoCapitalize="none" spellCheck={false} placeholder="default" />
        </Form.Item>
      </details>
      <Button type="primary" htmlType="submit" block loading={busy} style={{ marginTop: 12 }}>{t("signIn.enter")}</Button>
    </Form>
  );
}

function ByKey() {
  const { t } = useTranslation();
  const { signInByKey, signedIn } = useAccess();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async ({ key, programme }: { key: string; programme: string }) => {
    setBusy(true);
    setProblem(null);
    try {
      await signInByKey(key.trim(), programme.trim());
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  const required = [{ required: true, whitespace: true, message: t("form.required") }];
  return (
    <Form layout="vertical" requiredMark={false} onFinish={(values) => void submit(values)} initialValues={{ programme: signedIn?.programme.id ?? "default" }}>
      <ProblemNote problem={problem} />
      <Form.Item name="key" label={t("signIn.key")} extra={t("signIn.keyHint")} rules={required}>
        <Input.Password autoComplete="off" spellCheck={false} />
      </Form.Item>
      <Form.Item name="programme" label={t("signIn.programme")} rules={required}>
        <Input autoCapitalize="none" spellCheck={false} />
      </Form.Item>
      <Button type="primary" htmlType="submit" block loading={busy}>{t("signIn.enter")}</Button>
    </Form>
  );
}
