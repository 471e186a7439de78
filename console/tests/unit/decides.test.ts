import { expect, test } from "vitest";
import type { Waiting } from "../../src/inbox";
import { decisions, mayDecide, mayWithdraw } from "../../src/lib/decides";

type Who = Parameters<typeof decisions>[0];
const person = (personId: string, role: Who["role"], permissions: string[] | null = null): Who => ({ by: "person", personId, role, permissions });
const key = (role: Who["role"]): Who => ({ by: "key", personId: null, role, permissions: null });

const adjustment = (by: string, waitsFor: string, approvals: string[] = []) =>
  ({
    kind: "adjustment", id: "1", waitsFor,
    item: { adjustment: { requested_by: { actor: `person:${by}`, name: by }, approvals: approvals.map((one) => ({ by: { actor: `key:acc_1`, name: one }, role: "approver", at: "" })) } },
  }) as unknown as Waiting;
const of = (kind: Waiting["kind"], item: object, waitsFor: string | null = null) => ({ kind, id: "1", waitsFor, item }) as unknown as Waiting;

const NONE = { approve: false, reject: false, withdraw: false };

test("the role that is next decides on an adjustment, and nobody on their own", () => {
  expect(decisions(person("ben", "approver"), adjustment("anna", "approver"))).toEqual({ approve: true, reject: true, withdraw: false });
  expect(decisions(person("ben", "approver"), adjustment("anna", "vice_president"))).toEqual(NONE);
  // An admin reads everything, and stands in for no approver.
  expect(decisions(person("ben", "admin"), adjustment("anna", "approver"))).toEqual(NONE);
  expect(decisions(person("ben", "department_head"), adjustment("anna", "department_head", ["ben"]))).toEqual(NONE);
  expect(decisions(person("anna", "approver"), adjustment("anna", "approver"))).toEqual({ ...NONE, withdraw: true });
});

test("who asked takes a request back, and nobody else", () => {
  for (const role of ["service", "marketing", "department_head", "admin"] as const) {
    expect(decisions(person("anna", role), adjustment("anna", "approver")).withdraw, role).toBe(true);
    expect(decisions(person("ben", role), adjustment("anna", "approver")).withdraw, role).toBe(false);
  }
  expect(decisions(person("anna", "finance"), adjustment("anna", "approver"))).toEqual(NONE);
  expect(decisions(person("anna", "service", ["adjust:read"]), adjustment("anna", "approver"))).toEqual(NONE);
  // Whose a key is stays the server's secret.
  expect(decisions(key("service"), adjustment("anna", "approver")).withdraw).toBe(true);
  expect(mayWithdraw(person("anna", "marketing"), { asked_by: "anna" })).toBe(true);
  expect(mayWithdraw(person("ben", "marketing"), { asked_by: "anna" })).toBe(false);
  expect(mayWithdraw(person("anna", "approver"), { asked_by: "anna" })).toBe(false);
});

test("a key that reads as a department head may be a vice president's", () => {
  expect(mayDecide(key("department_head"), adjustment("anna", "vice_president"))).toBe(true);
  expect(mayDecide(key("department_head"), adjustment("anna", "approver"))).toBe(false);
});

test.each([
  ["publication", { asked_by: "anna" }, "approver", "approver"],
  ["import", { asked_by: "anna", approvals: [] }, "approver", "approver"],
  ["review", { reported_by: "person:anna" }, null, "approver"],
  ["reward", { change: { asked_by: "anna" } }, null, "approver"],
  ["key", { created_by: "anna" }, null, "admin"],
  ["person", { invited_by: "anna", roles: [] }, null, "admin"],
  ["person", { invited_by: null, roles: [{ waits: true, by: "anna" }] }, null, "admin"],
  ["role", { wanted_by: "anna" }, null, "admin"],
] as const)("another person approves of a %s", (kind, item, waitsFor, role) => {
  expect(mayDecide(person("ben", role), of(kind, item, waitsFor))).toBe(true);
  expect(mayDecide(person("anna", role), of(kind, item, waitsFor))).toBe(false);
  expect(mayDecide(person("ben", "service"), of(kind, item, waitsFor))).toBe(false);
});

test("who asked for a change of a reward may drop it, and for a key revoke it", () => {
  expect(decisions(person("anna", "marketing"), of("reward", { change: { asked_by: "anna" } }))).toEqual({ ...NONE, reject: true });
  expect(decisions(person("ben", "admin"), of("reward", { change: { asked_by: "anna" } }))).toEqual(NONE);
  expect(decisions(person("anna", "admin"), of("key", { created_by: "anna" }))).toEqual({ ...NONE, reject: true });
});
