// A template as messages: to a member, or to a sample, while it is edited. The server renders them, so
// a message is shown as it would be sent.

import { DatePicker, Input, InputNumber } from "antd";
import { useQuery } from "@tanstack/react-query";
import type { Dayjs } from "dayjs";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ask, asProblem, type Problem } from "../../api/client";
import { useWord } from "../../lib/use";
import { Facts, Loading, Mark } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { FaultLine } from "./text-fields";
import type { Body, Channel, Message, Shown } from "./template";

/** For whom and what messages are shown. */
export interface Occasion {
  member: string;
  points: number | null;
  day: Dayjs | null;
  coupon: string;
}

export const SAMPLE: Occasion = { member: "", points: null, day: null, coupon: "" };

/** What is asked for once nothing was typed for a moment. */
function useLater(text: string): string {
  const [later, setLater] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setLater(text), 400);
    return () => clearTimeout(timer);
  }, [text]);
  return later;
}

function useAsked(asked: object, enabled: boolean) {
  const body = useLater(JSON.stringify(asked));
  return useQuery<Shown, Problem>({
    queryKey: ["template-shown", body],
    queryFn: async () => {
      try {
        return await ask<Shown>(api.POST("/v1/templates/preview", { body: JSON.parse(body) as never }));
      } catch (error) {
        throw asProblem(error);
      }
    },
    enabled,
    retry: false,
    gcTime: 10_000,
    placeholderData: (before) => before,
  });
}

/** What the occasion brings, as the API takes it; nothing where nothing was told. */
export function occasionOf({ points, day, coupon }: Occasion): { occasion?: object } {
  const about = {
    ...(points === null ? {} : { points }),
    ...(day === null ? {} : { expires_on: day.format("YYYY-MM-DD") }),
    ...(coupon.trim() === "" ? {} : { coupon_code: coupon.trim() }),
  };
  return Object.keys(about).length > 0 ? { occasion: about } : {};
}

/** Faults of the template, and its messages for that occasion; of a sample where the member has none. */
export function useShown(template: Body, about: Occasion, enabled: boolean) {
  const { member } = about;
  const occasion = occasionOf(about);
  // Faults are there for every member, also where there is no such member.
  const sample = useAsked({ template, ...occasion }, enabled);
  const theirs = useAsked({ template, member_id: member.trim(), ...occasion }, enabled && member.trim() !== "");
  const shown = member.trim() !== "" && !theirs.error ? theirs.data : sample.data;
  return { checked: sample.data, shown, problem: sample.error, memberProblem: member.trim() === "" ? null : theirs.error };
}

export function OccasionFields({ occasion, problem, onChange }: { occasion: Occasion; problem: Problem | null; onChange: (occasion: Occasion) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <div className="filters">
        <Input aria-label={t("templates.member")} placeholder={t("templates.member")} value={occasion.member} allowClear onChange={(event) => onChange({ ...occasion, member: event.target.value })} style={{ maxWidth: 240 }} />
        <InputNumber aria-label={t("templates.variable.points")} placeholder={t("templates.variable.points")} min={0} precision={0} value={occasion.points} onChange={(points) => onChange({ ...occasion, points })} style={{ width: 120 }} />
        <DatePicker aria-label={t("templates.variable.expires_on")} placeholder={t("templates.variable.expires_on")} value={occasion.day} onChange={(day) => onChange({ ...occasion, day })} />
        <Input aria-label={t("coupons.code")} placeholder={t("coupons.code")} value={occasion.coupon} maxLength={64} onChange={(event) => onChange({ ...occasion, coupon: event.target.value })} style={{ maxWidth: 140 }} />
      </div>
      <p className="soft small">{t("templates.memberHint")}</p>
      <ProblemNote problem={problem} />
    </>
  );
}

/** One message as it would arrive. */
export function MessageShown({ message, channel, needs }: { message: Message | undefined; channel: Channel; needs: string[] }) {
  const { t } = useTranslation();
  const word = useWord();
  if (!message) return <Loading rows={2} />;
  const { title, text = "", shown_in, language, parameters = [] } = message;
  return (
    <section className="message" aria-label={`${t("templates.preview")}: ${word("language", language)}`}>
      {message.fault ? (
        <>
          <p className="fault">{t("templates.notSent")}</p>
          <FaultLine fault={message.fault} />
        </>
      ) : (
        <div lang={shown_in ?? language}>
          {shown_in !== undefined && shown_in !== language && <p><Mark tone="warn">{t("templates.shownIn", { language: word("language", shown_in) })}</Mark></p>}
          {title && <p><strong>{title}</strong></p>}
          {channel === "email" ? (
            // Nothing in it runs, and it opens nothing here.
            <iframe title={t("templates.mail")} sandbox="" srcDoc={text} />
          ) : (
            <p className="said">{text}</p>
          )}
        </div>
      )}
      <Facts
        rows={[
          message.link ? [t("templates.text.link"), message.link] : null,
          message.picture ? [t("templates.text.picture"), message.picture] : null,
          message.vendor_template_id ? [t("templates.vendorId"), message.vendor_template_id] : null,
          ...parameters.map(({ name, value }): [string, string] => [name, value]),
          needs.length > 0 && !message.fault ? [t("templates.needs"), needs.map((one) => word("templates.variable", one)).join(", ")] : null,
        ]}
      />
    </section>
  );
}
