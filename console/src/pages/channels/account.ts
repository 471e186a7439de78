// An account at a vendor, as the API tells it.

import type { Settings } from "./vendors";

export interface ChannelAccount {
  channel_id: string;
  vendor: string;
  channel: string;
  settings: Settings;
  rank: number;
  per_second: number;
  burst: number;
  message_cost_minor: number;
  has_callback: boolean;
  paused_because: string | null;
  paused_at: string | null;
  failures: number;
  rests_until: string | null;
  updated_at: string;
  updated_by: string;
  /** Attempts of 24 hours by state; of one account only. */
  last_day?: Record<string, number>;
  can?: Can;
}

export interface Can {
  link: string;
  batch: number;
  templates: boolean;
  reports: boolean;
  repeats_within_s: number | null;
}

/** In this order: what arrived, what is on its way, what did not arrive. */
const ATTEMPTS = ["delivered", "accepted", "sending", "retry", "again", "failed", "bounced", "unknown"];

/** The states that attempts are in, with how many. */
export function attempts(counts: Record<string, number>): [string, number][] {
  return ATTEMPTS.flatMap((state): [string, number][] => (counts[state] ? [[state, counts[state]]] : []));
}
