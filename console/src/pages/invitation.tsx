// An invitation: the person chooses a password and, where the role asks for it, sets up codes.

import { Alert, Button, Form, Input, QRCode } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate, useParams } from "react-router";
import { asProblem, sendJson, type Problem } from "../api/client";
import type { Session } from "../api/answers";
import { LanguageSwitch } from "../frame";
import { useChange } from "../lib/use";
import { useAccess } from "../session";
import { Copy, Loading } from "../ui/parts";
import { ProblemNote } from "../ui/problem";
import { ByProvider } from "../ui/provider";

interface Invited {
  person_id: string;
  name: string;
  programme_id: string;
  needs_code: boolean;
}

export default function Invitation() {
  const { t } = useTranslation();
  // After a # the token stays out of the logs of servers.
  const { hash } = useLocation();
  const { token = hash.replace(/^#\/invitation\//, "") } = useParams();
  const path = `/v1/invitations/${encodeURIComponent(token)}`;
  const invited = useQuery<Invited, Problem>({
    queryKey: ["invitation", token],
    queryFn: () => sendJson<Invited>("GET", path),
    retry: false,
  });
  return (
    <main className="door">
      <div>
        <div className="card">
          <h1>{t("invitation.title")}</h1>
          {invited.isPending && <Loading />}
          {invited.error && !invited.data && (
            <Alert type="error" role="alert" showIcon title={asProblem(invited.error).status === 404 ? t("invitation.gone") : t("problem.other")} />
          )}
          {invited.data && <Accept path={path} token={token} invited={invited.data} />}
        </div>
        <div className="foot"><span /><LanguageSwitch /></div>
      </div>
    </main>
  );
}

function Accept({ path, token, invited }: { path: string; token: string; invited: Invited }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { adopt } = useAccess();
  const [secret, setSecret] = useState<{ secret: string; uri: string } | null>(null);
  const [recovery, setRecovery] = useState<Session | null>(null);
  const code = useChange((_: null, key) => sendJson<{ secret: string; uri: string }>("POST", `${path}/code`, { key }), setSecret);
  const enter = async (session: Session) => {
    await adopt(session);
    void navigate("/");
  };
  const accept = useChange(
    (body: { password: string; code?: string }, key) => sendJson<Session>("POST", `${path}/accept`, { body, key }),
    (session) => (session.recovery_codes?.length ? setRecovery(session) : void enter(session)),
  );
  if (recovery) {
    return (
      <>
        <p className="quiet">{t("invitation.recovery")}</p>
        <pre>{recovery.recovery_codes?.join("\n")}</pre>
        <Copy text={recovery.recovery_codes?.join("\n") ?? ""} />
        <Button type="primary" block onClick={() => void enter(recovery)}>{t("invitation.kept")}</Button>
      </>
    );
  }
  return (
    <Form
      layout="vertical"
      requiredMark={false}
      onFinish={({ password, code }) => accept.mutate({ password, ...(code ? { code: code.replaceAll(" ", "") } : {}) })}
    >
      <p className="quiet">
        {t("invitation.lead", { name: invited.name, programme: invited.programme_id })}
      </p>
      <ByProvider invitation={token} />
      <ProblemNote problem={accept.error ?? code.error} />
      <Form.Item name="password" label={t("invitation.password")} extra={t("invitation.passwordHint")} rules={[{ required: true, min: 12, message: t("invitation.passwordHint") }]}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="again"
        label={t("invitation.again")}
        dependencies={["password"]}
        rules={[({ getFieldValue }) => ({
          validator: (_, value) => (value === getFieldValue("password") ? Promise.resolve() : Promise.reject(new Error(t("invitation.differs")))),
        })]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      {secret ? (
        <>
          <p className="quiet">{t("invitation.scan")}</p>
          <QRCode aria-label={t("invitation.qr")} value={secret.uri} type="svg" size={180} bordered={false} />
          <p><code>{secret.secret.replace(/(.{4})/g, "$1 ").trim()}</code> <Copy text={secret.secret} /></p>
          <p><a href={secret.uri}>{t("invitation.openApp")}</a></p>
          <Form.Item name="code" label={t("signIn.code")} rules={[{ required: true, message: t("form.required") }]}>
            <Input autoComplete="one-time-code" inputMode="numeric" />
          </Form.Item>
        </>
      ) : (
        <>
          {invited.needs_code && <p className="quiet">{t("invitation.needsCode")}</p>}
          <Button onClick={() => code.mutate(null)} loading={code.isPending} style={{ marginBottom: 16 }}>{t("invitation.setUp")}</Button>
        </>
      )}
      <Button type="primary" htmlType="submit" block disabled={invited.needs_code && !secret} loading={accept.isPending}>{t("invitation.accept")}</Button>
    </Form>
  );
}
