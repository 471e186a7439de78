// The catalogue: what members can have for points, and a coupon by its code.

import { Alert, App, Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, ask, type Problem } from "../api/client";
import type { Coupon, Page as Items, Reward } from "../api/answers";
import { usePublished } from "../lib/published";
import { useChange, useFilters, useFormat, usePages, useWord } from "../lib/use";
import { may, useSignedIn } from "../session";
import { Dialog, Facts, Mark, Page, Section } from "../ui/parts";
import { fieldOf, ProblemNote, showFaults } from "../ui/problem";
import { Export, List } from "../ui/table";
import { Buttons } from "./member-actions";
import { rewardBody, type RewardValues } from "./reward-body";

const read = (cursor: string | undefined) => ask<Items<Reward>>(api.GET("/v1/rewards", { params: { query: cursor ? { cursor } : {} } }));

export default function Rewards() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const signedIn = useSignedIn();
  const [edited, setEdited] = useState<Reward | "new" | null>(null);
  const pages = usePages<Reward>(["rewards"], read);
  const writes = may(signedIn, "marketing");
  return (
    <Page
      title={t("rewards.title")}
      extra={
        <>
          <Export
            name="rewards"
            read={read}
            columns={[
              ["reward_id", (row) => row.reward_id],
              ["name", (row) => row.reward?.name],
              ["kind", (row) => row.reward?.kind],
              ["points", (row) => row.reward?.points],
              ["cash_minor", (row) => row.reward?.cash_minor],
              ["stock", (row) => row.reward?.stock],
              ["taken", (row) => row.taken],
              ["left", (row) => row.left],
              ["offered", (row) => row.reward?.offered],
            ]}
          />
          {writes && <Button type="primary" onClick={() => setEdited("new")}>{t("rewards.new")}</Button>}
        </>
      }
    >
      <Section flush>
        <List
          pages={pages}
          label={t("rewards.title")}
          id={(row) => row.reward_id}
          empty={t("rewards.none")}
          columns={[
            {
              title: t("rewards.reward"),
              main: true,
              wrap: true,
              show: (row) => (
                <>
                  {row.reward?.name ?? row.change?.reward.name} <span className="soft small">{row.reward_id}</span>
                  {row.change && <> <Link to="/inbox?kind=reward"><Mark tone="warn">{t("rewards.changeWaits")}</Mark></Link></>}
                </>
              ),
            },
            { title: t("rewards.kind"), show: (row) => word("rewardKind", row.reward?.kind) },
            { title: t("points"), number: true, show: (row) => format.points(row.reward?.points) },
            { title: t("rewards.cash"), number: true, show: (row) => (row.reward?.cash_minor ? format.money(row.reward.cash_minor) : "–") },
            { title: t("rewards.taken"), number: true, show: (row) => format.points(row.taken) },
            { title: t("rewards.left"), number: true, show: (row) => (row.left === null ? t("rewards.unbounded") : format.points(row.left)) },
            { title: t("rewards.for"), show: (row) => row.reward?.tiers?.join(", ") || t("members.allTiers") },
            { title: t("members.state"), show: (row) => <Mark tone={row.reward?.offered ? "good" : "plain"}>{row.reward?.offered ? t("rewards.offered") : t("rewards.offShelf")}</Mark> },
            ...(writes ? [{ title: t("do.title"), show: (row: Reward) => <Button size="small" onClick={() => setEdited(row)}>{t("do.edit")}</Button> }] : []),
          ]}
        />
      </Section>
      <CouponByCode />
      {edited && <Edit reward={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
    </Page>
  );
}

const FIELDS = ["name", "description", "kind", "points", "cash_minor", "stock", "tiers", "coupon"];

function Edit({ reward, onClose }: { reward: Reward | null; onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const format = useFormat();
  const { message } = App.useApp();
  const [form] = Form.useForm<RewardValues>();
  const kind = Form.useWatch("kind", form) ?? reward?.reward?.kind;
  const book = usePublished().data?.rulebook;
  const unit = 10 ** (new Intl.NumberFormat("en", { style: "currency", currency: format.currency }).resolvedOptions().maximumFractionDigits ?? 2);
  // A change that waits is gone on with: saving puts another one in its place.
  const waiting = reward?.change?.reward;
  const stored = waiting ?? reward?.reward;
  const change = useChange(
    ({ id, ...values }: RewardValues, key) => {
      const body = rewardBody(stored, values, unit);
      return ask<{ waits_for?: string }>(api.PUT("/v1/rewards/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } }, body: body as never }));
    },
    (answer) => {
      void message.success(answer.waits_for ? t("adjust.done", { roles: word("role", answer.waits_for) }) : t("rewards.kept"), 6);
      onClose();
    },
  );
  const required = [{ required: true, message: t("form.required") }];
  return (
    <Dialog open title={reward ? t("rewards.edit", { reward: stored?.name }) : t("rewards.new")} onClose={onClose}>
      <Form
        form={form}
        layout="vertical"
        initialValues={{
          id: reward?.reward_id,
          kind: "goods",
          offered: true,
          ...stored,
          cash: stored?.cash_minor ? stored.cash_minor / unit : undefined,
        }}
        onFinish={(values) => change.mutate(values, { onError: (problem) => showFaults(form, problem, FIELDS) })}
      >
        <p className="quiet">{t("rewards.lead")}</p>
        {waiting && <Alert className="problem" type="info" role="status" showIcon title={t("rewards.startsFromWaiting", { who: reward?.change?.asked_by })} />}
        <ProblemNote problem={change.error} except={(error) => FIELDS.includes(fieldOf(error))} />
        <Form.Item name="id" label={t("rewards.id")} rules={[{ required: true, pattern: /^[A-Za-z0-9._:@+=-]{1,64}$/, message: t("rules.nameRule") }]}>
          <Input disabled={reward !== null} />
        </Form.Item>
        <Form.Item name="name" label={t("rewards.name")} rules={required}><Input maxLength={100} /></Form.Item>
        <Form.Item name="description" label={t("rewards.description")}><Input.TextArea maxLength={1000} autoSize={{ minRows: 2, maxRows: 5 }} /></Form.Item>
        <Form.Item name="kind" label={t("rewards.kind")}>
          <Select options={(["goods", "service", "coupon"] as const).map((value) => ({ value, label: word("rewardKind", value) }))} />
        </Form.Item>
        {kind === "coupon" && (
          <Form.Item name="coupon" label={t("coupons.kind")} rules={required}>
            <Select options={Object.keys(book?.coupons ?? {}).map((value) => ({ value, label: value }))} />
          </Form.Item>
        )}
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item name="points" label={t("points")} rules={[{ required: true, type: "integer", min: 1, message: t("form.whole") }]} style={{ flex: 1 }}>
            <InputNumber min={1} precision={0} style={{ width: "100%" }} />
          </Form.Item>
          <Form.Item name="cash" label={t("rewards.cash")} style={{ flex: 1 }}>
            <InputNumber min={0} suffix={format.currency} style={{ width: "100%" }} />
          </Form.Item>
          <Form.Item name="stock" label={t("rewards.stock")} style={{ flex: 1 }}>
            <InputNumber min={0} precision={0} placeholder={t("rewards.unbounded")} style={{ width: "100%" }} />
          </Form.Item>
        </div>
        <Form.Item name="tiers" label={t("rewards.for")}>
          <Select mode="multiple" placeholder={t("members.allTiers")} options={(book?.tiers?.levels ?? []).map((level) => ({ value: level.id, label: level.id }))} />
        </Form.Item>
        <Form.Item name="offered" label={t("rewards.offered")} valuePropName="checked"><Switch /></Form.Item>
        <Buttons busy={change.isPending} onClose={onClose} label={t("do.save")} />
      </Form>
    </Dialog>
  );
}

function CouponByCode() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const signedIn = useSignedIn();
  const [filters, setFilters] = useFilters(["code"]);
  const coupon = useQuery<Coupon & { member_id: string; state: string }, Problem>({
    queryKey: ["coupon", filters.code],
    queryFn: () => ask(api.GET("/v1/coupons/{code}", { params: { path: { code: filters.code } } })),
    enabled: filters.code !== "",
  });
  if (!may(signedIn, "service", "marketing", "finance", "storefront")) return null;
  return (
    <Section title={t("rewards.byCode")}>
      <Input.Search
        key={filters.code}
        aria-label={t("coupons.code")}
        placeholder={t("rewards.codeHint")}
        defaultValue={filters.code}
        allowClear
        enterButton
        loading={coupon.isFetching}
        style={{ maxWidth: 360, marginBottom: 12 }}
        onSearch={(code) => setFilters({ code: code.trim() })}
      />
      <ProblemNote problem={coupon.error} />
      {coupon.data && (
        <Facts
          rows={[
            [t("coupons.kind"), coupon.data.coupon],
            [t("members.state"), <Mark key="state" tone={coupon.data.state === "open" ? "good" : "plain"}>{word("couponState", coupon.data.state)}</Mark>],
            [t("members.member"), <Link key="member" to={`/members/${encodeURIComponent(coupon.data.member_id)}`}>{coupon.data.member_id}</Link>],
            coupon.data.off_minor || coupon.data.off_percent ? [t("coupons.off"), coupon.data.off_minor ? format.money(coupon.data.off_minor) : `${coupon.data.off_percent}%`] : null,
            coupon.data.min_minor ? [t("book.from"), format.money(coupon.data.min_minor)] : null,
            coupon.data.valid_through ? [t("coupons.through"), coupon.data.valid_through] : null,
          ]}
        />
      )}
    </Section>
  );
}
