// What a person may do about a member: each a form that stays open until the server has taken it.

import { Alert, App, Button, Form, Input, InputNumber, Radio, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask } from "../api/client";
import type { Entry, Member, Written } from "../api/answers";
import { usePublished } from "../lib/published";
import { useChange, useFormat, useWord } from "../lib/use";
import { Dialog, LeaveButton } from "../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../ui/problem";

interface AdjustValues {
  points: number;
  direction: "grant" | "take";
  reason_code: string;
  evidence?: string;
  expiry?: string;
  reference?: string;
  reason?: string;
}

const ADJUST_FIELDS = ["points", "reason_code", "evidence", "expiry", "reference", "reason"];

export function Adjust({ member, onClose }: { member: Member; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [form] = Form.useForm<AdjustValues>();
  const direction = Form.useWatch("direction", form) ?? "grant";
  const { message } = App.useApp();
  const programme = usePublished();
  const rulebook = programme.data?.rulebook;
  const reasons = rulebook?.approvals?.reasons ?? [];
  const change = useChange(
    ({ direction: way, points, ...rest }: AdjustValues, key) => {
      const filled = Object.fromEntries(Object.entries(rest).filter(([, value]) => value)) as Omit<AdjustValues, "points" | "direction">;
      if (way === "take") delete filled.expiry;
      const body = { ...filled, member_id: member.member_id, points: way === "take" ? -points : points };
      return ask<Written>(api.POST("/v1/adjustments", { params: { header: { "Idempotency-Key": key } }, body }));
    },
    (written) => {
      const roles = written.entry.adjustment?.steps.map((role) => word("role", role)).join(" → ") ?? "";
      void message.success(t("adjust.done", { roles }), 6);
      onClose();
    },
  );
  const problem = change.error;
  return (
    <Dialog open title={t("adjust.title", { member: member.member_id })} onClose={onClose}>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ direction: "grant" }}
        onFinish={(values) => change.mutate(values, { onError: (error) => showFaults(form, error, ADJUST_FIELDS) })}
      >
        <p className="quiet">{t("adjust.lead", { balance: format.points(member.balance) })}</p>
        <ProblemNote problem={problem} except={(error) => ADJUST_FIELDS.includes(fieldOf(error))} />
        <Form.Item name="direction" label={t("adjust.direction")}>
          <Radio.Group options={[{ value: "grant", label: t("adjust.grant") }, { value: "take", label: t("adjust.take") }]} optionType="button" />
        </Form.Item>
        <Form.Item name="points" label={t("points")} rules={[{ required: true, type: "integer", min: 1, message: t("form.whole") }]}>
          <InputNumber style={{ width: "100%" }} min={1} precision={0} max={1_000_000_000_000_000} />
        </Form.Item>
        <Form.Item name="reason_code" label={t("adjust.code")} rules={[{ required: true, message: t("form.required") }]}>
          {reasons.length > 0
            ? <Select options={reasons.map((reason) => ({ value: reason, label: word("reason", reason) }))} />
            : <Input maxLength={40} placeholder="goodwill" />}
        </Form.Item>
        <Form.Item name="evidence" label={t("adjust.evidence")}>
          <Input maxLength={500} placeholder={t("adjust.evidenceHint")} />
        </Form.Item>
        {direction === "grant" && rulebook && (
          <Form.Item name="expiry" label={t("adjust.expiry")}>
            <Select allowClear placeholder={rulebook.purchase.expiry} options={Object.keys(rulebook.expiry).map((name) => ({ value: name, label: name }))} />
          </Form.Item>
        )}
        <Form.Item name="reference" label={t("adjust.reference")}>
          <Input maxLength={128} />
        </Form.Item>
        <Form.Item name="reason" label={t("form.note")}>
          <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 6 }} />
        </Form.Item>
        <Buttons busy={change.isPending} onClose={onClose} label={t("adjust.ask")} />
      </Form>
    </Dialog>
  );
}

export function Buttons({ busy, onClose, label, danger }: { busy: boolean; onClose: () => void; label: string; danger?: boolean }) {
  const { t } = useTranslation();
  return (
    <div className="row" style={{ justifyContent: "flex-end" }}>
      <LeaveButton onClose={onClose}>{t("do.cancel")}</LeaveButton>
      <Button type="primary" danger={danger ?? false} htmlType="submit" loading={busy}>{label}</Button>
    </div>
  );
}

