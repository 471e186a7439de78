// What one member was told. Each look is in the audit log, so it takes a click.

import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { usePages } from "../../lib/use";
import { holds, may, useSignedIn } from "../../session";
import { Section } from "../../ui/parts";
import { Touches } from "./list";
import { useStrategyNames } from "./names";
import { readTouches } from "./read";
import { logPath, type Touch } from "./touch";

export function TouchesOf({ id }: { id: string }) {
  const { t } = useTranslation();
  const signedIn = useSignedIn();
  const [open, setOpen] = useState(false);
  if (!may(signedIn, "service", "marketing") || !holds(signedIn, "touches:read")) return null;
  return (
    <Section
      flush
      title={t("touches.ofMember")}
      extra={
        <>
          {open && <Link to={logPath({ member_id: id })}>{t("touches.inLog")}</Link>}
          <Button size="small" aria-expanded={open} aria-label={`${t(open ? "view.hide" : "view.show")}: ${t("touches.ofMember")}`} onClick={() => setOpen(!open)}>{t(open ? "view.hide" : "view.show")}</Button>
        </>
      }
    >
      {open ? <Rows id={id} /> : <p className="soft">{t("view.logged")}</p>}
    </Section>
  );
}

function Rows({ id }: { id: string }) {
  const { name } = useStrategyNames();
  const pages = usePages<Touch>(["member", id, "touches"], (cursor) => readTouches({ member_id: id, limit: 10 }, cursor));
  return <Touches pages={pages} name={name} ofMember />;
}
