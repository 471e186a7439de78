// What drafts of both documents share: they are dropped, and asked to be published.

import { App, Button, Form } from "antd";
import type { Dayjs } from "dayjs";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Publication } from "../../api/answers";
import { atZone } from "../../lib/dates";
import { useChange, useFormat, useWord } from "../../lib/use";
import { InstantPicker } from "../../ui/instant";
import { Dialog } from "../../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../../ui/problem";
import { Buttons } from "../member-actions";

/** `back`: where the list of drafts is. */
export function Drop({ name, remove, back }: { name: string; remove: (key: string) => Promise<unknown>; back: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const change = useChange(
    (_: null, key) => remove(key),
    () => void navigate(back),
  );
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t("rules.drop")}</Button>
      <Dialog open={open} title={t("rules.dropTitle", { name })} onClose={() => setOpen(false)}>
        <Form onFinish={() => change.mutate(null)}>
          <p className="quiet">{t("rules.dropLead")}</p>
          <ProblemNote problem={change.error} />
          <Buttons busy={change.isPending} onClose={() => setOpen(false)} danger label={t("rules.drop")} />
        </Form>
      </Dialog>
    </>
  );
}

export function Publish({ draft, lead, request, onClose, children }: {
  draft: string;
  lead: string;
  request: (body: { at?: string }, key: string) => Promise<Publication>;
  onClose: () => void;
  /** What somebody should see before the request. */
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const word = useWord();
  const format = useFormat();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ at?: Dayjs }>();
  const change = useChange(
    request,
    (publication) => {
      const what = publication.waits_for ? t("adjust.done", { roles: word("role", publication.waits_for) }) : word("publicationState", publication.state);
      void message.success(what, 6);
      onClose();
    },
  );
  return (
    <Dialog open title={t("inbox.publish", { draft })} onClose={onClose} width={children ? 640 : 480}>
      <Form
        form={form}
        layout="vertical"
        onFinish={({ at }) => change.mutate(at ? { at: atZone(at, format.timeZone) } : {}, { onError: (problem) => showFaults(form, problem, ["at"]) })}
      >
        <p className="quiet">{lead}</p>
        {children}
        <ProblemNote problem={change.error} except={(error) => fieldOf(error) === "at"} />
        <Form.Item name="at" label={t("publications.at")} extra={t("publications.atHint", { zone: format.timeZone })}>
          <InstantPicker placeholder={t("publications.atOnce")} />
        </Form.Item>
        <Buttons busy={change.isPending} onClose={onClose} label={t("rules.askPublish")} />
      </Form>
    </Dialog>
  );
}
