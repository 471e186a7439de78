// The page of members in Chromium, on the real host, in a programme of its own. Pictures go to
// target/console/pictures.

import { mkdirSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { caller } from "./seed.mjs";
import { violations } from "./wcag";

const api = process.env.ACCRUE_API ?? "";
const operator = process.env.ACCRUE_KEY ?? "";
const PICTURES = "../target/console/pictures";

let browser: Browser;
let shop: (method: string, path: string, body?: unknown, expected?: boolean) => Promise<Record<string, unknown>>;
/** The shop's own system, whose passes may scan. */
let app: (method: string, path: string, body?: unknown, expected?: boolean) => Promise<Record<string, unknown>>;

const line = (amount_minor: number) => ({ line_id: "1", amount: { amount_minor, currency: "CNY" } });

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  const root = caller(api, operator);
  const { rulebook } = await root("GET", "/v1/programmes/default") as { rulebook: Record<string, unknown> };
  const levels = [{ id: "silver", from: 0 }, { id: "gold", from: 300_000, multiplier: "1.5" }];
  const made = await root("PUT", "/v1/programmes/club", {
    name: "Cloud Living Club",
    rulebook: {
      ...rulebook,
      tiers: { basis: "spend", period: { kind: "rolling_months", months: 12 }, gift_expiry: "campaign", levels },
      coupons: { welcome: { off_minor: 2_000, min_minor: 10_000, expiry: "campaign" }, tenth: { off_percent: 10, max_off_minor: 5_000, expiry: "campaign" } },
      rules: [{ id: "first", event: "purchase", when: "member.orders == 0", award: { kind: "fixed", points: 20 }, coupon: "welcome" }],
      purchase: { ...(rulebook.purchase as object), coupon: { coupon: "tenth", from_minor: 90_000 } },
    },
  }) as { admin_key: { key: string } };
  shop = caller(api, made.admin_key.key);
  const { key } = await shop("POST", "/v1/keys", { role: "storefront", label: "app" }) as { key: string };
  app = caller(api, key);
  for (let order = 1; order <= 30; order += 1) {
    await shop("POST", "/v1/earn", { member_id: "M1", event: "purchase", reference: `SO2026${String(order).padStart(5, "0")}`, lines: [line(order === 1 ? 95_000 : 3_000)] });
  }
  await shop("POST", "/v1/earn", { member_id: "M1", event: "check_in" });
  await shop("POST", "/v1/redeem", { member_id: "M1", points: 120, reference: "RD-1" });
  await shop("PUT", "/v1/members/M1/contacts/email", { address: "li.lei@example.com" });
  await shop("PUT", "/v1/members/M1/contacts/sms", { address: "+8613812345678" });
  await shop("PUT", "/v1/stores/s-1", { name: "世纪大道店", region: "east" });
  await shop("POST", "/v1/qr-keys", { store_id: "s-1", label: "till" });
  browser = await chromium.launch({
    executablePath: process.env.ACCRUE_BROWSER ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
});

afterAll(async () => {
  await browser?.close();
});

async function pass(): Promise<string> {
  return (await app("POST", "/v1/members/M1/passes")).path as string;
}

/** What a till prints. */
async function receipt(order: string, amount_minor = 12_850): Promise<string> {
  const slip = await shop("POST", "/v1/slips", { store_id: "s-1", reference: order, amount: { amount_minor, currency: "CNY" }, host: "points.example.com" });
  return new URL(slip.url as string).pathname;
}

interface Opened {
  page: Page;
  faults: string[];
  close: () => Promise<void>;
}

async function open(path: string, language = "zh-CN", width = 390): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width, height: width < 500 ? 844 : 900 }, locale: language });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    // The browser reports each refusal of the API, and those are answers.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== api) faults.push(`elsewhere: ${request.url()}`);
    if (request.url().includes("mem_")) faults.push(`a pass in an address: ${request.url()}`);
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(`${api}${path}`);
  await page.locator("section").first().waitFor();
  return { page, faults, close: () => context.close() };
}

async function check({ page, faults }: Opened, language: string, name: string): Promise<void> {
  await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
  expect(await page.locator("h1").count()).toBe(1);
  expect(await page.evaluate(() => document.documentElement.lang)).toBe(language === "zh-CN" ? "zh-CN" : "en");
  const text = await page.locator("body").innerText();
  expect(text).not.toMatch(/NaN|undefined|\[object|\{\w+\}/);
  if (language !== "zh-CN") expect(text.replaceAll("中文", "")).not.toMatch(/[\u4e00-\u9fff]/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), "scrolls sideways").toBeLessThanOrEqual(0);
  expect(await violations(page)).toEqual([]);
  expect(faults).toEqual([]);
}

