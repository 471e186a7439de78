// From a row that somebody types to what it brought: the matrix, a flow, a rehearsal, a request and its
// approval, a night, a message at a gateway, a click, a redemption, and the lift. In a programme of its
// own for each language, by the console wherever a person does it.

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { en } from "../../src/strings/en";
import { zh } from "../../src/strings/zh";
import { startGateway, type Gateway } from "./gateway";
import { admin, api, begin, choose, go, open, operator, PICTURES, settled, signIn, violations } from "./helpers";
import { caller, RULEBOOK } from "./seed.mjs";

const PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.60";
const MEMBERS = 60;

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(async () => {
  await gateway.close();
});

const clock = async (at: string) => {
  const answer = await fetch(`${admin}/clock`, { method: "PUT", body: at });
  expect(answer.status, await answer.text()).toBeLessThan(300);
};

/** Repeats a job until it has nothing left. */
async function runs(call: ReturnType<typeof caller>, job: string): Promise<void> {
  for (let calls = 0; calls < 20; calls += 1) {
    const report = await call("POST", `/v1/jobs/${job}`);
    if (report.done !== false) return;
  }
  throw new Error(`${job} does not end`);
}

/** What the schedule does each minute. */
async function fires(component: string): Promise<void> {
  const answer = await fetch(`${admin}/cron/${component}`, { method: "POST" });
  expect(answer.status, await answer.text()).toBe(200);
}

/** A programme with members whose points end in thirty days, whom a gateway reaches. */
async function opened(id: string, joined: string) {
  await clock(joined);
  const root = caller(api, operator);
  const made = await root("PUT", `/v1/programmes/${id}`, { name: "Chain", rulebook: RULEBOOK });
  const boss = caller(api, made.admin_key.key);
  const keys: Record<string, string> = {};
  for (const [role, person] of [["marketing", "anna"], ["approver", "chen"], ["service", "li"], ["finance", "zhao"]]) {
    keys[role as string] = (await root("POST", "/v1/keys", { role, label: role, person_id: person, programme_id: id })).key;
  }
  for (const role of ["storefront", "job"]) keys[role] = (await root("POST", "/v1/keys", { role, label: role, programme_id: id })).key;
  const till = caller(api, keys.storefront ?? "");
  const members = Array.from({ length: MEMBERS }, (_, place) => `${id}-m${String(place).padStart(2, "0")}`);
  await till("POST", "/v1/earn/bulk", { events: members.map((member_id) => ({ idempotency_key: `join-${member_id}`, member_id, event: "sign_up" })) });
  for (let from = 0; from < MEMBERS; from += 10) {
    const some = members.slice(from, from + 10);
    await Promise.all(some.map((member) => till("PUT", `/v1/members/${member}/contacts/push`, { address: `token-of-${member}` })));
  }
  const consents = members.map((member_id) => ({ member_id, purpose: "marketing", channel: "push", decision: "given", occurred_at: new Date(Date.parse(joined)).toISOString(), source: "form" }));
  await till("POST", "/v1/consents/bulk", { consents });
  const marketing = caller(api, keys.marketing ?? "");
  await boss("PUT", "/v1/link-settings", { hosts: ["shop.example"], base: "https://go.shop.example" });
  const text = (title: string, body: string) => ({ title, body, link: "https://shop.example/points" });
  await marketing("PUT", "/v1/templates/nudge", {
    purpose: "marketing",
    texts: { push: { "zh-CN": text("积分将到期", "{{ name or '会员' }},{{ points }}积分将到期。{{ link }} {{ unsubscribe }}"), en: text("Points end", "{{ points }} points end. {{ link }} {{ unsubscribe }}") } },
  });
  await boss("PUT", "/v1/channels/gateway", { vendor: "webhook", settings: { url: gateway.url, channel: "push" }, secrets: { signing_secret: gateway.secret } });
  const job = caller(api, keys.job ?? "");
  await runs(job, "fold");
  keys.admin = made.admin_key.key;
  return { keys, members, till, marketing, job };
}

