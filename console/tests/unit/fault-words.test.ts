import { readdirSync, readFileSync } from "node:fs";
import type { TFunction } from "i18next";
import { expect, test } from "vitest";
import { faultText, SAMPLES, SENTENCES } from "../../src/pages/templates/fault-words";

const FOLDER = "../crates/templates/src";
const code = readdirSync(FOLDER).map((name) => readFileSync(`${FOLDER}/${name}`, "utf8")).join("\n");
/** Says the key and the values, so that both can be read. */
const t = ((key: string, values: object = {}) => `${key.split(".").slice(1).join(".")}${JSON.stringify(values)}`) as unknown as TFunction;

test("every sentence and every sample stands in the crate that says it", () => {
  for (const sentence of [...Object.values(SENTENCES), ...Object.values(SAMPLES)]) expect(code, sentence).toContain(sentence.replace("…", ""));
});

test.each([
  ["must not be empty", "fault.empty{}"],
  ["must not be empty; `or` gives another word", "fault.emptyParameter{}"],
  ["for a member with long names: shows 80 characters, more than 60", 'sample.long{} fault.characters{"count":"80","most":"60"}'],
  ["line 2: there is no variable `nam`; there are name, points", 'line{"line":"2"} fault.noVariable{"name":"nam","names":"name, points"}'],
  ["for a usual member: line 3: shows what is not known", 'sample.usual{} line{"line":"3"} fault.unknown{}'],
  ["has 5000 bytes, more than 4000", 'fault.bytes{"count":"5000","most":"4000"}'],
  ["vendors refuse 积分兑换 in notices, and this says 去兑换: it is marketing", 'fault.notANotice{"content":"积分兑换","word":"去兑换"}'],
  ["must say how to refuse more, such as 拒收请回复R", "fault.replyHint{}"],
  ["line 1: a loop names one variable", null],
])("%s", (detail, said) => {
  expect(faultText(detail, t)).toBe(said);
});