export function Freeze({ member, onClose }: { member: Member; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [form] = Form.useForm();
  const isFrozen = member.frozen.earning || member.frozen.spending;
  const change = useChange(
    (body: { side: "earning" | "spending" | "both"; reason: string }, key) => {
      const params = { path: { id: member.member_id }, header: { "Idempotency-Key": key } };
      return isFrozen
        ? ask<Written>(api.POST("/v1/members/{id}/restore", { params, body: body as never }))
        : ask<Written>(api.POST("/v1/members/{id}/freeze", { params, body: body as never }));
    },
    () => {
      void message.success(isFrozen ? t("freeze.restored") : t("freeze.frozen"));
      onClose();
    },
  );
  return (
    <Dialog open title={isFrozen ? t("freeze.restoreTitle", { member: member.member_id }) : t("freeze.title", { member: member.member_id })} onClose={onClose}>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ side: "both" }}
        onFinish={(values) => change.mutate(values, { onError: (error) => showFaults(form, error, ["side", "reason"]) })}
      >
        <p className="quiet">{isFrozen ? t("freeze.restoreLead") : t("freeze.lead")}</p>
        <ProblemNote problem={change.error} except={(error) => ["side", "reason"].includes(fieldOf(error))} />
        <Form.Item name="side" label={t("freeze.side")}>
          <Radio.Group options={(["both", "spending", "earning"] as const).map((side) => ({ value: side, label: t(`freeze.${side}`) }))} optionType="button" />
        </Form.Item>
        <Form.Item name="reason" label={t("form.reason")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
          <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 6 }} />
        </Form.Item>
        <Buttons busy={change.isPending} onClose={onClose} danger={!isFrozen} label={isFrozen ? t("member.unfreeze") : t("member.freeze")} />
      </Form>
    </Dialog>
  );
}

export function Recover({ member, entries, onClose, onDone }: { member: Member; entries: Entry[]; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const { message } = App.useApp();
  const [form] = Form.useForm();
  const change = useChange(
    ({ reason }: { reason: string }, key) =>
      ask<Written>(
        api.POST("/v1/members/{id}/recover", {
          params: { path: { id: member.member_id }, header: { "Idempotency-Key": key } },
          body: { entry_ids: entries.map((entry) => entry.entry_id), reason },
        }),
      ),
    (written) => {
      const steps = written.entry.adjustment?.steps.map((role) => word("role", role)).join(" → ");
      void message.success(written.entry.kind === "request" && steps ? t("adjust.done", { roles: steps }) : t("recover.done"), 6);
      onDone();
      onClose();
    },
  );
  const total = entries.reduce((sum, entry) => sum - entry.points, 0);
  return (
    <Dialog open title={t("recover.title", { member: member.member_id })} onClose={onClose}>
      <Form form={form} layout="vertical" onFinish={(values) => change.mutate(values, { onError: (error) => showFaults(form, error, ["reason"]) })}>
        <p className="quiet">{t("recover.lead", { count: entries.length, points: format.points(total) })}</p>
        <ProblemNote problem={change.error} except={(error) => fieldOf(error) === "reason"} />
        <Form.Item name="reason" label={t("form.reason")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
          <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 6 }} />
        </Form.Item>
        <Buttons busy={change.isPending} onClose={onClose} label={t("recover.ask")} />
      </Form>
    </Dialog>
  );
}

export type CouponChange = { what: "cancel"; code: string } | { what: "restore"; code: string; entry: string };

export function CouponAction({ change: { what, code, ...rest }, onClose }: { change: CouponChange; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [form] = Form.useForm();
  const [done, setDone] = useState(false);
  const entry = "entry" in rest ? rest.entry : undefined;
  const change = useChange(
    ({ reason }: { reason?: string }, key) => {
      const params = { path: { code }, header: { "Idempotency-Key": key } };
      const why = reason ? { reason } : {};
      return what === "cancel"
        ? ask<Written>(api.POST("/v1/coupons/{code}/cancel", { params, body: why }))
        : ask<Written>(api.POST("/v1/coupons/{code}/restore", { params, body: { entry_id: entry ?? "", ...why } }));
    },
    () => {
      setDone(true);
      void message.success(what === "cancel" ? t("coupons.cancelled") : t("coupons.restored"));
      onClose();
    },
  );
  if (done) return null;
  return (
    <Dialog open title={what === "cancel" ? t("coupons.cancelTitle") : t("coupons.restoreTitle")} onClose={onClose}>
      <Form form={form} layout="vertical" onFinish={(values) => change.mutate(values, { onError: (error) => showFaults(form, error, ["reason"]) })}>
        <p className="quiet"><code>{code}</code></p>
        <Alert className="problem" type="info" title={what === "cancel" ? t("coupons.cancelLead") : t("coupons.restoreLead")} />
        <ProblemNote problem={change.error} except={(error) => fieldOf(error) === "reason"} />
        <Form.Item name="reason" label={t("form.reason")}>
          <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 6 }} />
        </Form.Item>
        <Buttons busy={change.isPending} onClose={onClose} danger={what === "cancel"} label={what === "cancel" ? t("coupons.cancel") : t("coupons.restore")} />
      </Form>
    </Dialog>
  );
}
