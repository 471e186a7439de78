// What is kept of a reward, from what its form says.

import type { Reward } from "../api/answers";

export interface RewardValues {
  id: string;
  name: string;
  description?: string;
  kind: "goods" | "service" | "coupon";
  points: number;
  cash?: number;
  stock?: number;
  tiers?: string[];
  coupon?: string;
  offered: boolean;
}

/** What the form does not show stays as it is stored. `unit` is how many minor units money has. */
export function rewardBody(stored: Reward["reward"] | undefined, values: Omit<RewardValues, "id">, unit: number): Record<string, unknown> {
  const { cash, description, stock, tiers, coupon, ...rest } = values;
  const shown = {
    ...rest,
    cash_minor: cash ? Math.round(cash * unit) : null,
    description: description || null,
    stock: stock ?? null,
    tiers: tiers?.length ? tiers : null,
    coupon: rest.kind === "coupon" && coupon ? coupon : null,
  };
  return Object.fromEntries(Object.entries({ ...stored, ...shown }).filter(([, value]) => value !== null && value !== undefined));
}
