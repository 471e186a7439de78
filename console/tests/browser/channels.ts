// Accounts at vendors: set up by a form of each vendor, paused, resumed, given a callback address.

import { expect, test } from "vitest";
import { VENDORS } from "../../src/pages/channels/vendors";
import { en } from "../../src/strings/en";
import { zh } from "../../src/strings/zh";
import { api, choose, go, keys, now, open, PICTURES, settled, signIn, violations } from "./helpers";
import { caller } from "./seed.mjs";

const admin = () => caller(api, keys.admin ?? "");
const SIGNING = `whsec_${Buffer.from("fedcba98765432100123456789").toString("base64")}`;

export function channels() {
  test("an account is made, changed without its secrets, paused, resumed and removed", async () => {
    const { page, faults, close } = await open("/channels", { language: "en" });
    await signIn(page, keys.admin ?? "");
    await page.getByRole("button", { name: "New account" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Id", { exact: true }).fill("mail");
    await choose(page, dialog.getByLabel("Vendor"), "SendGrid · E-mail");
    await dialog.getByLabel("Address of the sender").fill("nowhere");
    await dialog.getByLabel("API key").fill("SG.secret-of-the-test");
    await dialog.getByRole("button", { name: "Save" }).click();
    // The fault stands at its field, and all stays as it was typed.
    await dialog.locator(".ant-form-item").filter({ hasText: "Address of the sender" }).getByText("must be an e-mail address").waitFor();
    await expect.poll(() => dialog.getByLabel("API key").inputValue()).toBe("SG.secret-of-the-test");
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/channel-fault-en-1440.png` });
    await dialog.getByLabel("Address of the sender").fill("points@shop.example");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("The account is kept.").waitFor();
    const card = page.getByRole("article", { name: "mail", exact: true });
    await card.getByText("sends", { exact: true }).waitFor();
    await card.getByText("nothing sent").waitFor();
    await card.getByText("its own for each").waitFor();

    // A change of what is no secret needs none.
    await page.getByRole("button", { name: "Edit: mail" }).click();
    await dialog.getByText("They stay as they are.").waitFor();
    await expect.poll(() => dialog.getByLabel("API key").count()).toBe(0);
    await dialog.getByLabel("Name of the sender (optional)").fill("The shop");
    await dialog.getByLabel("Messages per second").fill("7");
    await dialog.getByRole("button", { name: "Save" }).click();
    await card.getByText("7 a second, 20 at once").waitFor();
    const kept = await admin()("GET", "/v1/channels/mail");
    expect(kept).toMatchObject({ settings: { from: "points@shop.example", from_name: "The shop" }, per_second: 7 });
    // Elsewhere they are asked for again.
    await page.getByRole("button", { name: "Edit: mail" }).click();
    await dialog.getByLabel("Other API address (optional)").fill("https://proxy.example");
    await dialog.getByText("so they are needed again").waitFor();
    await dialog.getByLabel("API key").waitFor();
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("Please fill this in.").waitFor();
    // What was typed is not dropped by one key or press.
    const asked = page.getByRole("dialog").filter({ hasText: "Discard what you entered?" });
    await page.keyboard.press("Escape");
    await asked.getByRole("button", { name: "Go on" }).click();
    await asked.waitFor({ state: "hidden" });
    expect(await dialog.getByLabel("Other API address (optional)").inputValue()).toBe("https://proxy.example");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await asked.getByRole("button", { name: "Discard" }).click();
    await expect.poll(() => dialog.count()).toBe(0);
    // And what opened it has the focus again.
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Edit: mail");

    await page.getByRole("button", { name: "Pause: mail" }).click();
    await dialog.getByLabel("Reason").fill("The contract ends.");
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Pause", exact: true }).click();
    await card.getByText("The contract ends.").waitFor();
    await card.getByText("paused", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Resume: mail" }).click();
    await card.getByText("sends", { exact: true }).waitFor();
    expect((await admin()("GET", "/v1/channels/mail")).paused_because).toBeNull();
    await page.getByRole("button", { name: "Remove: mail" }).click();
    await dialog.getByRole("button", { name: "Remove", exact: true }).click();
    await card.waitFor({ state: "detached" });
    expect((await admin()("GET", "/v1/channels/mail", undefined, false)).status).toBe(404);
    expect(await page.evaluate(() => document.documentElement.innerHTML + JSON.stringify({ ...sessionStorage, ...localStorage }))).not.toContain("SG.secret");
    expect(faults).toEqual([]);
    await close();
  });

  test("a callback address is shown once, and copied", async () => {
    await admin()("PUT", "/v1/channels/reports", { vendor: "webhook", settings: { url: "https://gateway.example.com/sms", channel: "sms" }, secrets: { signing_secret: SIGNING }, rank: 900 });
    const { page, faults, close } = await open("/channels", { language: "zh-CN", width: 390 });
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await signIn(page, keys.admin ?? "");
    await page.getByRole("button", { name: "回调地址: reports" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "生成地址" }).click();
    const address = page.getByRole("dialog").locator("code", { hasText: `${api}/v1/callbacks/reports/` });
    await address.waitFor();
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/channel-callback-zh-CN-390.png` });
    const text = await address.innerText();
    await page.getByRole("button", { name: "复制" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(text);
    // It works, for a caller that signs as the vendor does.
    expect((await fetch(text, { method: "POST", body: "[]" })).status).toBe(401);
    await page.getByRole("button", { name: "我已保存" }).click();
    await page.getByRole("article", { name: "reports" }).getByText("已生成,不再显示").waitFor();
    await page.getByRole("button", { name: "回调地址: reports" }).click();
    await page.getByRole("dialog").getByText("原地址立即失效。").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "取消" }).click();
    expect(faults).toEqual([]);
    await close();
  });

  test.each([["en", 1440], ["zh-CN", 360]] as const)("each vendor has its form (%s, %i px)", async (language, width) => {
    const words = language === "en" ? { make: "New account", vendor: "Vendor" } : { make: "新增账号", vendor: "服务商" };
    const { page, faults, close } = await open("/channels", { language, width });
    await signIn(page, keys.admin ?? "");
    await settled(page);
    await page.getByRole("button", { name: words.make }).click();
    const dialog = page.getByRole("dialog");
    const select = dialog.getByLabel(words.vendor);
    for (const vendor of VENDORS) {
      const name = (language === "en" ? en : zh).vendor[vendor.name as "ses"];
      await select.fill(name);
      await page.locator(".ant-select-item-option-active", { hasText: name }).waitFor();
      await select.press("Enter");
      for (const [group, fields] of [["settings", vendor.settings], ["secrets", vendor.secrets]] as const) {
        for (const field of fields) await dialog.locator(`#channel_${group}_${field.name}`).waitFor();
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), vendor.name).toBeLessThanOrEqual(0);
    }
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/channel-form-${language}-${width}.png` });
    expect(faults).toEqual([]);
    await close();
  });

  test("why an account is not sending, and how it did, is told", async () => {
    const until = new Date(now.getTime() + 3_600_000).toISOString();
    const { page, faults, close } = await open("/", { language: "en", width: 390 });
    // Vendors that answer are not part of this test.
    await page.route(/\/v1\/channels(\/aliyun)?$/, async (route) => {
      const answer = await route.fetch();
      const told = await answer.json();
      const sick = (one: { channel_id: string }) => (one.channel_id === "aliyun" ? { ...one, failures: 3, rests_until: until } : one);
      const json = told.items ? { ...told, items: told.items.map(sick) } : { ...sick(told), last_day: { delivered: 1_200, accepted: 31, failed: 4, unknown: 1 } };
      await route.fulfill({ response: answer, json });
    });
    await signIn(page, keys.admin ?? "");
    await go(page, "/channels");
    const card = page.getByRole("article", { name: "aliyun" });
    await card.getByText("3 failures in a row").waitFor();
    await card.getByText(/^rests until /).waitFor();
    await card.getByText("delivered 1,200").waitFor();
    await card.getByText("unknown 1", { exact: true }).waitFor();
    await card.getByText("approved by the vendor before").waitFor();
    await card.getByText("is never sent again").waitFor();
    const gateway = page.getByRole("article", { name: "gateway" });
    await gateway.getByText("网关维护").waitFor();
    await gateway.getByText("may be sent again within 3 days").waitFor();
    await page.screenshot({ path: `${PICTURES}/channels-sick-en-390.png`, fullPage: true });
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
    await close();
  });
}
