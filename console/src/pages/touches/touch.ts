// A touch as the API tells it: what a member was told by a strategy, or why nothing was.

export interface Touch {
  touch_id: string;
  day: string;
  member_id: string;
  strategy: string;
  node: number;
  cycle: string;
  playbook_version: number;
  purpose: string;
  state: State;
  reason: string | null;
  mode: string;
  channels: string[];
  template: string | null;
  action: unknown;
  decided_at: string;
  due_at: string;
  deadline_at: string;
  sent_at: string | null;
  channel: string | null;
  responded_at: string | null;
  /** Of one touch only. */
  attempts?: Attempt[];
  links?: FollowedLink[];
}

export interface Attempt {
  channel: string;
  attempt: number;
  account: string | null;
  state: string;
  provider_id: string | null;
  error: string | null;
  started_at: string;
  settled_at: string | null;
}

export interface FollowedLink {
  channel: string;
  target: string | null;
  is_trap: boolean;
  made_at: string;
  visits: number;
  clicks: number;
  first_click_at: string | null;
  last_click_at: string | null;
}

export const STATES = ["due", "suppressed", "sending", "sent", "unknown", "failed"] as const;
export type State = (typeof STATES)[number];

/** In the order in which they are looked for; those that are counted and never kept are left out. */
export const REASONS = [
  "holdout_programme", "holdout_strategy", "arm_control", "stopped", "no_contact", "no_consent", "frequency", "budget", "quiet_too_late",
  "duplicate_content", "missed", "frozen", "erased",
];

export const TONES: Record<State, "plain" | "good" | "warn" | "bad" | "info"> = {
  due: "info", suppressed: "plain", sending: "info", sent: "good", unknown: "warn", failed: "bad",
};

/** Names of the API's query. */
export interface Query {
  member_id?: string;
  strategy?: string;
  /** Days of the node from the day of the occasion. */
  node?: string;
  state?: string;
  reason?: string;
  from?: string;
  to?: string;
}

/** The address of the log with these filters. */
export function logPath(query: Query): string {
  const { member_id: member, ...others } = query;
  const wanted = Object.entries({ ...others, ...(member ? { member } : {}) }).filter((one): one is [string, string] => Boolean(one[1]));
  return `/touches?${new URLSearchParams(wanted).toString()}`;
}
