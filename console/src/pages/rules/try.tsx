// Tries a draft, or a rulebook that is being edited, on one event, as if it happened now. Nothing
// is written.

import { MinusCircleOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Form, Input, InputNumber, Select } from "antd";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, asProblem, type Problem } from "../../api/client";
import type { Rulebook, Written } from "../../api/answers";
import { digitsOf } from "../../conditions/fields";
import { useFormat, useWord } from "../../lib/use";
import { Figure, Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Explain } from "../timeline";

interface Values {
  member_id: string;
  event: string;
  channel?: string;
  store_id?: string;
  lines?: { category?: string; sku?: string; quantity?: number; amount: number }[];
}

type Target = { draft: string } | { rulebook: Rulebook | null };

export function Try({ target, book, live }: {
  target: Target;
  book: Rulebook | undefined;
  /** Once tried, it tries again whenever the rulebook changes. */
  live?: boolean;
}) {
  const { t } = useTranslation();
  const word = useWord();
  const format = useFormat();
  const [form] = Form.useForm<Values>();
  const event = Form.useWatch("event", form) ?? "purchase";
  const digits = digitsOf(format.currency);
  const attempt = useMutation<Written, Problem, { values: Values; target: Target }>({
    mutationFn: async ({ values: { lines, ...values }, target: on }) => {
      const purchase = values.event === "purchase";
      const body = {
        ...on,
        event: {
          ...Object.fromEntries(Object.entries(values).filter(([, value]) => value)),
          ...(purchase
            ? {
                reference: `try-${Date.now()}`,
                lines: (lines ?? []).map((line, index) => ({
                  line_id: String(index + 1),
                  quantity: line.quantity ?? 1,
                  amount: { amount_minor: Math.round((line.amount ?? 0) * 10 ** digits), currency: format.currency },
                  ...(line.category ? { category: line.category } : {}),
                  ...(line.sku ? { sku: line.sku } : {}),
                })),
              }
            : {}),
        },
      };
      try {
        return await ask<Written>(api.POST("/v1/rulebook/simulations", { body: body as never }));
      } catch (error) {
        throw asProblem(error);
      }
    },
  });
  const isWhole = !("rulebook" in target) || target.rulebook !== null;
  const { mutate } = attempt;
  const tried = useRef<string | null>(null);
  const typed = Form.useWatch([], form) as Values | undefined;
  const state = JSON.stringify([target, typed]);
  useEffect(() => {
    if (!live || !isWhole || tried.current === null || tried.current === state) return undefined;
    const later = setTimeout(() => {
      tried.current = state;
      const [on, values] = JSON.parse(state) as [Target, Values];
      if (values.member_id) mutate({ target: on, values });
    }, 500);
    return () => clearTimeout(later);
  }, [live, isWhole, state, mutate]);
  const required = [{ required: true, message: t("form.required") }];
  const events = ["purchase", ...Object.keys(book?.actions ?? {})];
  return (
    <div className="columns">
      <Section title={live ? t("try.title") : t("try.event")}>
        <Form
          form={form}
          layout="vertical"
          {...(live ? { name: "live" } : {})}
          initialValues={{ event: "purchase", lines: [{ quantity: 1, amount: 100 }] }}
          onFinish={(values) => {
            tried.current = state;
            mutate({ values, target });
          }}
        >
          <Form.Item name="member_id" label={t("members.member")} rules={required}><Input placeholder="M10001" /></Form.Item>
          <Form.Item name="event" label={t("try.what")} rules={required}>
            <Select options={events.map((name) => ({ value: name, label: word("event", name) }))} />
          </Form.Item>
          <div className="row" style={{ alignItems: "start" }}>
            <Form.Item name="channel" label={t("try.channel")} style={{ flex: 1 }}><Input placeholder="app" /></Form.Item>
            <Form.Item name="store_id" label={t("entry.store")} style={{ flex: 1 }}><Input /></Form.Item>
          </div>
          {event === "purchase" && (
            <fieldset className="lines">
              <legend>{t("explain.lines")}</legend>
              <Form.List name="lines">
                {(fields, { add, remove }) => (
                  <>
                    {fields.map((field) => (
                      <div className="row line" key={field.key}>
                        <Form.Item name={[field.name, "category"]}><Input aria-label={t("try.category")} placeholder={t("try.category")} /></Form.Item>
                        <Form.Item name={[field.name, "sku"]}><Input aria-label="SKU" placeholder="SKU" /></Form.Item>
                        <Form.Item name={[field.name, "quantity"]}><InputNumber aria-label={t("try.quantity")} min={1} precision={0} style={{ width: 72 }} /></Form.Item>
                        <Form.Item name={[field.name, "amount"]} rules={required}>
                          <InputNumber aria-label={t("try.amount")} min={0} precision={digits} suffix={format.currency} style={{ width: 140 }} />
                        </Form.Item>
                        <Button type="text" icon={<MinusCircleOutlined />} aria-label={t("try.removeLine")} disabled={fields.length === 1} onClick={() => remove(field.name)} />
                      </div>
                    ))}
                    <Button icon={<PlusOutlined />} onClick={() => add({ quantity: 1 })}>{t("try.addLine")}</Button>
                  </>
                )}
              </Form.List>
            </fieldset>
          )}
          <Button type={live ? "default" : "primary"} htmlType="submit" disabled={!isWhole} loading={attempt.isPending} style={{ marginTop: 16 }}>{t("rules.try")}</Button>
        </Form>
      </Section>
      <Section title={t("try.result")}>
        <div aria-live="polite">
          <ProblemNote problem={attempt.error} />
          {!attempt.data && !attempt.error && <p className="soft">{t("try.lead")}</p>}
          {attempt.data && (
            <>
              <dl className="figures" style={{ marginBottom: 12 }}>
                <Figure label={t("points")} value={format.signed(attempt.data.entry.points)} tone={attempt.data.entry.points > 0 ? "good" : undefined} />
                <Figure label={t("members.balance")} value={format.points(attempt.data.balance)} />
                {attempt.data.follow_ups.map((entry) => (
                  <Figure key={entry.sequence} label={word("kind", entry.kind)} value={format.signed(entry.points)} hint={entry.tier?.to} />
                ))}
              </dl>
              <Explain entry={attempt.data.entry} onCoupon={null} isStored={false} />
            </>
          )}
        </div>
      </Section>
    </div>
  );
}
