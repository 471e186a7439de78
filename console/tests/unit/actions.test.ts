// Each action that the page of reference names has a name here, and no other one.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { en } from "../../src/strings/en";

test("actions of the audit log are those of its page of reference", () => {
  const page = readFileSync(new URL("../../../docs/reference/api/audit-log.md", import.meta.url), "utf8");
  const table = page.slice(page.indexOf("| `key_made`"), page.indexOf("## Semantics"));
  const first = [...table.matchAll(/^\| ([^|]*) \|/gm)].map((row) => row[1] ?? "");
  const named = first.flatMap((cell) => [...cell.matchAll(/`([a-z_]+)`/g)].map((name) => name[1]));
  expect(named.length).toBeGreaterThan(70);
  expect(Object.keys(en.action).sort()).toEqual(named.sort());
});