describe.each([
  ["zh-CN", 390],
  ["en-GB", 390],
  ["zh-CN", 1280],
  ["en-GB", 1280],
  ["en-GB", 320],
] as const)("in %s at %i px", (language, width) => {
  const picture = (name: string) => `member-${name}-${language}-${width}`;

  test("without a pass it says where to come from", async () => {
    const opened = await open("/m", language, width);
    await check(opened, language, picture("closed"));
    await opened.close();
  });

  test("a receipt without a pass says where to scan it", async () => {
    const opened = await open(await receipt(`landing-${language}-${width}`), language, width);
    await opened.page.getByText(`landing-${language}-${width}`).waitFor();
    await check(opened, language, picture("landing"));
    await opened.close();
  });

  test("the account", async () => {
    const opened = await open(await pass(), language, width);
    const { page } = opened;
    await page.locator("#history-rows > li").first().waitFor();
    await expect.poll(() => page.url()).toBe(`${api}/m`);
    await expect.poll(() => page.locator("#history-rows > li").count()).toBe(20);
    await page.locator("#more").click();
    await page.locator("#history-rows > li").nth(25).waitFor();
    await expect.poll(() => page.evaluate(() => (document.activeElement as HTMLElement).parentElement?.id)).toBe("history-rows");
    await page.locator("#show-0").click();
    await page.locator(".code").waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("show-0");
    await check(opened, language, picture("account"));
    await page.locator("#show-0").click();
    await page.locator(".code").waitFor({ state: "detached" });
    await opened.close();
  });

  test("a receipt of the address is claimed with one touch, and once", async () => {
    const address = await receipt(`claim-${language}-${width}`);
    const fragment = (await pass()).replace("/m", "");
    const opened = await open(`${address}${fragment}`, language, width);
    const { page } = opened;
    await page.locator("#claim").waitFor();
    await expect.poll(() => page.url()).not.toContain("mem_");
    await page.locator("#claim").click();
    await page.locator(".message.good").waitFor();
    await expect.poll(() => page.locator(".message.good").innerText()).toContain("128");
    await expect.poll(() => page.url()).toBe(`${api}/m`);
    await check(opened, language, picture("claimed"));
    await page.locator("#receipt-text").fill(`https://points.example.com${address}`);
    await page.keyboard.press("Enter");
    await page.locator(".message.bad").waitFor();
    await check(opened, language, picture("claimed-before"));
    await opened.close();
  });
});

test("a member chooses its messages", async () => {
  const opened = await open(await pass(), "en-GB");
  const { page } = opened;
  const offers = page.locator("#wish-0-marketing");
  await offers.waitFor();
  await expect.poll(() => offers.isChecked()).toBe(false);
  await expect.poll(() => page.locator("#wish-0-service").isChecked()).toBe(true);
  await Promise.all([
    page.waitForResponse((answer) => answer.url().endsWith("/v1/me/consents") && answer.request().method() === "POST"),
    offers.check(),
  ]);
  await page.reload();
  await offers.waitFor();
  await expect.poll(() => offers.isChecked()).toBe(true);
  await page.context().setOffline(true);
  await page.locator("#wish-0-service").click();
  await page.getByText("There is no connection now").waitFor();
  await expect.poll(() => page.locator("#wish-0-service").isChecked()).toBe(true);
  await page.context().setOffline(false);
  await check(opened, "en-GB", "member-messages");
  await opened.close();
});

test("it works with letters twice as large", async () => {
  const opened = await open(await pass(), "zh-CN", 320);
  await opened.page.locator("#history-rows > li").first().waitFor();
  await opened.page.evaluate(() => {
    document.documentElement.style.fontSize = "200%";
  });
  await check(opened, "zh-CN", "member-large-letters");
  await opened.close();
});

test("the language is kept, and nothing else", async () => {
  const { page, close } = await open(await pass());
  await page.locator("#language").click();
  await page.getByRole("heading", { name: "My points" }).waitFor();
  expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, document.cookie]))).toBe('[{"language":"en"},""]');
  // Loading it again goes on in this tab; another tab has no pass.
  await page.reload();
  await page.getByRole("heading", { name: "History" }).waitFor();
  const other = await page.context().newPage();
  await other.goto(`${api}/m`);
  await other.getByText("Open this page from the app").waitFor();
  await close();
});

test("it says so when the pass has ended", async () => {
  const opened = await open(await pass());
  const { page, faults, close } = opened;
  await page.locator("#more").waitFor();
  await shop("DELETE", "/v1/members/M1/passes");
  await page.locator("#more").click();
  await page.getByText("此页面已过期").waitFor();
  expect(await page.locator("body").innerText()).not.toContain("SO2026");
  await check(opened, "zh-CN", "member-ended");
  expect(faults).toEqual([]);
  await close();
});

test("a member who has lost a phone ends the page everywhere, and leaving ends the pass", async () => {
  const [lost, here] = [await open(await pass()), await open(await pass(), "en-GB")];
  await lost.page.locator("#more").waitFor();
  await here.page.locator("#everywhere").click();
  await here.page.getByRole("heading", { name: "This page has ended" }).waitFor();
  await lost.page.locator("#more").click();
  await lost.page.getByText("此页面已过期").waitFor();
  const path = await pass();
  const left = await open(path);
  await left.page.locator("#more").waitFor();
  const [ended] = await Promise.all([
    left.page.waitForResponse((answer) => answer.url().endsWith("/v1/me/pass")),
    left.page.locator("#leave").click(),
  ]);
  expect(ended.status()).toBe(204);
  const again = await open(path);
  await again.page.getByText("此页面已过期").waitFor();
  for (const { close } of [lost, here, left, again]) await close();
});

test("it says so when there is no connection, and tries again", async () => {
  const { page, close } = await open(await pass());
  await page.locator("#history-rows > li").first().waitFor();
  await page.context().setOffline(true);
  await page.locator("#receipt-text").fill("https://points.example.com/q/A1.x");
  await page.locator("#claim").click();
  await page.locator(".message.bad").waitFor();
  await expect.poll(() => page.locator(".message.bad").innerText()).toContain("没有收到答复");
  await page.context().setOffline(false);
  await page.locator("#receipt-text").fill("https://points.example.com/q/A1.x");
  await page.locator("#claim").click();
  await page.getByText("这不是本店的有效小票").waitFor();
  await close();
});

test("everything is reached by keyboard", async () => {
  const { page, close } = await open(await pass(), "en-GB");
  await page.locator("#history-rows > li").first().waitFor();
  const reached = new Set<string>();
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement?.id ?? ""));
  }
  for (const id of ["language", "receipt-text", "claim", "show-0", "more"]) expect([...reached]).toContain(id);
  await close();
});
