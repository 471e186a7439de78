// A reward keeps what its form does not show.

import { expect, test } from "vitest";
import { rewardBody } from "../../src/pages/reward-body";

const stored = {
  name: "Mug",
  description: "blue",
  kind: "goods",
  points: 300,
  points_by_tier: { gold: 200 },
  cash_minor: 500,
  stock: 7,
  limit: null,
  tiers: ["gold"],
  pools: ["summer", "kitchen"],
  offered: true,
};

test("pools and prices of levels stay, and so does what a later server tells", () => {
  const later = { ...stored, new_of_the_server: 1 };
  const body = rewardBody(later, { name: "Mug", kind: "goods", points: 300, cash: 5, stock: 9, offered: true, tiers: ["gold"], description: "blue" }, 100);
  expect(body).toEqual({ ...later, limit: undefined, stock: 9 });
});

test("what is emptied in the form is gone", () => {
  const body = rewardBody(stored, { name: "Mug", kind: "goods", points: 300, offered: false }, 100);
  expect(Object.keys(body).sort()).toEqual(["kind", "name", "offered", "points", "points_by_tier", "pools"]);
});
