// What is known of customers as groups: tags, segments, and scores by recency, frequency and money.

import { useTranslation } from "react-i18next";
import { useFilters } from "../../lib/use";
import { may, useSignedIn } from "../../session";
import { Tabs } from "../../ui/tabs";
import { Rfm } from "./rfm";
import { Segments } from "./segments";
import { Tags } from "./tags";

export default function Customers() {
  const { t } = useTranslation();
  const signedIn = useSignedIn();
  const [{ tab }] = useFilters(["tab"]);
  const tabs = [
    { key: "tags", label: t("tags.title") },
    { key: "segments", label: t("segments.title") },
    ...(may(signedIn, "service", "marketing", "finance") ? [{ key: "rfm", label: t("rfm.title") }] : []),
  ];
  const active = tabs.some((one) => one.key === tab) ? tab : "tags";
  const head = <Tabs tabs={tabs} active={active} />;
  if (active === "segments") return <Segments tabs={head} />;
  return active === "rfm" ? <Rfm tabs={head} /> : <Tags tabs={head} />;
}
