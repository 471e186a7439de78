// A role that a person has: what, where and until when.

import { useTranslation } from "react-i18next";
import type { GrantedRole } from "../api/answers";
import { useRoleTitle } from "../lib/roles";
import { useFormat } from "../lib/use";
import { Mark } from "../ui/parts";

export function RoleText({ role }: { role: GrantedRole }) {
  const { t } = useTranslation();
  const format = useFormat();
  const roleTitle = useRoleTitle();
  const where = [...(role.stores ?? []), ...(role.regions ?? [])].join(", ");
  return (
    <>
      {roleTitle(role.role, role.base)}
      {where && <span className="soft"> · {where}</span>}
      {role.until && <span className="soft"> · {t("member.through", { day: format.lastDay(role.until) })}</span>}
      {role.waits && <> <Mark tone="warn">{t("keys.waits")}</Mark></>}
    </>
  );
}
