// What forms of tags and segments share: names, a condition about members, and the members it holds
// for.

import { Form, Input } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, ask, asProblem, type Problem } from "../../api/client";
import type { Condition, Preview, SetDefinition } from "../../api/answers";
import { ConditionsField } from "../../conditions/field";
import type { Fields } from "../../conditions/fields";
import { conditionsForm, stated, type Conditions } from "../../conditions/forms";
import { unfinished } from "../../conditions/tree";
import { usePublished } from "../../lib/published";
import { useFormat } from "../../lib/use";
import { Facts } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";

export const REFRESHES = ["on_change", "daily", "weekly", "manual"];
export const GROUPS = ["important_value", "important_develop", "important_keep", "important_win_back", "general_value", "general_develop", "general_keep", "general_win_back"];

export function initialCondition(set: SetDefinition | null, fields: Fields): Conditions {
  return conditionsForm(set?.conditions ?? [], set?.when ?? "", fields.unit);
}

/** `conditions` and `when` as the API takes them: what is empty is left out. */
export function conditionBody(value: Conditions, fields: Fields): { conditions?: Condition[]; when?: string } {
  const { conditions, when } = stated(value, fields.unit);
  return { ...(conditions.length > 0 ? { conditions } : {}), ...(when ? { when } : {}) };
}

export function NameFields() {
  const { t } = useTranslation();
  const required = [{ required: true, whitespace: true, message: t("form.required") }];
  return (
    <>
      <Form.Item name={["names", "zh-CN"]} label={t("tags.chineseName")} rules={required} style={{ flex: "1 1 160px" }}><Input maxLength={40} /></Form.Item>
      <Form.Item name={["names", "en"]} label={t("tags.englishName")} rules={required} style={{ flex: "1 1 160px" }}><Input maxLength={60} /></Form.Item>
    </>
  );
}

export function ConditionItem({ fields, strict }: { fields: Fields; strict: boolean }) {
  const { t } = useTranslation();
  return (
    <fieldset className="lines" style={{ marginBottom: 12 }}>
      <legend>{t("tags.condition")}</legend>
      <Form.Item
        name="condition"
        style={{ marginBottom: 0 }}
        rules={[{
          validator: (_, value: Conditions) =>
            value.form === "rows" && unfinished(value.items).length > 0
              ? Promise.reject(new Error(t("conditions.unfinished")))
              : Object.keys(conditionBody(value, fields)).length === 0
                ? Promise.reject(new Error(t("tags.conditionNeeded")))
                : Promise.resolve(),
        }]}
      >
        <InForm fields={fields} strict={strict} />
      </Form.Item>
    </fieldset>
  );
}

function InForm({ value, onChange, fields, strict }: { value?: Conditions; onChange?: (value: Conditions) => void; fields: Fields; strict: boolean }) {
  const { t } = useTranslation();
  const published = usePublished();
  const tiers = (published.data?.rulebook.tiers?.levels ?? []).map((level) => level.id);
  if (!value) return null;
  return <ConditionsField value={value} onChange={(next) => onChange?.(next)} fields={fields} scope="member" values={{ "member.tier": tiers, "rfm.group": GROUPS }} strict={strict} empty={t("tags.noCondition")} />;
}

/** For how many members the condition holds, while it is edited. */
export function Reach({ value, fields }: { value: Conditions | undefined; fields: Fields }) {
  const { t } = useTranslation();
  const format = useFormat();
  const isWhole = value && (value.form === "cel" || unfinished(value.items).length === 0);
  const wanted = isWhole ? JSON.stringify(conditionBody(value, fields)) : "{}";
  const [body, setBody] = useState(wanted);
  useEffect(() => {
    const later = setTimeout(() => setBody(wanted), 500);
    return () => clearTimeout(later);
  }, [wanted]);
  const found = useQuery<Preview, Problem>({
    queryKey: ["preview", body],
    queryFn: async () => {
      try {
        return await ask<Preview>(api.POST("/v1/segments/preview", { body: JSON.parse(body) as never }));
      } catch (error) {
        throw asProblem(error);
      }
    },
    enabled: body !== "{}",
    retry: false,
    placeholderData: (before) => before,
  });
  return (
    <section className="card" aria-label={t("segments.preview")} aria-live="polite">
      <div className="title"><h2>{t("segments.preview")}</h2></div>
      {body === "{}" && <p className="soft">{t("segments.previewLead")}</p>}
      {body !== "{}" && <ProblemNote problem={found.error} />}
      {body !== "{}" && found.data && !found.error && (
        <>
          <p><strong>{t("segments.reach", { members: format.points(found.data.members), of: format.points(found.data.of) })}</strong></p>
          <Facts rows={[[t("segments.share"), format.percent(found.data.share_per_10000 / 10_000)]]} />
          {found.data.examples.length > 0 && (
            <p className="small" style={{ marginTop: 8 }}>
              <span className="soft">{t("segments.examples")}: </span>
              {found.data.examples.map((id, index) => <span key={id}>{index > 0 && ", "}<Link to={`/members/${encodeURIComponent(id)}`} target="_blank" rel="noopener">{id}</Link></span>)}
            </p>
          )}
        </>
      )}
    </section>
  );
}
