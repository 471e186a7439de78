// The shapes of answers. OpenAPI describes routes, queries and bodies; these are the fields of
// docs/reference/api that the pages read.

/** A sum is a text of digits when it does not fit 64 bits. */
export type Sum = number | string;

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Session {
  person: { id: string; name: string; language?: string | null };
  programme: { id: string; name: string };
  has_code: boolean;
  /** A built-in role, or the id of an own role. */
  role: string;
  base: Role;
  /** What an own role may do; null for all that the base may. */
  permissions: string[] | null;
  stores: string[] | null;
  expires_at: string;
  roles?: NamedRole[];
  recovery_codes?: string[];
}

/** A role with what people call it, where it is an own one. */
export interface NamedRole {
  role: string;
  base: Role;
  names?: Names | null;
}

export interface Names {
  "zh-CN": string;
  en: string;
}

export interface OwnRole {
  role_id: string;
  names: Names;
  base: Role;
  permissions: string[];
  wanted: string[] | null;
  wanted_by: string | null;
  waiting_id: string | null;
}

export interface Permission {
  permission: string;
  component: string;
  bases: Role[];
  routes: { method: string; path: string; summary: string }[];
}

export const ROLES = [
  "storefront",
  "service",
  "marketing",
  "finance",
  "approver",
  "department_head",
  "vice_president",
  "job",
  "admin",
] as const;
export type Role = (typeof ROLES)[number];

export interface Programme {
  programme_id: string;
  name: string;
  rulebook_version: number;
  published_at: string;
  rulebook: Rulebook;
}

export interface Limit {
  times: number;
  per: string;
}

export interface Cap {
  points: number;
  per: string;
  of?: string;
}

export interface Row {
  field: string;
  operator: string;
  values?: unknown[];
}

/** A row, or a group of conditions. */
export type Condition = Row | { all: Condition[] } | { any: Condition[] } | { none: Condition[] };

export interface ConditionField {
  field: string;
  /** A name follows, as in `attributes.city`. */
  takes_name: boolean;
  scope: "event" | "line" | "member";
  type: "text" | "number" | "boolean" | "texts";
  money: boolean;
  operators: string[];
  names: { "zh-CN": string; en: string };
}

export interface ConditionFields {
  items: ConditionField[];
}

/** A tag (`path`) or a segment (`segment_id`). */
export interface SetDefinition {
  path?: string;
  segment_id?: string;
  names: Names;
  class?: string;
  kind: string;
  when?: string | null;
  conditions?: Condition[];
  refresh?: string | null;
  use?: string | null;
  owner?: string | null;
  lives_days?: number | null;
  exclusive?: boolean;
  version: number;
  members: number | null;
  is_evaluated: boolean;
  evaluated_on: string | null;
}

/** A tag or a segment of one member. */
export interface MemberSet {
  path?: string;
  segment_id?: string;
  names: Names;
  kind: string;
  when?: string | null;
  conditions?: Condition[];
  since: string | null;
  until: string | null;
  source: string;
  by: string | null;
  score?: number | null;
}

export interface Money {
  amount_minor: number;
  currency: string;
}

interface Ago {
  at: string | null;
  days_ago: number | null;
}

/** What is known of a member beyond points. */
export interface MemberFacts {
  is_current: boolean;
  first_order: Ago;
  last_order: Ago;
  last_redemption: Ago;
  last_login: Ago;
  last_seen: Ago;
  ever: { orders: number; spend: Money };
  windows: {
    days: number;
    orders: number;
    spend: Money;
    average_order: Money | null;
    points_redeemed: number;
    categories: { category: string; spend: Money; percent: number }[];
  }[];
  ledger_balance: number;
  expiring: { days: number; points: number }[];
  next_expiry: { valid_through: string; points: number } | null;
  rfm: { r: number; f: number; m: number; group: string | null; counted_on: string } | null;
}

export interface Contact {
  channel: string;
  address: string | null;
  state: string;
  verified_at: string | null;
  not_for_service_because: string | null;
  not_for_marketing_because: string | null;
}

/** What a member said about being reached, with what proves it. */
export interface Consent {
  purpose: string;
  channel: string;
  decision: string;
  occurred_at: string;
  source: string;
  evidence: string | null;
  recorded_by: string;
  for_present_address?: boolean;
}

