// Says on which day a message of a strategy goes out, counted from the occasion.

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

/** Days before the occasion are negative. */
export function useNode(): (node: number) => string {
  const { t, i18n } = useTranslation();
  return useCallback(
    (node) => {
      if (node === 0) return t("strategy.onDay");
      const time = new Intl.NumberFormat(i18n.language, { style: "unit", unit: "day", unitDisplay: "long" }).format(Math.abs(node));
      return t(node < 0 ? "strategy.before" : "strategy.after", { time });
    },
    [t, i18n.language],
  );
}
