// What the tests in the browser share: the host, pages that are watched, and what is found in them.

import { mkdirSync } from "node:fs";
import { chromium, type Browser, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
export { violations } from "./wcag";

export const api = process.env.ACCRUE_API ?? "";
export const admin = process.env.ACCRUE_ADMIN ?? "";
export const operator = process.env.ACCRUE_KEY ?? "";
export const PICTURES = "../target/console/pictures";

let browser: Browser;
export let keys: Record<string, string>;
export let now: Date;

/** Whose keys the tests sign in with, and what the clocks of pages show. */
export function begin(seeded: { keys: Record<string, string>; now: number }): void {
  keys = seeded.keys;
  now = new Date(seeded.now);
}

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  browser = await chromium.launch({
    executablePath: process.env.ACCRUE_BROWSER ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
});

afterAll(async () => {
  await browser?.close();
});

/** What must never happen, collected while a page is used. */
export interface Watched {
  page: Page;
  faults: string[];
  close: () => Promise<void>;
}

export async function open(path: string, options: { language?: string; width?: number; agent?: string } = {}): Promise<Watched> {
  const width = options.width ?? 1440;
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 844 : 900 }, locale: options.language ?? "zh-CN", ...(options.agent ? { userAgent: options.agent } : {}),
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    // The browser reports each refusal of the API, and those are answers. The clock of the test is a
    // script that may not run in an e-mail that is shown.
    if (message.type() === "error" && !/^(Failed to load resource|Blocked script execution in 'about:srcdoc')/.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.clock.setFixedTime(now);
  await page.goto(`${api}/console${path}`);
  return { page, faults, close: () => context.close() };
}

export async function signIn(page: Page, key: string, programme = "default"): Promise<void> {
  await page.getByRole("tab").nth(1).click();
  await page.locator("input#key").fill(key);
  await page.locator("input#programme").fill(programme);
  await page.locator("button[type=submit]:visible").click();
  await page.locator(".frame").waitFor();
}

/** Goes to another page of the console as a link does, and waits until the browser has drawn what is there of it. */
export async function go(page: Page, path: string): Promise<void> {
  await page.evaluate(async (to) => {
    history.pushState(null, "", `/console${to}`);
    dispatchEvent(new PopStateEvent("popstate"));
    await new Promise((resolve) => requestIdleCallback(resolve, { timeout: 2_000 }));
  }, path);
}

/** Waits until the page has its heading and nothing that still loads, for a while. */
export async function settled(page: Page): Promise<void> {
  // A page that is not drawn yet is not calm, so each look waits until the browser has nothing to do.
  const isCalm = () =>
    page.evaluate(async () => {
      await new Promise((resolve) => requestIdleCallback(resolve, { timeout: 2_000 }));
      return document.querySelector("h1") !== null && document.querySelector(".loading, .ant-spin, .ant-skeleton") === null;
    });
  for (let calm = 0, looks = 0; calm < 4 && looks < 250; looks += 1) {
    await page.waitForTimeout(120);
    calm = (await isCalm()) ? calm + 1 : 0;
  }
}

/** Waits until what is typed was put aside in the tab, which happens after a pause. */
export async function putAside(page: Page, part: string | RegExp): Promise<void> {
  await expect.poll(() => page.evaluate(() => Object.values({ ...sessionStorage }).join("\n"))).toMatch(part);
}

/** Chooses in a list of Ant Design, by what it shows. */
export async function choose(page: Page, field: Locator, text: string): Promise<void> {
  const select = field.locator("xpath=ancestor::div[contains(concat(' ', @class, ' '), ' ant-select ')][1]");
  const option = page.locator(".ant-select-dropdown:visible").getByTitle(text, { exact: true });
  // A list that is still finding its place may slip away under the pointer.
  const chosen = async () => (await select.innerText()).trim() === text;
  for (let tries = 0; tries < 6 && !(await chosen()); tries += 1) {
    if (!(await option.isVisible())) await field.click();
    // The click may have closed a list that was just opening: then it is opened again.
    await option.click({ timeout: 5_000 }).catch(() => undefined);
  }
  await expect.poll(chosen).toBe(true);
}

/** Types into a field with a list, and takes what it finds. */
export async function search(page: Page, field: Locator, text: string): Promise<void> {
  const found = page.locator(".ant-select-dropdown:visible .ant-select-item-option-active", { hasText: text });
  for (let tries = 0; tries < 4 && !(await found.isVisible()); tries += 1) {
    // A list closes where the focus moves meanwhile, as to a row that is new: then it is asked again.
    await field.fill("");
    await field.fill(text);
    await found.waitFor({ timeout: 5_000 }).catch(() => undefined);
  }
  await found.waitFor();
  await page.keyboard.press("Enter");
}
