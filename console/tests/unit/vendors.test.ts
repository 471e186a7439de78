import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { en } from "../../src/strings/en";
import { filled, goesElsewhere, VENDORS, type Field } from "../../src/pages/channels/vendors";

const page = readFileSync("../docs/reference/channels.md", "utf8");

/** What the page of reference says an account needs, in its order. */
function described(section: string): { settings: string[]; secrets: string[]; optional: string[] } {
  const rows = [...section.matchAll(/^\| `(\w+)` \| (setting|secret) \|(.*)\|$/gm)].map(([, name = "", kind = "", about = ""]) => ({ name, kind, about }));
  const named = (kind: string) => rows.filter((row) => row.kind === kind).map((row) => row.name);
  const optional = rows.filter(({ about }) => /optional|left out/.test(about)).map((row) => row.name);
  return { settings: named("setting"), secrets: named("secret"), optional };
}

test("the form of each vendor is that of the page of reference", () => {
  const vendors = page.split("\n## Vendors\n")[1] ?? "";
  const sections = vendors.split("\n### ").slice(1).map((section) => [/^`(\w+)`/.exec(section)?.[1] ?? "", section] as const);
  expect(VENDORS.map((vendor) => vendor.name)).toEqual(sections.map(([name]) => name));
  for (const [name, section] of sections) {
    const vendor = VENDORS.find((one) => one.name === name);
    const said = described(section);
    const names = (fields: readonly Field[] = []) => fields.map((field) => field.name);
    // The page says once that every account but that of a gateway may have a base.
    expect(names(vendor?.settings), name).toEqual(name === "webhook" ? said.settings : [...said.settings, "base_url"]);
    expect(names(vendor?.secrets), name).toEqual(said.secrets);
    const optional = [...(vendor?.settings ?? []), ...(vendor?.secrets ?? [])].filter((field) => field.optional && field.name !== "base_url");
    // Of Twilio one of two is needed; WeCom has its key with the token.
    const either = name === "twilio" ? ["from", "messaging_service_sid"] : said.optional;
    expect(names(optional), name).toEqual(either);
  }
});

test("each field, hint and choice has its word", () => {
  const labels = new Set<string>();
  for (const vendor of VENDORS) {
    expect(en.vendor, vendor.name).toHaveProperty(vendor.name);
    for (const { name, label = name, words, choices = [] } of [...vendor.settings, ...vendor.secrets]) {
      labels.add(label).add(`${vendor.name}_${name}`);
      expect(en.vendorField, label).toHaveProperty(label);
      for (const choice of choices) expect(en[words ?? "contactChannel"], choice).toHaveProperty(choice);
    }
  }
  for (const hint of Object.keys(en.vendorHint)) expect(labels, hint).toContain(hint);
});

test("what is left empty is left out", () => {
  const fields: Field[] = [{ name: "a" }, { name: "b" }, { name: "c", kind: "number" }, { name: "d", kind: "switch" }, { name: "e" }];
  expect(filled(fields, { a: " x ", b: " ", c: 0, d: false, e: null, other: "y" })).toEqual({ a: "x", c: 0, d: false });
  expect(filled(fields, undefined)).toEqual({});
});

test("another address asks for the secrets again", () => {
  expect(goesElsewhere({ from: "a", region: "x" }, { from: "b", region: "x" })).toBe(false);
  for (const place of ["base_url", "token_url", "url", "region"]) {
    expect(goesElsewhere({}, { [place]: "https://x" }), place).toBe(true);
    expect(goesElsewhere({ [place]: "https://x" }, {}), place).toBe(true);
  }
});