export interface Preferences {
  language: string | null;
  quiet_hours: { from: string; until: string } | null;
  personalised: boolean;
  home_store_id: string | null;
}

/** What a member did that earns nothing. */
export interface Behaviour {
  idempotency_key: string;
  kind: string;
  occurred_at: string;
  item: string | null;
  category: string | null;
  channel: string | null;
}

/** What people are asked to do about a member, or about an account at a vendor. */
export interface Task {
  task_id: string;
  state: "open" | "done" | "dismissed";
  member_id: string | null;
  store_id: string | null;
  strategy: string | null;
  channel_id: string | null;
  to: string;
  name: string | null;
  title: Texts;
  text: Texts;
  made_at: string;
  due_at: string;
}

export interface Texts {
  "zh-CN"?: string;
  en?: string;
}

/** What became of the rows of a file of members. */
export interface ListReport {
  rows: number;
  found: number;
  already: number;
  added: number;
  duplicates: { count: number; rows: { line: number; first_line: number; member_id: string }[] };
  refused: { count: number; rows: { line: number; member_id: string; problem: string }[] };
}

export interface Preview {
  members: number;
  of: number;
  share_per_10000: number;
  examples: string[];
}

export interface Rfm {
  counted_on: string;
  cells: { r: number; f: number; members: number; spend_minor: number }[];
  groups: { group: string; members: number; spend_minor: number }[];
  without_order: number;
}

/** Both forms of a condition; null where rows cannot say it, or something is wrong. */
export interface Translation {
  conditions: Condition[] | null;
  when: string | null;
  problems: { pointer: string; detail: string; line?: number | null; column?: number | null }[];
}

export interface Award {
  kind: string;
  points_per_unit?: string;
  points?: number;
  times?: string;
  brackets?: { from_minor: number; points_per_unit: string }[];
}

export interface Rule {
  id: string;
  event: string;
  from?: string;
  until?: string;
  when?: string;
  conditions?: Condition[];
  lines?: string;
  award: Award;
  growth?: number;
  coupon?: string;
  limit?: Limit;
  caps?: Cap[];
  expiry?: string;
  group?: string;
  priority?: number;
}

export interface Level {
  id: string;
  from: number;
  points_multiplier?: string;
  multiplier?: string;
  gift_points?: number;
  gift?: unknown;
  [other: string]: unknown;
}

export interface Rulebook {
  format: number;
  currency: string;
  time_zone: string;
  purchase: { points_per_unit: string; growth_per_unit?: string; expiry: string; [other: string]: unknown };
  actions?: Record<string, { points?: number; limit?: Limit; expiry: string; [other: string]: unknown }>;
  rules?: Rule[];
  expiry: Record<string, { policy: string; [other: string]: unknown }>;
  tiers?: { levels: Level[]; basis?: string; [other: string]: unknown };
  coupons?: Record<string, Record<string, unknown>>;
  approvals?: { reasons?: string[]; steps?: { up_to?: number; roles: string[] }[]; [other: string]: unknown };
  [other: string]: unknown;
}

export interface MemberRow {
  member_id: string;
  joined_at: string;
  tier: string | null;
  tier_until: string | null;
  ledger_balance: number;
  debt: number;
  closed: "merged" | "erased" | null;
  aliases: string[];
  attributes: Record<string, string>;
}

export interface Member {
  member_id: string;
  as_of: string;
  sequence: number;
  joined_at: string;
  balance: number;
  pending: number;
  held: number;
  debt: number;
  aliases: string[];
  pool_id: string | null;
  frozen: { earning: boolean; spending: boolean };
  ledger_balance: number;
  expiring_next: { points: number; expires_at: string; valid_through: string } | null;
  growth: number;
  tier: {
    id: string;
    since: string | null;
    until: string | null;
    basis: string;
    value: number;
    benefits: Benefit[];
    next: { tier: string; from: number; missing: number; missing_orders?: number; by: string | null } | null;
    keep: { tier: string; from: number; missing: number; by: string | null } | null;
  } | null;
  attributes: Record<string, string>;
}

