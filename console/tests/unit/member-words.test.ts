import { expect, test } from "vitest";

// Served as it is written, so it has no types.
const path = new URL("../../../components/member-page/page/words.js", import.meta.url).href;
const { choose, day, money, say, words } = await import(path);

const languages = words as Record<string, Record<string, string>>;
const keysOf = (name: string) => Object.keys(languages[name] ?? {});
const valuesOf = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test("the page of members has every word in both languages, with the same values in it", () => {
  expect(Object.keys(languages)).toEqual(["zh-CN", "en"]);
  expect(keysOf("en")).toEqual(keysOf("zh-CN"));
  for (const key of keysOf("en")) {
    const [zh, en] = [languages["zh-CN"]?.[key] ?? "", languages.en?.[key] ?? ""];
    expect(valuesOf(en), key).toEqual(valuesOf(zh));
    expect(zh, key).toMatch(/[\u4e00-\u9fff]/);
    expect(en, key).not.toMatch(/[\u4e00-\u9fff]/);
  }
});

test("days, money and values are those of the language", () => {
  choose("en");
  expect(day("2026-03-31")).toBe("31 Mar 2026");
  expect(money(12_850, { currency: "CNY", decimals: 2 })).toBe("CN¥128.50");
  expect(money(500, { currency: "JPY", decimals: 0 })).toBe("¥500");
  expect(say("pending", { points: "5" })).toBe("5 more points begin later");
  choose("zh-CN");
  expect(day("2026-03-31")).toBe("2026年3月31日");
  expect(money(12_850, { currency: "CNY", decimals: 2 })).toBe("¥128.50");
  expect(choose("fr")).toBe("zh-CN");
});
