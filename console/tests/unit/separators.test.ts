// Values that are pasted as one text come apart in both languages.

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SEPARATORS } from "../../src/lib/separators";

test("commas and semicolons of both widths, and lines, are between values", () => {
  expect([...SEPARATORS].sort()).toEqual(["\n", ",", ";", "\u3001", "\uff0c", "\uff1b"].sort());
});

test("each field for values of no list comes apart at them", () => {
  const source = new URL("../../src/", import.meta.url);
  const pages = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".tsx"));
  const fields = pages.flatMap((file) => readFileSync(new URL(file, source), "utf8").match(/<Select mode="tags"[^>]*>/g) ?? []);
  const free = fields.filter((field) => !field.includes("options="));
  expect(free).toHaveLength(3);
  for (const field of free) expect(field).toContain("tokenSeparators={SEPARATORS}");
});
