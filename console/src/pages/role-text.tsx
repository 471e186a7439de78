// A role that a person has: what, where and until when.

import { useTranslation } from "react-i18next";
import type { GrantedRole } from "../api/answers";
import { useRoleName } from "../lib/roles";
import { useFormat } from "../lib/use";
import { Mark } from "../ui/parts";

export function RoleText({ role }: { role: GrantedRole }) {
  const { t } = useTranslation();
  const format = useFormat();
  const roleName = useRoleName();
  const where = [...(role.stores ?? []), ...(role.regions ?? [])].join(", ");
  return (
    <>
      {roleName(role.role)}
      {where && <span className="soft"> · {where}</span>}
      {role.until && <span className="soft"> · {t("member.through", { day: format.lastDay(role.until) })}</span>}
      {role.waits && <> <Mark tone="warn">{t("keys.waits")}</Mark></>}
    </>
  );
}
