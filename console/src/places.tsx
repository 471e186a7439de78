// The menu: which pages there are, and which roles see them. The server decides; this only spares
// people doors that are closed to them.

import {
  ApiOutlined,
  AuditOutlined,
  BankOutlined,
  CheckSquareOutlined,
  DashboardOutlined,
  FileTextOutlined,
  GiftOutlined,
  HistoryOutlined,
  KeyOutlined,
  LineChartOutlined,
  NodeIndexOutlined,
  NotificationOutlined,
  SendOutlined,
  SettingOutlined,
  ShopOutlined,
  TagsOutlined,
  TeamOutlined,
  UserOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import type { Role } from "./api/answers";
import { holds, may, type SignedIn } from "./session";

export interface Place {
  path: string;
  name: "overview" | "inbox" | "members" | "customers" | "rules" | "strategies" | "results" | "touches" | "templates" | "rewards" | "books" | "stores" | "staff" | "keys" | "auditLog" | "channels" | "endpoints" | "system";
  icon: ComponentType;
  /** Null: everybody. */
  roles: Role[] | null;
  /** Of which permissions an own role needs one; of a list in the list, all. */
  needs?: (string | string[])[];
}

export const PLACES: Place[] = [
  { path: "", name: "overview", icon: DashboardOutlined, roles: null },
  { path: "inbox", name: "inbox", icon: CheckSquareOutlined, roles: ["service", "marketing", "finance", "approver", "department_head", "vice_president"], needs: ["task:read", "adjust:read", "publication:read", "review:read", "reward:read", "key:read", "import:read", "staff:read"] },
  { path: "members", name: "members", icon: UserOutlined, roles: ["service", "marketing", "finance"], needs: [["find:read", "member:read"]] },
  { path: "customers", name: "customers", icon: TagsOutlined, roles: ["service", "marketing", "finance", "approver", "department_head", "vice_president"], needs: ["tag:read", "segment:read"] },
  { path: "rules", name: "rules", icon: NodeIndexOutlined, roles: ["service", "marketing", "finance", "approver", "department_head", "vice_president"], needs: ["programme:read", "draft:read", "publication:read"] },
  { path: "strategies", name: "strategies", icon: NotificationOutlined, roles: ["service", "marketing", "finance", "approver", "department_head", "vice_president"], needs: ["playbook:read"] },
  { path: "results", name: "results", icon: LineChartOutlined, roles: ["marketing", "finance"], needs: ["touches:read"] },
  { path: "touches", name: "touches", icon: HistoryOutlined, roles: ["service", "marketing"], needs: ["touches:read"] },
  { path: "templates", name: "templates", icon: FileTextOutlined, roles: ["service", "marketing", "finance", "approver", "department_head", "vice_president"], needs: ["template:read"] },
  { path: "rewards", name: "rewards", icon: GiftOutlined, roles: ["service", "marketing", "finance", "approver", "department_head", "vice_president"], needs: ["reward:read"] },
  { path: "books", name: "books", icon: BankOutlined, roles: ["finance"], needs: ["report:read"] },
  { path: "stores", name: "stores", icon: ShopOutlined, roles: ["service", "marketing", "finance", "approver", "department_head", "vice_president"], needs: ["stores:read"] },
  { path: "audit-log", name: "auditLog", icon: AuditOutlined, roles: ["finance"], needs: ["audit-log:read"] },
  { path: "staff", name: "staff", icon: TeamOutlined, roles: [], needs: ["staff:read"] },
  { path: "keys", name: "keys", icon: KeyOutlined, roles: [], needs: ["key:read"] },
  { path: "channels", name: "channels", icon: SendOutlined, roles: [], needs: ["channel:read"] },
  { path: "endpoints", name: "endpoints", icon: ApiOutlined, roles: [], needs: ["endpoint:read"] },
  { path: "system", name: "system", icon: SettingOutlined, roles: ["marketing", "finance"], needs: ["job:write"] },
];

export function mayOpen(signedIn: SignedIn, place: Place): boolean {
  const isOpen = place.needs?.some((one) => [one].flat().every((each) => holds(signedIn, each))) ?? true;
  return place.roles === null || (isOpen && may(signedIn, ...place.roles));
}
