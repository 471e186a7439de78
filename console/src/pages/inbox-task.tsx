// A task in the inbox: what is asked, about whom, and what came of it.

import { App, Button, Form, Input } from "antd";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, ask } from "../api/client";
import type { Task, Texts } from "../api/answers";
import { useChange, useFormat, useWord } from "../lib/use";
import { holds, may, useSignedIn } from "../session";
import { Dialog, Facts, Mark } from "../ui/parts";
import { ProblemNote, showFaults } from "../ui/problem";
import { Buttons } from "./member-actions";

/** A text in the language of the page, else in the other one. */
function useText() {
  const { i18n } = useTranslation();
  return (texts: Texts): string => (i18n.language === "en" ? (texts.en ?? texts["zh-CN"]) : (texts["zh-CN"] ?? texts.en)) ?? "";
}

export function TaskContent({ task, member }: { task: Task; member: ReactNode }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const text = useText();
  const signedIn = useSignedIn();
  const isLate = Date.parse(task.due_at) < Date.now();
  const channel = task.channel_id && (may(signedIn) && holds(signedIn, "channel:read") ? <Link to="/channels">{task.channel_id}</Link> : task.channel_id);
  const to = task.name ? (task.to === "role" ? word("role", task.name) : task.name) : word("taskTo", task.to);
  return (
    <>
      <div className="lead">{text(task.text)} {member && <>{t("inbox.for")} {member}</>}</div>
      <Facts
        rows={[
          channel ? [t("task.channel"), channel] : [t("task.strategy"), text(task.title) || task.strategy],
          task.store_id ? [t("entry.store"), task.store_id] : null,
          [t("task.to"), to],
          [t("task.due"), <>{format.instant(task.due_at)}{isLate && <> <Mark tone="bad">{t("task.late")}</Mark></>}</>],
        ]}
      />
    </>
  );
}

export function TaskActions({ task }: { task: Task }) {
  const { t } = useTranslation();
  const [closing, setClosing] = useState<"done" | "dismiss" | null>(null);
  return (
    <div className="actions">
      <Button onClick={() => setClosing("dismiss")}>{t("task.dismiss")}</Button>
      <Button type="primary" onClick={() => setClosing("done")}>{t("task.done")}</Button>
      {closing && <Close task={task} how={closing} onClose={() => setClosing(null)} />}
    </div>
  );
}

function Close({ task, how, onClose }: { task: Task; how: "done" | "dismiss"; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [form] = Form.useForm();
  const text = useText();
  const isDone = how === "done";
  const change = useChange(
    ({ note }: { note?: string }, key) => {
      const said = note?.trim();
      const params = { path: { id: task.task_id }, header: { "Idempotency-Key": key } };
      const body = said ? { body: { note: said } } : {};
      return ask(isDone ? api.POST("/v1/tasks/{id}/done", { params, ...body }) : api.POST("/v1/tasks/{id}/dismiss", { params, ...body }));
    },
    () => {
      void message.success(t(isDone ? "task.isDone" : "task.isDismissed"));
      onClose();
    },
  );
  return (
    <Dialog open title={t(isDone ? "task.doneTitle" : "task.dismissTitle")} onClose={onClose}>
      <Form form={form} layout="vertical" onFinish={(values) => change.mutate(values, { onError: (error) => showFaults(form, error, ["note"]) })}>
        <div className="lead" style={{ marginBottom: 16 }}>{text(task.text)} {task.member_id && <>{t("inbox.for")} {task.member_id}</>}</div>
        <ProblemNote problem={change.error} />
        <Form.Item name="note" label={t("task.note")}>
          <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 6 }} />
        </Form.Item>
        <Buttons busy={change.isPending} onClose={onClose} danger={!isDone} label={t(isDone ? "task.done" : "task.dismiss")} />
      </Form>
    </Dialog>
  );
}
