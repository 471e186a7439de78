// The console in Chromium, on the real host: every page in both languages and at two widths, and
// what people do there. Pictures go to target/console/pictures.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { admin, api, begin, choose, go, keys, now, open, operator, PICTURES, search, settled, signIn, violations, type Watched } from "./helpers";
import { channels } from "./channels";
import { customers } from "./customers";
import { ruleBuilder } from "./rule-builder";
import { caller, seed } from "./seed.mjs";
import { strategies } from "./strategies";
import { tasks } from "./tasks";
import { templates } from "./templates";

beforeAll(async () => begin(await seed({ api, admin, key: operator })));

const PAGES: [name: string, role: string, path: string][] = [
  ["overview", "admin", "/"],
  ["inbox", "admin", "/inbox"],
  ["members", "service", "/members"],
  ["order", "service", "/members?by=order&text=SO202600001"],
  ["member", "service", "/members/M10001"],
  ["member-read", "finance", "/members/M10001"],
  ["members-tier", "service", "/members?tier=gold"],
  ["rules", "marketing", "/rules"],
  ["versions", "marketing", "/rules?tab=versions"],
  ["version", "marketing", "/rules?version=2"],
  ["drafts", "marketing", "/rules?tab=drafts"],
  ["publications", "marketing", "/rules?tab=publications"],
  ["back-tests", "marketing", "/rules?tab=back-tests"],
  ["draft-edit", "marketing", "/rules/drafts/broken"],
  ["draft-changes", "marketing", "/rules/drafts/spring?tab=diff"],
  ["draft-try", "marketing", "/rules/drafts/spring?tab=try"],
  ["draft-back-test", "marketing", "/rules/drafts/spring?tab=back-test"],
  ["strategies", "marketing", "/strategies"],
  ["strategies-versions", "marketing", "/strategies?tab=versions"],
  ["strategies-drafts", "marketing", "/strategies?tab=drafts"],
  ["strategies-publications", "marketing", "/strategies?tab=publications"],
  ["strategy-matrix", "marketing", "/strategies/drafts/retention"],
  ["strategy-flow", "marketing", "/strategies/drafts/retention?tab=flow&strategy=expiry_ladder"],
  ["strategy-settings", "marketing", "/strategies/drafts/retention?tab=settings"],
  ["strategy-changes", "marketing", "/strategies/drafts/retention?tab=diff"],
  ["strategy-document", "marketing", "/strategies/drafts/retention?tab=document"],
  ["strategy-read", "approver", "/strategies/drafts/retention"],
  ["strategies-rehearsal", "marketing", "/strategies?tab=rehearsal"],
  ["strategy-rehearsal", "approver", "/strategies/drafts/retention?tab=rehearsal"],
  ["strategies-back-test", "marketing", "/strategies?tab=back-test"],
  ["strategy-back-test", "approver", "/strategies/drafts/retention?tab=back-test"],
  ["results", "marketing", "/results"],
  ["touches", "service", "/touches"],
  ["templates", "marketing", "/templates"],
  ["template", "marketing", "/templates/points_end"],
  ["template-email", "marketing", "/templates/points_end?channel=email"],
  ["template-versions", "marketing", "/templates/points_end?tab=versions"],
  ["template-read", "finance", "/templates/points_end"],
  ["channels", "admin", "/channels"],
  ["tags", "marketing", "/customers"],
  ["segments", "marketing", "/customers?tab=segments"],
  ["rfm", "marketing", "/customers?tab=rfm"],
  ["rewards", "marketing", "/rewards"],
  ["books", "finance", "/books"],
  ["stores", "admin", "/stores"],
  ["staff", "admin", "/staff"],
  ["own-roles", "admin", "/staff?tab=roles"],
  ["audit-log", "finance", "/audit-log"],
  ["keys", "admin", "/keys"],
  ["endpoints", "admin", "/endpoints"],
  ["system", "admin", "/system"],
  ["approver-overview", "approver", "/"],
];

