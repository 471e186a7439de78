// What is known of members, by whom it is seen, and lists that come from a file.

import { expect, test } from "vitest";
import { api, keys, open, operator, PICTURES, settled, signIn, violations } from "./helpers";
import { caller } from "./seed.mjs";

/** Lets in a person who needs no one-time codes, and opens a page as they do. */
async function as(person: string, role: object, path: string, options: Parameters<typeof open>[1]) {
  const link = await caller(api, operator)("POST", "/v1/invitations", { person_id: person, name: person, roles: [role] });
  const made = await fetch(`${api}/v1/invitations/${link.token}/accept`, { method: "POST", body: JSON.stringify({ password: "a-long-way-home" }) });
  expect(made.status).toBe(200);
  const watched = await open(path, options);
  const { page } = watched;
  await page.locator("#person_id").fill(person);
  await page.locator("#password").fill("a-long-way-home");
  await page.locator("button[type=submit]:visible").click();
  await page.locator(".frame").waitFor();
  await settled(page);
  return watched;
}

export function customers() {
  test("a member in full: figures, tags and why, and what the member said", async () => {
    const { page, faults, close } = await open("/members/M10001", { language: "en" });
    await signIn(page, keys.service ?? "");
    await settled(page);
    const known = page.getByRole("region").or(page.locator("section")).filter({ has: page.getByRole("heading", { name: "What is known" }) });
    const facts = await caller(api, operator)("GET", "/v1/members/M10001/facts");
    const year = facts.windows.find((one: { days: number }) => one.days === 365);
    const figure = async (label: string) => (await known.locator(".figure").filter({ hasText: label }).locator("dd").first().innerText()).trim();
    await expect.poll(() => figure("Orders of 365 days")).toBe(String(year.orders));
    await expect.poll(() => figure("RFM")).toBe([facts.rfm.r, facts.rfm.f, facts.rfm.m].join(" · "));
    await expect.poll(() => known.getByText("3 days ago").count()).toBe(2);
    const tags = page.getByRole("region", { name: "Tags and segments" });
    const rule = tags.getByRole("row").filter({ hasText: "Highly active" });
    await expect.poll(() => rule.innerText()).toMatch(/orders of 30 days ≥ 3/i);
    await expect.poll(() => tags.getByRole("row").filter({ hasText: "Takes special care" }).innerText()).toMatch(/by 王芳/);
    await tags.getByRole("row").filter({ hasText: "Spends much" }).getByText("member.spend_365").waitFor();
    const addresses = page.getByRole("region", { name: "Where the member is reached" });
    const row = (channel: string) => addresses.getByRole("row").filter({ hasText: channel });
    expect(await row("Text message").innerText()).not.toContain("+8613800001000");
    await expect.poll(() => row("Text message").getByText("yes").count()).toBe(2);
    await row("E-mail").getByText("address closed").first().waitFor();
    await page.getByText("refused").waitFor();
    await page.getByText("21:00–09:00").waitFor();
    const said = page.getByRole("region", { name: "What the member said about it" });
    await expect.poll(() => said.getByRole("row").count()).toBe(4);
    // Whole addresses take a click, and each look is logged once.
    const looks = async () => (await caller(api, operator)("GET", "/v1/audit-log?action=contact_revealed")).items.length;
    const before = await looks();
    await page.getByRole("button", { name: "Show whole addresses" }).click();
    await addresses.getByText("+8613800001000").waitFor();
    await page.getByRole("button", { name: "Mask them again" }).click();
    await addresses.getByText("+8613800001000").waitFor({ state: "detached" });
    expect(await looks()).toBe(before + 1);
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByRole("region", { name: "Behaviour" }).getByText("Put in the cart").waitFor();
    await page.screenshot({ path: `${PICTURES}/member-full-en-1440.png`, fullPage: true });
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
    await close();
  });

  test("what is not folded yet, and a member never seen, is said", async () => {
    await caller(api, keys.storefront ?? "")("PUT", "/v1/members/M20001", { attributes: { name: "新来的" } });
    const { page, close } = await open("/members/M20001", { language: "en", width: 390 });
    await signIn(page, keys.service ?? "");
    await settled(page);
    await page.getByText("New entries are counted in within a minute or so").waitFor();
    await page.getByText("No address is known.").waitFor();
    await page.getByText("Nothing was said. So no offers are sent.").waitFor();
    expect(await page.locator("[role=alert]:visible").count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/member-new-en-390.png`, fullPage: true });
    await close();
  });

  test("whole addresses are for those who reach members by hand", async () => {
    for (const role of ["marketing", "finance", "admin"]) {
      const { page, close } = await open("/members/M10001", { language: "en" });
      await signIn(page, keys[role] ?? "");
      await settled(page);
      await page.getByRole("region", { name: "Where the member is reached" }).waitFor();
      expect(await page.getByRole("button", { name: "Show whole addresses" }).count(), role).toBe(0);
      await close();
    }
  });

  test("a person of one store sees no figures of all stores", async () => {
    const role = { role: "service", stores: ["SH-001"] };
    const { page, faults, close } = await as("shop-one", role, "/members/M10001", { language: "en", width: 390 });
    await expect.poll(() => page.getByText("You act for some, so it is not shown.").count()).toBe(5);
    await page.getByRole("region", { name: "Tags and segments" }).getByText("Highly active").waitFor();
    expect(await page.getByRole("region", { name: "Where the member is reached" }).count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/member-one-store-en-390.png`, fullPage: true });
    await page.goto(`${api}/console/`);
    await page.getByRole("heading", { name: "Members by tier" }).waitFor();
    await settled(page);
    expect(await page.locator("[role=alert]:visible").allTextContents()).toEqual([]);
    const tiers = page.getByRole("region", { name: "Members by tier" });
    await expect.poll(() => tiers.getByRole("row").filter({ hasText: "gold" }).innerText()).toContain("–");
    expect(faults).toEqual([]);
    await close();
  });

  test("each number of members leads to these members", async () => {
    const { page, faults, close } = await open("/", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    const counted = await caller(api, operator)("GET", "/v1/tiers");
    expect(counted.items.length).toBeGreaterThan(0);
    for (const { tier, members } of counted.items) {
      await page.getByRole("link", { name: `${tier}: ${members}`, exact: true }).click();
      await page.getByRole("heading", { name: "Members", exact: true }).waitFor();
      await settled(page);
      await expect.poll(() => page.locator("tbody tr").count(), { message: tier }).toBe(members);
      await page.goBack();
      await settled(page);
    }
    expect(faults).toEqual([]);
    await close();
  });

  test.each([["en", 1440], ["zh-CN", 390]] as const)("a list comes from a file, and is looked at first (%s, %i px)", async (language, width) => {
    const { page, faults, close } = await open("/customers?tab=segments", { language, width });
    await signIn(page, keys.service ?? "");
    await settled(page);
    const words = language === "en"
      ? { open: "Add from a file", file: "File", charset: "Encoding", refused: "Not understood", again: "Named again", who: "Guests of an opening", nobody: "There is no such member", cut: "a spreadsheet has cut" }
      : { open: "从文件添加", file: "文件", charset: "编码", refused: "无法识别", again: "重复行", who: "新店开业名单", nobody: "会员不存在", cut: "数字被表格软件截断" };
    await page.getByRole("row").filter({ hasText: words.who }).getByRole("button", { name: words.open }).click();
    const dialog = page.getByRole("dialog");
    // 会员编号,备注 in GBK, as a Chinese spreadsheet saves it.
    const heading = Buffer.from("bbe1d4b1b1e0bac52cb1b8d7a20d0a", "hex");
    const rows = language === "en" ? "M10003,\r\n\r\nM10004,\r\nnobody,\r\nM10003,\r\n1.39E+10,\r\n" : "M10005,\r\nnobody,\r\nM10003,\r\nM10005,\r\n1.39E+10,\r\n";
    const file = { name: "list.csv", mimeType: "text/csv", buffer: Buffer.concat([heading, Buffer.from(rows)]) };
    await dialog.getByLabel(words.file, { exact: true }).setInputFiles(file);
    await dialog.getByRole("alert").getByText("charset=gbk").waitFor();
    const members = async () => (await caller(api, operator)("GET", "/v1/segments/opening")).members;
    const before = await members();
    await dialog.getByLabel(words.charset).click();
    await page.locator(".ant-select-item", { hasText: "GBK" }).click();
    const refused = dialog.getByRole("region", { name: words.refused });
    await refused.getByText(words.nobody).waitFor();
    await refused.getByText(words.cut).waitFor();
    await expect.poll(() => dialog.getByRole("region", { name: words.again }).locator("tbody tr").count()).toBe(1);
    expect(await members(), "a look writes nothing").toBe(before);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), "scrolls sideways").toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/list-file-${language}-${width}.png` });
    const added = language === "en" ? 2 : 1;
    await dialog.getByRole("button", { name: language === "en" ? `Add ${added}` : `添加 ${added} 人` }).click();
    await dialog.locator(".mark.good").waitFor();
    expect(await members()).toBe(before + added);
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/list-file-done-${language}-${width}.png` });
    await dialog.locator("button", { hasText: language === "en" ? "Close" : "关闭" }).last().click();
    await page.getByRole("row").filter({ hasText: words.who }).getByRole("button", { name: String(before + added) }).click();
    await dialog.getByRole("link", { name: "M10003" }).waitFor();
    expect(faults).toEqual([]);
    await close();
  });
}