/** What a level gives besides points. */
export interface Benefit {
  kind: "discount" | "free_delivery" | "service";
  percent_off: string | null;
  from_minor: number | null;
  names: Record<string, string>;
}

export interface Lot {
  lot: number;
  source: string;
  granted: number;
  remaining: number;
  held: number;
  state: string;
  earned_at: string;
  available_at: string | null;
  expires_at: string | null;
  valid_through: string | null;
}

export interface LotChange {
  lot: number;
  change: string;
  points: number;
  source?: string;
  available_at?: string | null;
  expires_at?: string | null;
  valid_through?: string | null;
}

export interface Actor {
  actor: string;
  name?: string;
}

export interface Adjustment {
  points: number;
  reason_code: string;
  evidence?: string | null;
  expires_at?: string | null;
  valid_through?: string | null;
  steps: string[];
  until: string;
  undoes?: string | null;
  requested_by: Actor;
  approvals: { by: Actor; role: string; at: string }[];
  recovers?: string[];
  merges?: string;
}

export interface Entry {
  entry_id: string;
  member_id: string;
  sequence: number;
  kind: string;
  event?: string;
  charity?: string;
  grant?: string;
  strategy?: string;
  points: number;
  balance_after: number;
  occurred_at: string;
  recorded_at: string;
  actor?: string;
  channel?: string;
  store_id?: string;
  reference?: string;
  reason?: string;
  cause?: string;
  corrects?: string;
  rulebook_version?: number;
  rules?: { rule: string; desired: string; granted: number; tags?: string[] }[];
  silent_rules?: { rule: string; because: string }[];
  lines?: { line_id: string; sku?: string; category?: string; quantity: number; amount_minor: number; granted: number }[];
  lots?: LotChange[];
  hold?: { points: number; until: string; lots: { lot: number; points: number }[] };
  reversal?: Record<string, unknown>;
  adjustment?: Adjustment;
  counterparty?: string;
  coupons?: { code: string; coupon: string; [other: string]: unknown }[];
  discount?: { order_minor: number; off_minor: number };
  reward?: { reward_id: string; version: number; quantity: number; cash_minor: number };
  deduction?: { order_minor: number; wished_points: number; money_minor: number };
  frozen?: { earning: boolean; spending: boolean };
  review?: { because: string };
  debt?: number;
  growth?: number;
  tier?: { from: string | null; to: string | null; until: string | null };
  reminder?: { points: number; first_valid_through: string };
  hash: string;
}

export interface Written {
  entry: Entry;
  also_asked?: Entry[];
  follow_ups: Entry[];
  balance: number;
}

export interface Coupon {
  code: string;
  coupon: string;
  off_minor: number | null;
  off_percent: number | null;
  max_off_minor: number | null;
  min_minor: number;
  categories: string[];
  channels: string[];
  stores: string[];
  stacks: boolean;
  expires_at: string | null;
  valid_through: string | null;
  state?: string;
}

export interface Request {
  request_id: string;
  member_id: string;
  state: string;
  waits_for: string | null;
  adjustment: Adjustment;
  entry?: Entry;
  decisions?: Entry[];
}

export interface Review {
  review_id: string;
  member_id: string;
  state: string;
  because: string;
  reported_by: string;
  entry?: Entry;
  decisions?: Entry[];
}

export interface Change {
  pointer: string;
  before?: unknown;
  after?: unknown;
}

export interface Publication {
  publication_id: string;
  /** Of which document it is a version. */
  document: "rulebook" | "playbook";
  draft: string;
  state: string;
  base_version: number;
  at: string | null;
  major_changes: string[];
  waits_for: string | null;
  asked_at: string;
  asked_by: string;
  approved_at: string | null;
  approved_by: string | null;
  decided_at: string | null;
  decided_by: string | null;
  reason: string | null;
  published_at: string | null;
  rulebook_version?: number | null;
  playbook_version?: number | null;
  rulebook?: Rulebook;
  changes?: Change[];
}

export interface Version {
  version: number;
  published_at: string;
  published_by: string;
}

