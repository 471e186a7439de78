// The parts of a page, each with an address of its own. They wrap on a narrow screen.

import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";

export function Tabs({ tabs, active }: { tabs: { key: string; label: string }[]; active: string }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  return (
    <nav className="tabs" aria-label={t("frame.parts")}>
      {tabs.map((tab, index) => (
        <Link key={tab.key} to={index === 0 ? pathname : `${pathname}?tab=${tab.key}`} aria-current={tab.key === active ? "page" : undefined}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
