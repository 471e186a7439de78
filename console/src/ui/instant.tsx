// Picks a day and a time as the programme's clocks show them, wherever the browser is.

import { DatePicker } from "antd";
import type { Dayjs } from "dayjs";
import { useTranslation } from "react-i18next";
import { fromZone } from "../lib/dates";
import { useFormat } from "../lib/use";

export function InstantPicker(props: {
  id?: string;
  value?: Dayjs | null;
  onChange?: (picked: Dayjs | null) => void;
  placeholder: string;
  "aria-label"?: string;
}) {
  const { t } = useTranslation();
  const { timeZone } = useFormat();
  const now = () => fromZone(Date.now(), timeZone);
  return (
    <DatePicker
      {...props}
      // Its own button for now would take the browser's clock.
      showNow={false}
      presets={[{ label: t("form.now"), value: now }]}
      showTime={{ format: "HH:mm", defaultOpenValue: now() }}
      format="YYYY-MM-DD HH:mm"
      style={{ width: "100%" }}
    />
  );
}
