import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bodyOf, faultsBelow, HAS, named, once, VARIABLES, variablesOf, withChannel, withoutChannel, withText, type Document } from "../../src/pages/templates/template";

const words = { member: "会员", more: "详情", stop: "退订" };
const document: Document = { purpose: "service", texts: { sms: { "zh-CN": { body: "您好" } } } };

test("the variables are those of the page of reference", () => {
  const page = readFileSync("../docs/reference/templates.md", "utf8");
  const table = page.split("## Variables\n")[1]?.split("\nThere are no others.")[0] ?? "";
  const listed = [...table.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name = ""]) => name.replace(".code", ""));
  expect(listed).toEqual([...VARIABLES]);
});

test("what is put in names its variable, and nothing that a text message may not have", () => {
  for (const variable of VARIABLES) expect(named(variable, "push", "en", words)).toContain(variable.replace("rewards", "reward"));
  expect(named("name", "sms", "zh-CN", words)).toBe("{{ name or '会员' }}");
  expect(named("link", "email", "zh-CN", words)).toBe('<a href="{{ link }}">详情</a>');
  expect(variablesOf("sms")).not.toContain("link");
  expect(variablesOf("sms")).not.toContain("unsubscribe");
  expect(variablesOf("email")).toEqual([...VARIABLES]);
});

test("empty fields are left out, and nothing else", () => {
  const full = { title: "题", body: " 正文 ", vendor_template_id: " SMS_1 ", parameters: [{ name: "a", value: "{{ name }}" }], link: "https://x", picture: "https://y" };
  const given: Document = { purpose: "marketing", texts: { push: { "zh-CN": full, en: { title: " ", body: "", vendor_template_id: "", parameters: [], link: " ", picture: "" } } } };
  expect(bodyOf(given)).toEqual({ purpose: "marketing", texts: { push: { "zh-CN": { ...full, vendor_template_id: "SMS_1" }, en: { body: "" } } } });
});

test("texts and channels come and go, and others stay", () => {
  const english = withText(document, "sms", "en", { body: "Hello" });
  expect(english.texts.sms).toEqual({ "zh-CN": { body: "您好" }, en: { body: "Hello" } });
  expect(withText(english, "sms", "en", null)).toEqual(document);
  const two = withChannel(document, "email");
  expect(Object.keys(two.texts)).toEqual(["sms", "email"]);
  expect(withoutChannel(two, "email")).toEqual(document);
  expect(Object.keys(HAS)).toEqual(["sms", "email", "push", "wecom", "wechat"]);
});

test("faults are told once, at their place", () => {
  const faults = [
    { pointer: "/texts/sms/zh-CN/body", detail: "a" },
    { pointer: "/texts/sms/zh-CN/body", detail: "a" },
    { pointer: "/texts/sms", detail: "b" },
    { pointer: "/texts/smsx", detail: "c" },
  ];
  expect(once(faults)).toHaveLength(3);
  expect(faultsBelow(once(faults), "/texts/sms")).toEqual([{ pointer: "/zh-CN/body", detail: "a" }, { pointer: "", detail: "b" }]);
});
