import { expect, test } from "vitest";
import type { Session } from "../../src/api/answers";
import { isHeldBy, isSamePerson, roleToResume, tellTabs, whenTold } from "../../src/lib/tabs";

const session = (person: string, role: string, roles: string[] = [role], programme = "default"): Session => ({
  person: { id: person, name: person },
  programme: { id: programme, name: programme },
  has_code: true,
  role,
  base: "service",
  permissions: null,
  stores: null,
  expires_at: "2026-02-01T00:00:00Z",
  roles: roles.map((one) => ({ role: one, base: "service" })),
});
const anna = { personId: "anna", acting: "approver", programme: { id: "default" } };

test("a page is of the session while person, programme and role are the same", () => {
  expect(isHeldBy(anna, session("anna", "approver"))).toBe(true);
  expect(isHeldBy(anna, session("anna", "service"))).toBe(false);
  expect(isHeldBy(anna, session("ben", "approver"))).toBe(false);
  expect(isHeldBy(anna, session("anna", "approver", [], "other"))).toBe(false);
  expect(isSamePerson(anna, session("anna", "service"))).toBe(true);
  expect(isSamePerson({ ...anna, personId: null }, session("anna", "approver"))).toBe(false);
});

test("a person who signs in again goes on in the former role, where they still have it", () => {
  expect(roleToResume(anna, session("anna", "service", ["service", "approver"]))).toBe("approver");
  expect(roleToResume(anna, session("anna", "approver", ["service", "approver"]))).toBe(null);
  expect(roleToResume(anna, session("anna", "service", ["service"]))).toBe(null);
  expect(roleToResume(anna, session("ben", "service", ["service", "approver"]))).toBe(null);
  expect(roleToResume(null, session("anna", "service", ["service", "approver"]))).toBe(null);
});

test("other tabs hear of a change, and the tab that told it does not", async () => {
  const heard: string[] = [];
  const other = new BroadcastChannel("accrue-session");
  const told = new Promise((resolve) => { other.onmessage = resolve; });
  const stop = whenTold(() => heard.push("own"));
  tellTabs();
  await told;
  expect(heard).toEqual([]);
  const answered = new Promise<void>((resolve) => { whenTold(resolve); });
  other.postMessage("changed");
  await answered;
  expect(heard).toEqual(["own"]);
  stop();
  other.close();
});
