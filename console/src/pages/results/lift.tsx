// Lift in words: what a strategy brought beyond what members did anyway, and whether it is shown.

import { useTranslation } from "react-i18next";
import { useFormat } from "../../lib/use";
import { Facts, Mark } from "../../ui/parts";
import { meaning, missing, onLine, type Lift, type Meaning } from "./results";

const TONES: Record<Meaning, "plain" | "good" | "warn" | "bad" | "info"> = {
  more: "good", fewer: "bad", small: "warn", needs: "info", untold: "info", waits: "info", noHoldout: "warn", nobody: "plain",
};

/** In short, for a row of a list. */
export function LiftMark({ lift }: { lift: Lift }) {
  const { t } = useTranslation();
  const says = meaning(lift);
  const difference = lift.difference_per_10000;
  return (
    <span className="row">
      <Mark tone={TONES[says]}>{t(`lift.short.${says}`)}</Mark>
      {difference && (says === "more" || says === "fewer") && <Points value={difference.value} />}
    </span>
  );
}

/** Parts of ten thousand as points of a percent. */
function Points({ value }: { value: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  return <span>{t("lift.points", { value: new Intl.NumberFormat(format.language, { maximumFractionDigits: 2, signDisplay: "exceptZero" }).format(value / 100) })}</span>;
}

/** `whole`: of all marketing together, where nobody of the treated side need have been written to. */
export function LiftOf({ lift, whole = false }: { lift: Lift; whole?: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const says = meaning(lift);
  const { treated, held_out, difference_per_10000: difference, conversions } = lift;
  const share = (parts: number | undefined) => format.percent((parts ?? 0) / 10_000);
  const side = (of: Lift["treated"]) => t("lift.side", { converted: format.points(of.converted), members: format.points(of.members) });
  const signed = (value: number) => format.signed(Math.round(value));
  // A sentence says which way it goes, so its numbers have no sign.
  const [least, most] = [conversions?.low ?? 0, conversions?.high ?? 0].map(Math.abs).sort((one, other) => one - other);
  return (
    <>
      <p className="row" style={{ marginBottom: 8 }}>
        <Mark tone={TONES[says]}>{t(`lift.short.${says}`)}</Mark>
        {difference && <strong><Points value={difference.value} /></strong>}
      </p>
      <p className="says" style={{ marginBottom: 12 }}>
        {t(`lift.means.${says}`, {
          count: format.points(missing(lift)), treated: share(lift.treated_per_10000), held: share(lift.held_out_per_10000),
          who: t(whole ? "lift.whoMay" : "lift.who"), others: t(whole ? "lift.othersOfAll" : "lift.others"),
          members: format.points(Math.abs(conversions?.value ?? 0)), low: format.points(least), high: format.points(most),
          open: format.points(treated.open + held_out.open),
        })}
      </p>
      {difference && (
        <div className="interval" role="img" aria-label={t("lift.interval", { low: difference.low / 100, high: difference.high / 100, value: difference.value / 100 })}>
          <Line difference={difference} />
        </div>
      )}
      {difference && <p className="soft small" style={{ marginBottom: 12 }}>{t("lift.interval", { low: difference.low / 100, high: difference.high / 100, value: difference.value / 100 })}</p>}
      <Facts
        rows={[
          [t(whole ? "lift.may" : "lift.treated"), `${side(treated)}${difference ? ` · ${share(lift.treated_per_10000)}` : ""}`],
          [t("lift.heldOut"), `${side(held_out)}${difference ? ` · ${share(lift.held_out_per_10000)}` : ""}`],
          treated.open + held_out.open > 0 && [t("lift.open"), format.points(treated.open + held_out.open)],
          conversions && [t("lift.conversions"), `${signed(conversions.value)} (${signed(conversions.low)} … ${signed(conversions.high)})`],
          lift.orders !== undefined && [t("lift.orders"), format.signed(lift.orders)],
          lift.points !== undefined && [t("lift.redeemed"), format.signed(lift.points)],
          lift.cost_minor_per_1000_members !== undefined && [t("lift.costOfThousand"), format.money(lift.cost_minor_per_1000_members)],
          lift.cost_minor_per_order != null && [t("lift.costOfOrder"), format.money(lift.cost_minor_per_order)],
          lift.needed && [t("lift.needed"), t("lift.neededOf", { treated: format.points(lift.needed.treated), held: format.points(lift.needed.held_out) })],
        ]}
      />
    </>
  );
}

function Line({ difference }: { difference: NonNullable<Lift["difference_per_10000"]> }) {
  const { zero, low, high, value } = onLine(difference);
  return (
    <>
      <span className="zero" style={{ left: `${zero}%` }} />
      <span className="span" style={{ left: `${low}%`, width: `${high - low}%` }} />
      <span className="point" style={{ left: `${value}%` }} />
    </>
  );
}