describe.each([
  ["zh-CN", 1440],
  ["en-GB", 1440],
  ["zh-CN", 390],
  ["en-GB", 360],
] as const)("in %s at %i px", (language, width) => {
  test("the door", async () => {
    const { page, faults, close } = await open("/", { language, width });
    await page.locator("form").first().waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe(language === "zh-CN" ? "zh-CN" : "en");
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/sign-in-${language}-${width}.png` });
    await close();
  });

  const opened = new Map<string, Watched>();
  afterAll(async () => {
    for (const one of opened.values()) await one.close();
  });

  test.each(PAGES)("%s", async (name, role, path) => {
    let watched = opened.get(role);
    if (!watched) {
      watched = await open("/", { language, width });
      opened.set(role, watched);
      await signIn(watched.page, keys[role] ?? "");
    }
    const { page, faults } = watched;
    faults.length = 0;
    await go(page, path);
    await settled(page);
    await page.screenshot({ path: `${PICTURES}/${name}-${language}-${width}.png`, fullPage: true });
    await expect.poll(() => page.locator("h1").count()).toBe(1);
    expect(await page.locator("[role=alert]:visible").allTextContents()).toEqual([]);
    // Documents and sources of templates, as they were written, say what they say.
    const written = await page.locator("pre:visible").allInnerTexts();
    const text = written.reduce((rest, one) => rest.replace(one, ""), await page.locator("body").innerText());
    expect(text).not.toMatch(/NaN|undefined|\[object|\{\{/);
    if (language === "en-GB") {
      const shell = await page.locator(".side, .head, th, dt, .filters, h2").allInnerTexts();
      expect(shell.join(" ").replaceAll("中文", "")).not.toMatch(/[\u4e00-\u9fff]/);
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, "scrolls sideways").toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
  });
});

describe("what people do", () => {
  test("a wrong key is refused in words, and its field keeps it", async () => {
    const { page, close } = await open("/");
    await page.getByRole("tab").nth(1).click();
    await page.locator("input#key").fill("acc_wrong-wrong-wrong-wrong-wrong-wrong");
    await page.locator("button[type=submit]:visible").click();
    await page.getByRole("alert").getByText("密钥或登录状态无效").waitFor();
    expect(await page.locator("input#key").inputValue()).toContain("acc_wrong");
    await close();
  });

  test("the key is gone with the page, and stored nowhere", async () => {
    const { page, close } = await open("/");
    await signIn(page, keys.service ?? "");
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    expect(kept).not.toContain("acc_");
    await page.reload();
    await page.locator("form").first().waitFor();
    expect(await page.locator(".frame").count()).toBe(0);
    await close();
  });

  test("an entry explains itself", async () => {
    const { page, close } = await open("/members/M10001?kind=earn", { language: "en" });
    await signIn(page, keys.service ?? "");
    await page.getByRole("button", { name: "Explain" }).first().click();
    await page.getByText("Rules that fired").waitFor();
    await page.getByText("Rules that did not").waitFor();
    await page.getByText("no line counts for it").first().waitFor();
    await page.screenshot({ path: `${PICTURES}/explain-en-1440.png`, fullPage: true });
    expect(await violations(page)).toEqual([]);
    await close();
  });

  test("an adjustment is requested, kept through a refusal, and approved on a phone", async () => {
    const service = await open("/members/M10004", { language: "en" });
    await signIn(service.page, keys.service ?? "");
    await service.page.getByRole("button", { name: "Adjust points" }).click();
    const dialog = service.page.getByRole("dialog");
    await dialog.getByLabel("Points", { exact: true }).fill("77");
    await dialog.getByLabel("Reason", { exact: true }).click();
    await service.page.getByTitle("Goodwill").click();
    await dialog.getByLabel("Evidence").fill("ticket 77");
    // The network is gone: everything stays, and the same request is sent again.
    await service.page.context().setOffline(true);
    await dialog.getByRole("button", { name: "Request" }).click();
    await dialog.getByRole("alert").getByText("cannot be reached").waitFor();
    expect(await violations(service.page)).toEqual([]);
    expect(await dialog.getByLabel("Evidence").inputValue()).toBe("ticket 77");
    await service.page.context().setOffline(false);
    await dialog.getByRole("button", { name: "Request" }).click();
    await service.page.getByText("Requested. Next: Approver.").waitFor();
    await service.close();

    const phone = await open("/inbox", { width: 390 });
    await signIn(phone.page, keys.approver ?? "");
    const card = phone.page.locator("article").filter({ hasText: "ticket 77" });
    await card.getByRole("button", { name: "通过" }).click();
    expect(await violations(phone.page)).toEqual([]);
    await phone.page.getByRole("dialog").getByRole("button", { name: "通过" }).click();
    await phone.page.getByText("已通过。").waitFor();
    await card.waitFor({ state: "detached" });
    expect(phone.faults).toEqual([]);
    await phone.close();
    const entries = await caller(api, operator)("GET", "/v1/members/M10004/entries?limit=3");
    expect(entries.items.map((entry: { kind: string; points: number }) => [entry.kind, entry.points])).toContainEqual(["adjust", 77]);
  });

  test("a rejection needs a reason, which the requester reads", async () => {
    const { page, close } = await open("/inbox", { width: 360, language: "en" });
    await signIn(page, keys.approver ?? "");
    const card = page.locator("article").filter({ hasText: "M10005" });
    await card.getByRole("button", { name: "Reject" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Reject" }).click();
    await dialog.getByText("Tell the other person why.").waitFor();
    await dialog.getByLabel("Reason").fill("the order was booked once");
    await dialog.getByRole("button", { name: "Reject" }).click();
    await page.getByText("Rejected.").waitFor();
    await close();
  });

  test("a person cannot decide on their own request, and reads why", async () => {
    // The page does not know whose a key is, so it leaves that to the server.
    const own = caller(api, keys.approver ?? "");
    await own("POST", "/v1/adjustments", { member_id: "M10006", points: 40, reason_code: "goodwill", evidence: "own-40" });
    const { page, close } = await open("/inbox");
    await signIn(page, keys.approver ?? "");
    await page.locator("article").filter({ hasText: "own-40" }).getByRole("button", { name: "通过" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "通过" }).click();
    await page.getByRole("alert").getByText("不能审批自己的申请").waitFor();
    await close();
  });

  test("the address of a message opens the request it is about, also after a visit to a provider", async () => {
    const made = await caller(api, keys.service ?? "")("POST", "/v1/adjustments", { member_id: "M10011", points: 31, reason_code: "goodwill", evidence: "link-31" });
    const address = `/#/inbox/adjustment/${made.entry.entry_id}`;
    const { page, faults, close } = await open(address, { width: 390, language: "en" });
    await page.route("**/v1/oidc", (route) => route.fulfill({ json: { name: null, wecom: "WeCom" } }));
    await page.route("**/v1/oidc/sign-in", (route) => route.fulfill({ json: { url: `${api}/console/` } }));
    await signIn(page, keys.approver ?? "");
    const cards = page.locator("article");
    await cards.filter({ hasText: "link-31" }).waitFor();
    await expect.poll(() => cards.count()).toBe(1);
    expect(new URL(page.url()).hash).toBe("");
    expect(await violations(page)).toEqual([]);
    // In a new tab, and by way of the provider, which leads back to the first page.
    await page.goto("about:blank");
    await page.goto(`${api}/console${address}`);
    const back = page.waitForEvent("load");
    await page.getByRole("button", { name: "Sign in with WeCom" }).click();
    await back;
    await page.waitForURL(`${api}/console/`);
    await signIn(page, keys.approver ?? "");
    await cards.filter({ hasText: "link-31" }).waitFor();
    await expect.poll(() => cards.count()).toBe(1);
    await page.getByRole("button", { name: "Show all" }).click();
    await expect.poll(() => cards.count()).toBeGreaterThan(1);
    expect(faults).toEqual([]);
    await close();
  });

  test("a session that ends leaves what was typed", async () => {
    const made = await caller(api, operator)("POST", "/v1/keys", { role: "service", label: "short life", person_id: "短期" });
    const { page, faults, close } = await open("/members/M10007", { language: "en" });
    await signIn(page, made.key);
    await page.getByRole("button", { name: "Freeze", exact: true }).click();
    await page.getByLabel("Reason").fill("stolen phone, reported by call 4712");
    await caller(api, operator)("DELETE", `/v1/keys/${made.prefix}`);
    // A key that was admitted within the last minute still counts.
    await fetch(`${admin}/clock`, { method: "PUT", body: new Date(now.getTime() + 120_000).toISOString() });
    await page.getByRole("dialog").getByRole("button", { name: "Freeze" }).click();
    await page.getByText("Your session has ended").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.locator("input#key").fill(keys.service ?? "");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("Your session has ended").waitFor({ state: "hidden" });
    expect(await page.getByLabel("Reason").inputValue()).toBe("stolen phone, reported by call 4712");
    await page.getByRole("dialog").getByRole("button", { name: "Freeze" }).click();
    await page.getByText("The account is frozen.").waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  test("a draft is tried, held against the past, and asked for", async () => {
    const { page, faults, close } = await open("/rules?tab=drafts", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.getByRole("button", { name: "New draft" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("summer");
    await page.getByRole("button", { name: "Create" }).click();
    const editor = page.getByLabel("Rulebook");
    await expect.poll(() => editor.inputValue()).toContain('"times": "2"');
    const text = await editor.inputValue();
    await editor.fill(text.replace('"times": "2"', '"times": "4"'));
    await page.getByRole("button", { name: "Keep draft" }).click();
    await page.getByText("The draft is kept.").waitFor();
    await page.getByText("Changes: 1").waitFor();
    // What is being typed outlives a look at another part.
    await editor.fill("{ half a document");
    await page.getByRole("link", { name: "In words" }).click();
    await page.getByRole("link", { name: "Edit" }).click();
    await expect.poll(() => editor.inputValue()).toBe("{ half a document");
    await page.getByRole("button", { name: "Discard changes" }).click();
    // A rule in the form: what it does not show stays.
    await page.getByRole("button", { name: "Edit the rule gold_app" }).click();
    const form = page.getByRole("dialog");
    await form.locator("#rule_amount").fill("60");
    await form.getByRole("button", { name: "Add a condition" }).click();
    await search(page, form.getByLabel("Field").last(), "weekday");
    const row = form.locator(".condition").last();
    await expect.poll(() => row.innerText()).toContain("weekday");
    await choose(page, form.getByLabel("Comparison").last(), "is one of");
    await expect.poll(() => row.innerText()).toContain("is one of");
    await form.getByLabel("Values").last().fill("Fri");
    await page.locator(".ant-select-item-option-active", { hasText: "Friday" }).waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => row.innerText()).toContain("Friday");
    await page.keyboard.press("Tab");
    expect(await violations(page)).toEqual([]);
    await form.getByRole("button", { name: "Take over" }).click();
    await page.getByText("Taken over into the draft").waitFor();
    await expect.poll(() => editor.inputValue()).toContain('"event.weekday"');
    const rules = JSON.parse(await editor.inputValue()).rules as { id: string; award: object; conditions?: object[]; limit?: object }[];
    const rule = rules.find((one) => one.id === "gold_app");
    expect(rule?.award).toEqual({ kind: "fixed", points: 60 });
    expect(rule?.conditions?.at(-1)).toEqual({ field: "event.weekday", operator: "one_of", values: ["5"] });
    expect(rule?.limit).toEqual({ times: 2, per: "month" });
    const keptAgain = page.waitForResponse((answer) => new URL(answer.url()).pathname.endsWith("/drafts/summer") && answer.request().method() === "PUT");
    await page.getByRole("button", { name: "Keep draft" }).click();
    await keptAgain;
    await page.getByText("No faults").waitFor();
    await page.getByRole("link", { name: "Try" }).click();
    await page.locator("#member_id").fill("M10002");
    await page.getByRole("button", { name: "Try", exact: true }).click();
    await page.locator(".explain").getByText("weekend_double").waitFor();
    await page.getByRole("link", { name: "Back-test", exact: true }).click();
    const [from, to] = [page.getByPlaceholder("Start date"), page.getByPlaceholder("End date")];
    await from.fill("2026-02-01");
    await from.press("Enter");
    await to.fill("2026-03-10");
    await to.press("Enter");
    await page.getByRole("button", { name: "Begin" }).click();
    await page.getByText("Compared").waitFor();
    await page.locator(".mark.good", { hasText: "done" }).waitFor();
    await settled(page);
    await page.screenshot({ path: `${PICTURES}/back-test-en-1440.png`, fullPage: true });
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Request publication" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Request publication" }).click();
    await page.getByText("Requested. Next: Approver.").waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  test("faults stand at their fields", async () => {
    const { page, close } = await open("/endpoints", { language: "en" });
    await signIn(page, keys.admin ?? "");
    await page.getByRole("button", { name: "New endpoint" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Id").fill("bad");
    await dialog.getByLabel("URL").fill("ftp://nowhere");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.locator(".ant-form-item-explain-error").first().waitFor();
    await expect.poll(() => dialog.getByLabel("URL").getAttribute("aria-invalid")).toBe("true");
    expect(await dialog.getByLabel("URL").inputValue()).toBe("ftp://nowhere");
    await close();
  });

  test("the keyboard alone reads and decides in the inbox", async () => {
    const service = caller(api, keys.service ?? "");
    await service("POST", "/v1/adjustments", { member_id: "M10008", points: 21, reason_code: "goodwill", evidence: "keys-21" });
    const { page, close } = await open("/inbox?kind=adjustment", { language: "en" });
    await signIn(page, keys.approver ?? "");
    const button = page.locator("article").filter({ hasText: "keys-21" }).getByRole("button", { name: "Approve" });
    await button.waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.closest("article")?.textContent?.includes("keys-21") && document.activeElement?.textContent);
    for (let presses = 0; presses < 80 && (await focused()) !== "Approve"; presses += 1) await page.keyboard.press("Tab");
    expect(await focused()).toBe("Approve");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    const inside = () => page.evaluate(() => document.activeElement?.closest("[role=dialog]") && document.activeElement?.textContent);
    // The focus moves in once the dialog is there.
    await expect.poll(inside).not.toBeNull();
    for (let presses = 0; presses < 10 && (await inside()) !== "Approve"; presses += 1) await page.keyboard.press("Tab");
    expect(await inside()).toBe("Approve");
    await page.keyboard.press("Enter");
    await page.getByText("Approved.").waitFor();
    await close();
  });

  test("a segment is built of rows, counted while it is built, and kept; a tag as well", async () => {
    await caller(api, operator)("POST", "/v1/jobs/fold");
    const { page, faults, close } = await open("/customers?tab=segments", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.getByRole("button", { name: "New segment" }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("Id").fill("gold-or-new");
    await form.getByLabel("Name in Chinese").fill("金卡或新客");
    await form.getByLabel("Name in English").fill("Gold or new");
    await form.getByRole("button", { name: "Add a condition" }).click();
    await search(page, form.getByLabel("Field"), "days since joining");
    await choose(page, form.getByLabel("Comparison"), "≥");
    await form.getByLabel("Value", { exact: true }).fill("0");
    await form.getByText(/([1-9]\d*) of \1 members/).waitFor();
    await form.getByRole("link", { name: "M10001" }).waitFor();
    await page.screenshot({ path: `${PICTURES}/segment-form-en-1440.png` });
    expect(await violations(page)).toEqual([]);
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    await form.waitFor({ state: "hidden" });
    await page.getByRole("row").filter({ hasText: "Gold or new" }).waitFor();
    await page.getByRole("link", { name: "Tags", exact: true }).click();
    await page.getByRole("button", { name: "New tag" }).click();
    await form.getByRole("textbox", { name: "Path" }).fill("value/vip");
    await form.getByLabel("Name in Chinese").fill("贵宾");
    await form.getByLabel("Name in English").fill("VIP");
    await expect.poll(() => form.getByRole("radio", { name: "Expert (CEL)" }).isEnabled()).toBe(true);
    await form.getByText("Expert (CEL)").first().click();
    await form.getByRole("textbox", { name: "Expert (CEL)" }).fill("member.balance > 100");
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByText("Please fill this in.").waitFor();
    await form.getByLabel("Used for").fill("invitations");
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByRole("row").filter({ hasText: "value/vip" }).waitFor();
    const kept = await caller(api, operator)("GET", "/v1/segments/gold-or-new");
    expect(kept.conditions).toEqual([{ field: "member.days", operator: "at_least", values: ["0"] }]);
    expect(faults).toEqual([]);
    await close();
  });

  test("a second admin lets a person in from the inbox, and sees as what", async () => {
    const [first, boss] = [caller(api, keys.admin ?? ""), caller(api, operator)];
    const until = new Date(now.getTime() + 90 * 86_400_000).toISOString();
    const link = await first("POST", "/v1/invitations", { person_id: "wei", name: "魏来", roles: [{ role: "approver", stores: ["SH-001"], until }] });
    expect(link.waits).toBe(true);
    const opens = async () => (await fetch(`${api}/v1/invitations/${link.token}`)).status;
    expect(await opens()).toBe(404);
    const second = await boss("POST", "/v1/keys", { role: "admin", label: "第二管理员", person_id: "第二管理员" });
    const { page, faults, close } = await open("/inbox?kind=person", { width: 390, language: "en" });
    await signIn(page, second.key);
    const card = page.locator("article").filter({ hasText: "魏来" });
    await card.getByText("Approver").waitFor();
    await card.getByText("SH-001").waitFor();
    await card.getByText("the holder of the link can choose a password").waitFor();
    await page.screenshot({ path: `${PICTURES}/inbox-person-en-390.png`, fullPage: true });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), "scrolls sideways").toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
    await card.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("dialog").getByText("Approver").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
    await page.getByText("Approved.").waitFor();
    await card.waitFor({ state: "detached" });
    expect(await opens()).toBe(200);
    expect(faults).toEqual([]);
    await close();
  });

  test("a phone number in any spelling finds its member", async () => {
    const { page, close } = await open("/", { language: "en" });
    await signIn(page, keys.service ?? "");
    await page.getByLabel("Phone, e-mail or member id").fill("138 0000 1002");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "M10003" }).waitFor();
    await close();
  });

  test("digits that are no phone number are a member's id", async () => {
    const { page, close } = await open("/", { language: "en" });
    await signIn(page, keys.service ?? "");
    const asked: string[] = [];
    await page.route("**/v1/members/20260001", (route) => {
      asked.push(route.request().url());
      return route.fulfill({ status: 404, json: { type: "urn:accrue:problem:not-found", status: 404 } });
    });
    await page.getByLabel("Phone, e-mail or member id").fill("20260001");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "20260001", exact: true }).waitFor();
    await expect.poll(() => asked.length).toBeGreaterThan(0);
    await close();
  });

  test("a text to search for stays when it is searched for as something else", async () => {
    const { page, close } = await open("/members", { language: "en" });
    await signIn(page, keys.service ?? "");
    const field = page.getByRole("searchbox", { name: "Search", exact: true });
    await field.fill("SO202600001");
    await choose(page, page.getByLabel("Search by"), "Order");
    await page.getByRole("row").filter({ hasText: "M100" }).first().waitFor();
    expect(await field.inputValue()).toBe("SO202600001");
    await close();
  });

  test("lists are saved as CSV to their end", async () => {
    const { page, close } = await open("/members", { language: "en" });
    await signIn(page, keys.service ?? "");
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export CSV" }).click()]);
    const lines = readFileSync((await saved.path()) ?? "", "utf8").trim().split("\n");
    expect(lines.length).toBe(13);
    expect(lines[0]).toContain("member_id");
    await close();
  });

  test("a file that stopped at a fault says why, and is gone on with", async () => {
    const { page, close } = await open("/rewards", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await settled(page);
    const asked: (string | null)[] = [];
    let count = 0;
    await page.route(/\/v1\/rewards(\?|$)/, async (route) => {
      const cursor = new URL(route.request().url()).searchParams.get("cursor");
      asked.push(cursor);
      if (cursor === "second") return asked.length < 3 ? route.abort() : route.fulfill({ json: { items: [], next: null } });
      const answer = await (await route.fetch()).json();
      count = answer.items.length;
      return route.fulfill({ json: { ...answer, next: "second" } });
    });
    await page.getByRole("button", { name: "Export CSV" }).click();
    const dialog = page.getByRole("dialog", { name: "The file is not complete" });
    await dialog.waitFor();
    expect(count).toBeGreaterThan(0);
    await dialog.getByText(`${count} rows were read before that`).waitFor();
    expect(await violations(page)).toEqual([]);
    const [saved] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("button", { name: "Go on" }).click()]);
    expect(readFileSync((await saved.path()) ?? "", "utf8").trim().split("\n").length).toBe(count + 1);
    expect(asked).toEqual([null, "second", "second"]);
    await close();
  });

  test("figures that are not read are no zeros", async () => {
    const { page, close } = await open("/rules", { language: "en" });
    await page.route("**/v1/reports/trial-balance*", (route) => route.fulfill({ status: 403, json: { type: "urn:accrue:problem:forbidden" } }));
    await signIn(page, keys.admin ?? "");
    await go(page, "/");
    await page.getByRole("alert").first().waitFor();
    const figures = await page.locator(".figure dd:not(.hint)").allInnerTexts();
    expect(figures.slice(0, 4)).toEqual(["–", "–", "–", "–"]);
    await close();
  });

  test("a person is invited, sets up codes, signs in again, and acts in another role", async () => {
    const roles = [{ role: "admin" }, { role: "service" }];
    const link = await caller(api, operator)("POST", "/v1/invitations", { person_id: "anna", name: "李安娜", roles });
    const { page, faults, close } = await open(`/#/invitation/${link.token}`, { language: "en" });
    await page.getByRole("button", { name: "Set up codes with an authenticator app" }).click();
    await expect.poll(() => page.locator("code").first().innerText()).toMatch(/\w{4}/);
    const secret = (await page.locator("code").first().innerText()).replaceAll(" ", "");
    expect(await violations(page)).toEqual([]);
    await page.getByLabel("New password").fill("a-long-way-home");
    await page.getByLabel("The same password again").fill("a-long-way-home");
    const clock = async () => Date.parse((await (await fetch(`${admin}/clock`)).text()).trim());
    await page.getByLabel("Code of your").fill(codeOf(secret, await clock()));
    await page.getByRole("button", { name: "Begin" }).click();
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.locator(".who", { hasText: "李安娜" }).waitFor();
    await page.reload();
    // Another tab follows before it sends anything in the new role.
    const other = await page.context().newPage();
    await other.goto(`${api}/console/keys`);
    await other.locator(".who", { hasText: "Administrator" }).waitFor();
    await page.locator(".who", { hasText: "Administrator" }).click();
    await page.getByText("Act as Customer service").click();
    await page.locator(".who", { hasText: "Customer service" }).waitFor();
    const moved = other.getByRole("dialog").filter({ hasText: "in another role" });
    await moved.getByText("This page is of 李安娜, Administrator.").waitFor();
    expect(await violations(other)).toEqual([]);
    await moved.getByRole("button", { name: "Go on as 李安娜, Customer service" }).click();
    await other.locator(".who", { hasText: "Customer service" }).waitFor();
    await other.close();
    await page.locator(".who").click();
    await page.getByText("Sign out").click();
    await page.getByLabel("Person id").fill("anna");
    await page.locator("#password").fill("not-this-one-anyway");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("alert").getByText("Person or password is wrong").waitFor();
    await page.locator("#password").fill("a-long-way-home");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    const later = (await clock()) + 60_000;
    await fetch(`${admin}/clock`, { method: "PUT", body: new Date(later).toISOString() });
    await page.getByLabel("Code of your").fill(codeOf(secret, later));
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.locator(".who", { hasText: "李安娜" }).waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  test("an own role is made, given, and shown to the person who has it", async () => {
    const { page, faults, close } = await open("/staff?tab=roles", { language: "en" });
    await signIn(page, keys.admin ?? "");
    await page.getByRole("button", { name: "Make a role" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Role id").fill("shop-head");
    await dialog.getByLabel("Name in Chinese").fill("店长");
    await dialog.getByLabel("Name in English").fill("Head of shop");
    await dialog.getByLabel("Part of").click();
    await page.locator(".ant-select-item", { hasText: "Customer service" }).click();
    await dialog.getByRole("group", { name: "find", exact: true }).getByLabel("Read:").check();
    await dialog.getByRole("group", { name: "member", exact: true }).getByLabel("Read:").check();
    await dialog.getByRole("group", { name: "stores", exact: true }).getByLabel("Read:").check();
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/own-role-en-GB-1440.png` });
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("Head of shop").waitFor();
    await go(page, "/staff");
    await page.getByRole("button", { name: "Invite a person" }).click();
    await page.getByRole("dialog").getByRole("combobox", { name: "Role" }).click();
    await page.locator(".ant-select-item", { hasText: "Head of shop" }).waitFor();
    expect(faults).toEqual([]);
    await close();
    const link = await caller(api, operator)("POST", "/v1/invitations", { person_id: "wu", name: "吴敏", roles: [{ role: "shop-head" }] });
    const theirs = await open(`/#/invitation/${link.token}`, { language: "zh-CN" });
    await theirs.page.locator("#password").fill("a-long-way-home");
    await theirs.page.locator("#again").fill("a-long-way-home");
    await theirs.page.locator("button[type=submit]").click();
    await theirs.page.locator(".who", { hasText: "店长" }).waitFor();
    const shown = () => theirs.page.locator(".side .menu a").evaluateAll((links) => links.map((one) => one.getAttribute("href")));
    await expect.poll(shown).toEqual(["/console", "/console/members", "/console/stores"]);
    expect(theirs.faults).toEqual([]);
    await theirs.close();
  });

  test("a person changes password, recovery codes and phone, in both languages", async () => {
    const link = await caller(api, operator)("POST", "/v1/invitations", { person_id: "chen", name: "陈宇", roles: [{ role: "service" }] });
    const { page, faults, close } = await open(`/#/invitation/${link.token}`, { language: "en", width: 390 });
    await page.getByLabel("New password").fill("a-long-way-home");
    await page.getByLabel("The same password again").fill("a-long-way-home");
    await page.getByRole("button", { name: "Begin" }).click();
    await page.locator(".who").click();
    await page.getByText("My account").click();
    await page.getByRole("heading", { name: "My account" }).waitFor();
    expect(await violations(page)).toEqual([]);
    const password = page.locator("form#own-password");
    await password.getByLabel("Password until now").fill("not-this-one-anyway");
    await password.getByLabel("New password").fill("another-long-way");
    await password.getByLabel("The same password again").fill("another-long-way");
    await password.getByRole("button", { name: "Change password" }).click();
    await password.getByRole("alert").getByText("Person or password is wrong").waitFor();
    await password.getByLabel("Password until now").fill("a-long-way-home");
    await password.getByRole("button", { name: "Change password" }).click();
    await page.getByText("The new password counts from now on.").waitFor();
    const phone = page.locator("form#own-phone");
    await phone.getByLabel("Password until now").fill("another-long-way");
    await phone.getByRole("button", { name: "Show the secret" }).click();
    await expect.poll(() => page.locator("form#own-code code").innerText()).toMatch(/\w{4}/);
    const secret = (await page.locator("form#own-code code").innerText()).replaceAll(" ", "");
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/account-phone-en-GB-390.png`, fullPage: true });
    const now = Date.parse((await (await fetch(`${admin}/clock`)).text()).trim());
    await page.getByLabel("Code that the app shows now").fill(codeOf(secret, now));
    await page.getByRole("button", { name: "Use the new codes" }).click();
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    // From now on each change asks for a code.
    const later = now + 60_000;
    await fetch(`${admin}/clock`, { method: "PUT", body: new Date(later).toISOString() });
    const recovery = page.locator("form#own-recovery");
    await recovery.getByLabel("Password until now").fill("another-long-way");
    await recovery.getByLabel("Code of your").fill(codeOf(secret, later));
    await recovery.getByRole("button", { name: "Make new ones" }).click();
    await expect.poll(async () => (await page.getByRole("dialog").locator("pre").innerText()).split("\n").length).toBe(10);
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "I have kept them" }).click();
    // The clock stands, so the notices stay and lie over the button.
    await page.getByRole("button", { name: "中文" }).dispatchEvent("click");
    await page.getByRole("heading", { name: "我的账号" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/account-zh-CN-390.png`, fullPage: true });
    expect(faults).toEqual([]);
    await close();
  });

  test.each([
    ["en", "Sign in with House", "The provider did not let you in."],
    ["zh-CN", "使用 House 登录", "身份提供方登录未成功"],
  ])("a provider has a button, and tells when it did not let in (%s)", async (language, button, failed) => {
    const { page, faults, close } = await open("/", { language, width: 390 });
    await page.route("**/v1/oidc", (route) => route.fulfill({ json: { name: "House", wecom: "企业微信" } }));
    const asked: unknown[] = [];
    await page.route("**/v1/oidc/sign-in", (route) => {
      asked.push(route.request().postDataJSON());
      return route.fulfill({ json: { url: `${api}/console/?provider=failed` } });
    });
    await page.reload();
    await page.getByRole("button", { name: button }).waitFor();
    expect(await violations(page)).toEqual([]);
    // The visit ends at the same address, where the words of the one before still stand.
    const visits = async (provider: string) => {
      const back = page.waitForEvent("load");
      await page.getByRole("button", { name: button.replace("House", provider) }).click();
      await back;
      await page.getByRole("alert").getByText(failed).waitFor();
    };
    await visits("House");
    await visits("企业微信");
    expect(asked).toEqual([{}, { wecom: true }]);
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/provider-${language}-390.png` });
    expect(faults).toEqual([]);
    await close();
  });

  test("roles see their pages only", async () => {
    for (const [role, names] of [
      ["approver", ["Overview", "Approvals", "Tags and segments", "Rules", "Strategies", "Templates", "Rewards", "Stores"]],
      ["finance", ["Overview", "Approvals", "Members", "Tags and segments", "Rules", "Strategies", "Results", "Templates", "Rewards", "Books", "Stores", "Audit log", "System"]],
      ["admin", ["Overview", "Approvals", "Members", "Tags and segments", "Rules", "Strategies", "Results", "Touch log", "Templates", "Rewards", "Books", "Stores", "Audit log", "Staff", "Keys", "Channels", "Endpoints", "System"]],
    ] as const) {
      const { page, close } = await open("/keys", { language: "en" });
      await signIn(page, keys[role] ?? "");
      const shown = () => page.locator(".side .menu a").evaluateAll((links) => links.map((link) => link.firstElementChild?.nextSibling?.textContent));
      await expect.poll(shown).toEqual(names);
      if (role !== "admin") await page.getByText("Your role does not include this page.").waitFor();
      await close();
    }
  });
});

describe("rules", ruleBuilder);
describe("customers", customers);
describe("strategies", strategies);
describe("templates", templates);
describe("channels", channels);
describe("tasks", tasks);

/** The code of an authenticator app (RFC 6238: SHA-1, 6 digits, 30 seconds). */
function codeOf(secret: string, at: number): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const digest = createHmac("sha1", key).update(counter).digest();
  const place = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(place) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
