import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { en } from "../../src/strings/en";
import { zh } from "../../src/strings/zh";

function flat(words: object, before = ""): [string, string][] {
  return Object.entries(words).flatMap(([name, value]): [string, string][] =>
    typeof value === "string" ? [[before + name, value]] : flat(value as object, `${before}${name}.`),
  );
}

const english = new Map(flat(en));
const chinese = new Map(flat(zh));

test("both languages have the same keys, and no text is empty", () => {
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe("");
});

test("both languages fill in the same values", () => {
  // 20 % off is 8 折 in Chinese: the same value, said from the other end.
  const same: Record<string, string> = { tenths: "percent" };
  const values = (text: string | undefined) => [...(text ?? "").matchAll(/\{\{(\w+)\}\}/g)].map(([, name = ""]) => same[name] ?? name).sort();
  for (const [key, text] of english) expect(values(chinese.get(key)), key).toEqual(values(text));
});

test("Chinese texts are Chinese, apart from names", () => {
  const names = /^(App|CSV|\+86138…|[A-Za-z_:{}\d\s.,;…%→×+()≥≤<>–-]*)$/;
  for (const [key, text] of chinese) {
    if (!names.test(text)) expect(text, key).toMatch(/[\u4e00-\u9fff]/);
  }
  for (const [key, text] of english) expect(text, key).not.toMatch(/[\u4e00-\u9fff]/);
});

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sources(path) : /\.tsx?$/.test(name) ? [path] : [];
  });
}

test("pages take every word from the strings", () => {
  for (const path of sources("src").filter((one) => !one.includes("strings") && !one.endsWith("frame.tsx"))) {
    const code = readFileSync(path, "utf8").replace(/^\s*(\/\/|\*|\/\*\*).*$/gm, "");
    expect(code, path).not.toMatch(/[\u4e00-\u9fff]/);
    // Words between tags: `<p>Some text</p>`.
    expect(code.match(/>\s*[A-Z][a-z]+( [a-z]+)+\s*</g) ?? [], path).toEqual([]);
  }
});

test("every key that a page names is there, and every key is used", () => {
  const code = sources("src").filter((one) => !one.includes("strings")).map((path) => readFileSync(path, "utf8")).join("\n");
  const named = [...code.matchAll(/\bt\(\s*"([\w.-]+)"/g)].map((one) => one[1] ?? "");
  expect(named.length).toBeGreaterThan(50);
  for (const key of named) expect(english.has(key), key).toBe(true);
  // Groups that pages look up by a value of the API, such as `kind.earn`.
  const groups = [...code.matchAll(/\b(?:word|options)\("(\w+(?:\.\w+)*)"/g)].map((one) => one[1] ?? "");
  const parts = [...code.matchAll(/`([\w.]+)\.\$\{/g)].map((one) => one[1] ?? "");
  const literals = new Set([...code.matchAll(/"([\w.-]+)"/g)].map((one) => one[1]));
  const unused = [...english.keys()].filter(
    (key) => !named.includes(key) && !literals.has(key) && ![...groups, ...parts, "problem"].some((group) => key.startsWith(`${group}.`)),
  );
  expect(unused).toEqual([]);
});
