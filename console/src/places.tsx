// The menu: which pages there are, and which roles see them. The server decides; this only spares
// people doors that are closed to them.

import {
  ApiOutlined,
  AuditOutlined,
  BankOutlined,
  CheckSquareOutlined,
  DashboardOutlined,
  GiftOutlined,
  KeyOutlined,
  NodeIndexOutlined,
  SettingOutlined,
  ShopOutlined,
  TeamOutlined,
  UserOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import type { Role } from "./api/answers";
import { may, type SignedIn } from "./session";

export interface Place {
  path: string;
  name: "overview" | "inbox" | "members" | "rules" | "rewards" | "books" | "stores" | "staff" | "keys" | "auditLog" | "endpoints" | "system";
  icon: ComponentType;
  /** Null: everybody. */
  roles: Role[] | null;
}

export const PLACES: Place[] = [
  { path: "", name: "overview", icon: DashboardOutlined, roles: null },
  { path: "inbox", name: "inbox", icon: CheckSquareOutlined, roles: ["service", "marketing", "finance", "approver", "department_head", "vice_president"] },
  { path: "members", name: "members", icon: UserOutlined, roles: ["service", "marketing", "finance"] },
  { path: "rules", name: "rules", icon: NodeIndexOutlined, roles: ["service", "marketing", "finance", "approver", "department_head", "vice_president"] },
  { path: "rewards", name: "rewards", icon: GiftOutlined, roles: ["service", "marketing", "finance", "approver", "department_head", "vice_president"] },
  { path: "books", name: "books", icon: BankOutlined, roles: ["finance"] },
  { path: "stores", name: "stores", icon: ShopOutlined, roles: ["service", "marketing", "finance", "approver", "department_head", "vice_president"] },
  { path: "audit-log", name: "auditLog", icon: AuditOutlined, roles: ["finance"] },
  { path: "staff", name: "staff", icon: TeamOutlined, roles: [] },
  { path: "keys", name: "keys", icon: KeyOutlined, roles: [] },
  { path: "endpoints", name: "endpoints", icon: ApiOutlined, roles: [] },
  { path: "system", name: "system", icon: SettingOutlined, roles: ["marketing", "finance"] },
];

export function mayOpen(signedIn: SignedIn, place: Place): boolean {
  return place.roles === null || may(signedIn, ...place.roles);
}