test.each([["en", 4], ["zh-CN", 6]] as const)("a row becomes a message, and the message a lift (%s)", { timeout: 240_000 }, async (language, month) => {
  const w = language === "en" ? en : zh;
  const at = (day: number, time: string) => `2026-0${month}-${String(day).padStart(2, "0")}T${time}:00+08:00`;
  const programme = `chain-${language.slice(0, 2)}-${Math.random().toString(36).slice(2, 8)}`;
  gateway.messages.length = 0;
  const { keys, members, till, marketing, job } = await opened(programme, at(1, "12:00"));
  await clock(at(15, "20:00"));
  begin({ keys, now: Date.parse(at(15, "20:00")) });
  const fits = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const clean = async (page: Page, name: string, alsoNarrow = false) => {
    expect(await violations(page), name).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/chain-${name}-${language}.png`, fullPage: true });
    if (!alsoNarrow) return;
    const size = page.viewportSize();
    await page.setViewportSize({ width: 390, height: 844 });
    await expect.poll(() => fits(page)).toBeLessThanOrEqual(0);
    expect(await violations(page), `${name}, narrow`).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/chain-${name}-${language}-390.png`, fullPage: true });
    if (size) await page.setViewportSize(size);
  };

  // An admin tells where templates may be tried, and marketing tries one there.
  const office = await open("/channels", { language });
  await signIn(office.page, keys.admin ?? "", programme);
  await office.page.getByRole("button", { name: w.testAddresses.new }).click();
  const adding = office.page.getByRole("dialog");
  await adding.getByLabel(w.endpoints.id, { exact: true }).fill("anna");
  await choose(office.page, adding.getByLabel(w.try.channel), w.contactChannel.push);
  await adding.getByLabel(w.log.address).fill("token-of-staff");
  await adding.getByRole("button", { name: w.do.save }).click();
  await office.page.getByRole("region", { name: w.testAddresses.title }).getByText("anna").waitFor();
  await clean(office.page, "0-channels", true);
  expect(office.faults).toEqual([]);
  await office.close();
  const writer = await open("/templates/nudge", { language });
  await signIn(writer.page, keys.marketing ?? "", programme);
  await writer.page.getByRole("button", { name: w.trial.open }).click();
  const trial = writer.page.getByRole("dialog");
  await trial.getByRole("button", { name: w.trial.send }).click();
  await trial.getByText(w.trial.outcome.accepted).waitFor();
  expect(gateway.messages.map((one) => one.to)).toEqual(["token-of-staff"]);
  expect(gateway.messages[0]?.text).toContain("https://shop.example/points");
  await clean(writer.page, "0-trial", true);
  expect(writer.faults).toEqual([]);
  await writer.close();
  gateway.messages.length = 0;

  // The row is typed.
  const desk = await open("/strategies", { language });
  const { page } = desk;
  await signIn(page, keys.marketing ?? "", programme);
  await page.getByRole("button", { name: w.rules.newDraft }).click();
  await page.getByRole("dialog").getByLabel(w.rules.draftName).fill("nudge");
  await page.getByRole("dialog").getByRole("button", { name: w.rules.make }).click();
  await page.getByRole("heading", { name: "nudge" }).waitFor();
  await page.getByRole("button", { name: w.strategy.new }).click();
  const form = page.getByRole("dialog");
  // The form takes the focus to its place a moment after it opens.
  await form.locator("#strategy_id").waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("strategy_id");
  await form.locator("#strategy_id").fill("nudge");
  await form.getByLabel(w.tags.chineseName).fill("到期提醒");
  await form.getByLabel(w.tags.englishName).fill("Before points end");
  await form.getByLabel(w.strategy.days, { exact: true }).fill("15");
  const channels = form.locator("#strategy_channels");
  await channels.fill(w.contactChannel.push);
  await page.locator(".ant-select-dropdown:visible .ant-select-item-option-active", { hasText: w.contactChannel.push }).waitFor();
  await channels.press("Enter");
  await form.locator(".ant-select-selection-item", { hasText: w.contactChannel.push }).waitFor();
  await channels.press("Escape");
  await expect.poll(() => page.locator(".ant-select-dropdown:visible").count()).toBe(0);
  await form.locator("#strategy_template").fill("nudge");
  await form.locator("summary", { hasText: w.strategy.more }).click();
  await form.locator("#strategy_holdout_percent").fill("50");
  await form.getByRole("button", { name: w.ruleForm.keep }).click();
  await form.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: `${w.strategy.flow}: nudge` }).waitFor();
  await clean(page, "1-matrix");

  // The row becomes a flow of two messages.
  await page.getByRole("button", { name: `${w.strategy.flow}: nudge` }).click();
  await page.locator(".card-node.end").waitFor();
  await page.getByRole("group", { name: w.flow.palette }).getByRole("button", { name: w.flow.message }).dragTo(page.locator(".flow"), { targetPosition: { x: 80, y: 60 } });
  await expect.poll(() => page.locator(".card-node.message").count()).toBe(2);
  await clean(page, "2-flow");
  await page.getByRole("button", { name: w.rules.keep }).click();
  await page.getByText(w.rules.kept).waitFor();
  const [kept] = (await marketing("GET", "/v1/playbook/drafts/nudge")).playbook.strategies;
  expect(kept.sequence.nodes.map((one: { days_before: number }) => one.days_before)).toEqual([15, 7]);

  // It is rehearsed: what is shown is what the server tells.
  const told = await marketing("POST", "/v1/playbook/rehearsal", { draft: "nudge" });
  const { due } = told.totals;
  expect(due).toBeGreaterThan(15);
  await page.getByRole("link", { name: w.rehearsal.title }).click();
  await page.getByRole("button", { name: w.rehearsal.begin }).click();
  await page.getByText(w.rehearsal.state.done).waitFor();
  const figures = page.locator("dl.figures .figure dd");
  expect(await figures.allInnerTexts()).toEqual([String(due), String(told.totals.messages), "¥0.00", "0", String(MEMBERS - due)].map((one) => (language === "en" ? one.replace("¥", "CN¥") : one)));
  await page.getByRole("region", { name: w.rehearsal.byStrategy }).getByText(`${w.touchReason.holdout_strategy} ${told.totals.reasons.holdout_strategy}`).first().waitFor();
  // Its account is fast enough, by a sentence.
  const [speed] = told.accounts;
  expect(speed).toMatchObject({ channel: "push", account: "gateway", is_paused: false, messages: told.totals.messages, late: 0 });
  await page.getByRole("heading", { name: w.rehearsal.speed.title }).waitFor();
  await page.getByText(w.rehearsal.speed.enough, { exact: true }).waitFor();
  await clean(page, "3-rehearsal", true);

  // Over the past days it is held against what happened there.
  await page.clock.setFixedTime(new Date((await (await fetch(`${admin}/clock`)).text()).trim()));
  await page.getByRole("link", { name: w.lookBack.title }).click();
  await page.getByRole("button", { name: w.lookBack.begin }).click();
  await page.getByText(w.rehearsal.state.done).waitFor();
  const past = await marketing("POST", "/v1/playbook/back-test", { draft: "nudge" });
  expect(past.done).toBe(true);
  expect(await figures.allInnerTexts()).toEqual([past.totals.due, past.totals.messages].map(String).concat([language === "en" ? "CN¥0.00" : "¥0.00", "0", String(Object.values<number>(past.totals.reasons).reduce((sum, count) => sum + count, 0))]));
  await page.getByText(w.asOfNow.kept_segments).waitFor();
  expect(past.days).toEqual([]);
  await page.getByText(w.lookBack.noDay).waitFor();

  // It is asked for, with the coming night before the eyes, and approved by another person on a phone.
  await page.getByRole("button", { name: w.rules.askPublish }).click();
  const asking = page.getByRole("dialog");
  await asking.getByText(w.rehearsal.state.done).waitFor();
  await asking.getByText(`${language === "en" ? "Before points end" : "到期提醒"}: ${due}`).waitFor();
  await clean(page, "4-ask", true);
  await asking.getByRole("button", { name: w.rules.askPublish }).click();
  await asking.waitFor({ state: "hidden" });
  const phone = await open("/inbox", { language, width: 390 });
  await signIn(phone.page, keys.approver ?? "", programme);
  const card = phone.page.locator("article").filter({ hasText: "nudge" });
  await card.waitFor();
  await clean(phone.page, "5-inbox");
  await card.getByRole("button", { name: w.inbox.approve }).click();
  await phone.page.getByRole("dialog").getByRole("button", { name: w.inbox.approve }).click();
  await card.waitFor({ state: "detached" });
  expect(phone.faults).toEqual([]);
  await phone.close();
  await page.locator(".side a", { hasText: w.menu.strategies }).click();
  await page.getByRole("region", { name: w.strategy.matrix }).getByText(language === "en" ? "Before points end" : "到期提醒").waitFor();

  // The night decides what was rehearsed, and the morning brings messages to the gateway.
  await clock(at(16, "02:00"));
  await runs(job, "touch");
  expect(gateway.messages).toEqual([]);
  await clock(at(16, "10:01"));
  await fires("deliver");
  expect(gateway.refused).toBe(0);
  expect(gateway.messages).toHaveLength(due);
  const written = gateway.messages.map((one) => one.to.replace("token-of-", "")).sort();
  expect(new Set(written).size).toBe(due);

  // A person follows the link of one of them.
  const [first] = gateway.messages;
  const reader = first?.to.replace("token-of-", "") ?? "";
  const [, token = ""] = /https:\/\/go\.shop\.example\/l\/(\S+)/.exec(first?.text ?? "") ?? [];
  const visitor = await open("/", { language, width: 390, agent: PHONE });
  await visitor.page.route("https://shop.example/**", (route) => route.abort());
  const answered = visitor.page.waitForResponse((response) => response.url().endsWith(`/l/${token}`));
  // The shop itself is not there.
  await visitor.page.goto(`${api}/l/${token}`).catch(() => undefined);
  const answer = await answered;
  expect([answer.status(), answer.headers().location]).toEqual([302, "https://shop.example/points"]);
  await visitor.close();

  // Members who got a message spend points the day after; of the others, nobody does.
  await clock(at(17, "12:00"));
  for (const [place, member_id] of written.entries()) await till("POST", "/v1/redeem", { member_id, reference: `${programme}-${place}`, points: 100 });
  await clock(at(25, "03:00"));
  await runs(job, "fold");
  await runs(job, "results");

  // The page of results shows it.
  await page.clock.setFixedTime(new Date(at(25, "03:00")));
  await page.locator(".side a", { hasText: w.menu.results }).click();
  const list = page.getByRole("region", { name: w.results.byStrategy });
  await list.getByText(w.lift.short.more).waitFor();
  await clean(page, "6-results", true);
  await list.getByRole("link", { name: language === "en" ? "Before points end" : "到期提醒" }).click();
  await page.getByRole("heading", { name: w.lift.title }).waitFor();
  const shown = await caller(api, keys.finance ?? "")("GET", `/v1/strategies/nudge/results?from=${at(1, "").slice(0, 10)}&to=${at(25, "").slice(0, 10)}`);
  expect(shown.lift).toMatchObject({ verdict: "more", treated: { members: due, converted: due }, held_out: { converted: 0 } });
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  await page.locator("p.says", { hasText: percent.format(1) }).waitFor();
  const steps = await page.locator("dl.bars dd > span:last-child").allInnerTexts();
  expect(steps).toEqual([MEMBERS, due, due, 0, 1, due].map(String));
  await page.getByRole("button", { name: `${w.view.show}: ${w.results.byWeek}` }).click();
  await page.getByRole("region", { name: w.results.byWeek }).getByText(w.lift.short.more).waitFor();
  await clean(page, "7-lift", true);

  // A number of a step leads to its rows alone.
  const [step] = shown.nodes;
  const ofStep = page.getByRole("region", { name: w.results.byNode }).getByRole("row").nth(1).getByRole("link").last();
  expect(new URL((await ofStep.getAttribute("href")) ?? "", api).searchParams.get("node")).toBe(String(step.node));
  await ofStep.click();
  const log = page.getByRole("region", { name: w.touches.title });
  await expect.poll(() => log.locator("tbody tr").count()).toBe(step.touches.sent);
  await page.goBack();
  await page.getByRole("heading", { name: w.lift.title }).waitFor();

  // A number leads to its rows: who was left alone, and what became of one message.
  const alone = page.getByRole("region", { name: w.results.notTold }).getByRole("row").filter({ hasText: w.touchReason.holdout_strategy });
  await alone.getByRole("link").click();
  await expect.poll(() => log.locator("tbody tr").count()).toBe(told.totals.reasons.holdout_strategy);
  await clean(page, "8-log", true);
  await go(page, `/touches?member=${reader}`);
  await log.getByRole("link", { name: reader }).waitFor();
  await log.getByRole("button", { name: new RegExp(`^${w.log.details}`) }).first().click();
  const details = page.getByRole("dialog");
  await expect.poll(() => details.getByRole("region", { name: w.touches.links }).locator("tbody tr").filter({ hasText: "https://shop.example/points" }).locator("td.number").allInnerTexts()).toEqual(["1", "1"]);
  await details.getByRole("region", { name: w.touches.attempts }).getByText("gateway").waitFor();
  await clean(page, "9-touch", true);
  await page.keyboard.press("Escape");
  await details.waitFor({ state: "hidden" });
  // The member's own page has it, too.
  await log.getByRole("link", { name: reader }).click();
  await page.getByRole("button", { name: `${w.view.show}: ${w.touches.ofMember}` }).click();
  await log.getByText(w.touchState.sent, { exact: true }).waitFor();
  await settled(page);
  await clean(page, "10-member");
  // The day is past now, and the playbook in force is held against it.
  await go(page, "/strategies?tab=back-test");
  await page.getByRole("button", { name: w.lookBack.begin }).click();
  await page.getByText(w.rehearsal.state.done).waitFor();
  const then = await marketing("POST", "/v1/playbook/back-test", {});
  expect(then.days.length).toBeGreaterThan(0);
  expect((await figures.allInnerTexts()).slice(0, 2)).toEqual([then.totals.due, then.totals.messages].map(String));
  await expect.poll(() => page.getByRole("region", { name: w.lookBack.byDay }).locator("tbody tr").count()).toBe(then.days.length);
  await clean(page, "11-back-test", true);
  expect(members).toContain(reader);
  expect(desk.faults).toEqual([]);
  await desk.close();
});