export interface Draft {
  draft: string;
  /** Counts its changes. */
  revision: number;
  updated_at: string;
  updated_by: string;
  problems?: { pointer: string; detail: string }[];
  warnings?: { pointer: string; detail: string }[];
  condition_steps?: number | null;
  max_condition_steps?: number;
  rulebook?: Rulebook;
}

export interface Side {
  points: Record<string, Sum>;
  issued_minor: Sum | null;
  outstanding: Sum;
  outstanding_minor: Sum | null;
  refused: Record<string, number>;
  tiers: { tier: string | null; members: number; issued: Sum; outstanding: Sum }[];
}

export interface BackTest {
  back_test_id: string;
  draft: string;
  member_id: string | null;
  by: string;
  from: string;
  to: string;
  published_version: number;
  done: boolean;
  members: number;
  affected: number;
  entries: number;
  left_out: number;
  sides?: { recorded: Side; published: Side; draft: Side };
  not_applied?: { published: string[]; draft: string[] };
}

export interface Reward {
  reward_id: string;
  version: number;
  reward: {
    name: string;
    description?: string | null;
    kind: string;
    points: number;
    points_by_tier?: Record<string, number>;
    cash_minor: number;
    stock?: number | null;
    limit?: Limit | null;
    from?: string | null;
    until?: string | null;
    tiers?: string[];
    coupon?: string | null;
    pools?: string[];
    offered: boolean;
  };
  taken: number;
  left: number | null;
  updated_at: string;
  change?: { change_id: string; reward: Reward["reward"]; asked_at: string; asked_by: string } | null;
}

export interface Key {
  key?: string;
  prefix: string;
  /** A built-in role, or the id of an own role. */
  role: string;
  base: Role;
  label: string;
  person_id: string | null;
  stores: string[] | null;
  waits: boolean;
  created_at: string;
  created_by: string;
  approved_by: string | null;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

export interface LogRow {
  no: number;
  at: string;
  action: string;
  subject: string;
  person_id: string | null;
  key: string | null;
  address: string | null;
  before: unknown;
  after: unknown;
  hash: string | null;
}

export interface Endpoint {
  endpoint_id: string;
  url: string;
  kinds: string[] | null;
  created_at: string;
  disabled_at: string | null;
  disabled_because: string | null;
  failures: number;
  retry_at: string | null;
  parked: number;
  dead: number;
}

export interface TrialBalance {
  from: string;
  to: string;
  accounts: { account: string; points: Sum }[];
  sum: Sum;
  kinds: { kind: string; points: Sum; entries: number }[];
}

export interface Budgets {
  rulebook_version: number;
  budgets: {
    rule?: string | null;
    grant?: string;
    per: string;
    points?: number;
    times?: number;
    granted: number;
    left: number;
    red_line_percent: number;
    red: boolean;
  }[];
}

export interface Import {
  import_id: string;
  state: string;
  asked_at: string;
  asked_by: string;
  approvals: { name: string; role: string; at: string }[];
  waits_for: string | null;
  until: string;
  reason: string | null;
  report?: { rows: number; members: number; ready: number; faulty: number; points: number; debt: number; share_clean: number };
}

export interface Store {
  store_id: string;
  name: string;
  region: string;
  department: string | null;
  manager_id: string | null;
  opened_on: string | null;
  closed_on: string | null;
  updated_at: string;
  updated_by: string;
}

export interface UnassignedStore {
  store_id: string;
  first_entry_id: string;
  first_entry_at: string;
}

export interface GrantedRole {
  role: string;
  base: Role;
  stores: string[] | null;
  regions: string[] | null;
  from: string | null;
  until: string | null;
  waits?: boolean;
  by?: string;
}

export interface Person {
  person_id: string;
  name: string;
  language: string;
  state: "active" | "invited" | "none" | "suspended";
  has_code: boolean;
  waits: boolean;
  waiting_id: string | null;
  password_set_at: string | null;
  invited_until: string | null;
  invited_by: string | null;
  roles: GrantedRole[];
}

export interface Invited {
  person_id: string;
  token: string;
  path: string;
  expires_at: string;
  waits: boolean;
}

export interface PersonSession {
  prefix: string;
  role: string;
  stores: string[] | null;
  created_at: string;
  last_used_at: string | null;
  expires_at: string;
  address: string | null;
}
