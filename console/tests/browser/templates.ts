// Templates: written with variables, counted and shown while they are typed, kept with their versions.

import { expect, test } from "vitest";
import { api, choose, go, keys, open, PICTURES, settled, signIn, violations } from "./helpers";
import { caller } from "./seed.mjs";

const marketing = () => caller(api, keys.marketing ?? "");
const kept = (id: string) => marketing()("GET", `/v1/templates/${id}`);
const sideways = () => document.documentElement.scrollWidth - innerWidth;

export function templates() {
  test("a template is written, shown to a member, and kept in versions", async () => {
    const { page, faults, close } = await open("/templates", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.getByRole("button", { name: "New template" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Id").fill("points_end");
    await dialog.getByLabel("Push").check();
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Write it" }).click();
    await dialog.getByText("There is one with this id.").waitFor();
    await dialog.getByLabel("Id").fill("balance_note");
    await dialog.getByRole("button", { name: "Write it" }).click();
    await page.getByRole("heading", { name: "balance_note" }).waitFor();

    // What is not written yet is no fault to read; a variable goes where the cursor stands.
    const chinese = page.getByRole("region", { name: "Text message" }).locator("section").filter({ has: page.getByRole("heading", { name: "Text message · Chinese" }) });
    const body = chinese.getByLabel("Text", { exact: true });
    await body.waitFor();
    await expect.poll(() => page.locator(".fault:visible").count()).toBe(0);
    await body.fill("您有积分。");
    await body.press("Home");
    await body.press("ArrowRight");
    await body.press("ArrowRight");
    await chinese.getByRole("group", { name: "Put in a variable" }).getByRole("button", { name: "Balance" }).click();
    await expect.poll(() => body.inputValue()).toBe("您有{{ balance | number }}积分。");
    await expect.poll(() => body.evaluate((area) => document.activeElement === area)).toBe(true);
    await body.press("End");
    await chinese.getByRole("button", { name: "Name", exact: true }).click();
    await expect.poll(() => body.inputValue()).toBe("您有{{ balance | number }}积分。{{ name or '会员' }}");
    await expect.poll(() => chinese.getByRole("button", { name: "Unsubscribe" }).count(), { message: "vendors refuse links in text messages" }).toBe(0);

    // Parts are those of what a member gets, counted by the server.
    await chinese.getByRole("status").getByText("Parts: 1 · places:").waitFor();
    const long = "您".repeat(71);
    await body.fill(long);
    await chinese.getByRole("status").getByText("Parts: 2 · places: 71 · UCS-2").waitFor();
    await body.fill("{{ balanse }}");
    await chinese.locator(".text-line").filter({ has: page.getByLabel("Text", { exact: true }) }).locator(".fault").first().waitFor();
    await expect.poll(() => body.getAttribute("aria-invalid")).toBe("true");
    await chinese.getByRole("status").getByText("Parts are counted once").waitFor();
    expect(await violations(page)).toEqual([]);
    await body.fill("{{ name or '会员' }},您有{{ balance | number }}积分。");
    await chinese.getByText("张三,您有5,200积分。").waitFor();
    const member = await caller(api, keys.service ?? "")("GET", "/v1/members/M10001");
    await page.getByLabel("Member id; empty: a sample").fill("M10001");
    await chinese.getByText("李雷,您有").waitFor();
    expect(member.attributes.name).toBe("李雷");
    await page.getByLabel("Member id; empty: a sample").fill("nobody");
    await page.getByRole("alert").getByText("There is no such member").waitFor();
    await chinese.getByText("张三,您有5,200积分。").waitFor();
    await page.getByLabel("Member id; empty: a sample").fill("");

    // The other channel is not written: that is told by a save, at its place.
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText(/^Faults: \d/).waitFor();
    await page.locator(".ant-segmented-item", { hasText: "Push !" }).click();
    const push = page.getByRole("region", { name: "Push" });
    await push.locator(".fault").first().waitFor();
    expect(await violations(page)).toEqual([]);
    await push.getByRole("button", { name: "Remove the channel" }).click();
    await push.waitFor({ state: "detached" });
    await chinese.getByRole("status").getByText("Parts: 1").waitFor();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Version 1 is kept.").waitFor();
    expect(await kept("balance_note")).toMatchObject({ version: 1, purpose: "service", texts: { sms: { "zh-CN": { body: "{{ name or '会员' }},您有{{ balance | number }}积分。" } } } });

    // English beside it, and what a vendor needs.
    await page.getByRole("button", { name: "Add English" }).click();
    const english = page.locator("section").filter({ has: page.getByRole("heading", { name: "Text message · English" }) }).last();
    await english.getByLabel("Text", { exact: true }).fill("You have {{ balance | number }} points.");
    await english.getByText("You have 5,200 points.").waitFor();
    await english.getByRole("status").getByText("GSM-7").waitFor();
    await english.getByLabel("Id of the approved text").fill("SMS_77");
    await english.getByRole("button", { name: "Add a parameter" }).click();
    await english.getByRole("group", { name: "Parameter 1" }).getByLabel("Parameter", { exact: true }).fill("points");
    await english.getByRole("group", { name: "Parameter 1" }).getByLabel("Value").click();
    await english.getByRole("group", { name: "Put in a variable" }).getByRole("button", { name: "Balance" }).click();
    await expect.poll(() => english.getByRole("group", { name: "Parameter 1" }).getByLabel("Value").inputValue()).toBe("{{ balance | number }}");
    await page.screenshot({ path: `${PICTURES}/template-typed-en-1440.png`, fullPage: true });
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Version 2 is kept.").waitFor();
    expect((await kept("balance_note")).texts.sms.en).toEqual({ body: "You have {{ balance | number }} points.", vendor_template_id: "SMS_77", parameters: [{ name: "points", value: "{{ balance | number }}" }] });

    // The version before comes back as a change that is not kept yet.
    await page.getByRole("link", { name: "Versions" }).click();
    await page.getByRole("button", { name: "Changes: 2" }).click();
    await page.getByRole("dialog").getByText("/texts/sms/en").first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Take it up: 1" }).click();
    await page.getByText("Not kept yet").waitFor();
    await page.getByText("No English text: all members get the Chinese one.").waitFor();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Version 3 is kept.").waitFor();
    expect((await kept("balance_note")).texts.sms.en).toBeUndefined();
    expect(faults).toEqual([]);
    await close();
  });

  test.each([["zh-CN", 390], ["en", 360]] as const)("what is not saved outlives another page and a reload (%s, %i px)", async (language, width) => {
    const words = language === "en"
      ? { body: "Text", unsaved: "Not kept yet", restored: "before the page was left", discard: "Discard changes", sound: "No faults", chinese: "Text message · Chinese" }
      : { body: "正文", unsaved: "未保存", restored: "离开或刷新页面前", discard: "放弃修改", sound: "没有错误", chinese: "短信 · 中文" };
    const { page, faults, close } = await open("/templates/points_end", { language, width });
    await signIn(page, keys.marketing ?? "");
    const column = () => page.locator("section.card").filter({ has: page.getByRole("heading", { name: words.chinese }) });
    const body = column().getByLabel(words.body, { exact: true });
    const before = (await kept("points_end")).texts.sms["zh-CN"].body;
    await expect.poll(() => body.inputValue()).toBe(before);
    await page.getByText(words.sound).waitFor();
    await body.fill(`${before}积分兑换`);
    await page.getByText(words.unsaved).waitFor();
    // Vendors take no invitation to redeem in a notice.
    await column().locator(".fault").first().waitFor();
    await page.screenshot({ path: `${PICTURES}/template-fault-${language}-${width}.png`, fullPage: true });
    expect(await page.evaluate(sideways)).toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
    await go(page, "/templates");
    await page.getByRole("link", { name: "points_end" }).click();
    await page.getByText(words.restored).waitFor();
    await expect.poll(() => body.inputValue()).toBe(`${before}积分兑换`);
    page.on("dialog", (dialog) => void dialog.accept());
    await page.reload();
    await signIn(page, keys.marketing ?? "");
    await page.getByText(words.restored).waitFor();
    await expect.poll(() => body.inputValue()).toBe(`${before}积分兑换`);
    await page.getByRole("button", { name: words.discard }).click();
    await expect.poll(() => body.inputValue()).toBe(before);
    await page.getByText(words.unsaved).waitFor({ state: "detached" });
    expect((await kept("points_end")).version).toBe(2);
    expect(faults).toEqual([]);
    await close();
  });

  test("a new template outlives a reload before its first save", async () => {
    const { page, close } = await open("/templates", { language: "zh-CN", width: 390 });
    await signIn(page, keys.marketing ?? "");
    await page.getByRole("button", { name: "新建模板" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("编号").fill("spring_news");
    await dialog.getByLabel("营销推送").check();
    await dialog.getByRole("button", { name: "开始编写" }).click();
    const body = page.getByLabel("正文", { exact: true });
    await body.fill("春季新品到店,拒收请回复R");
    await page.getByText("没有错误").or(page.getByText("计费 1 条")).first().waitFor();
    page.on("dialog", (dialog_) => void dialog_.accept());
    // What is typed is put aside after a pause.
    await expect.poll(() => page.evaluate(() => JSON.stringify({ ...sessionStorage }))).toContain("春季新品到店");
    await page.reload();
    await signIn(page, keys.marketing ?? "");
    await expect.poll(() => body.inputValue()).toBe("春季新品到店,拒收请回复R");
    await page.getByRole("button", { name: "保存", exact: true }).click();
    await page.getByText("已保存为第 1 版。").waitFor();
    expect(await kept("spring_news")).toMatchObject({ purpose: "marketing" });
    await close();
  });

  test("an e-mail is shown as one, and a removal says which strategies it hits", async () => {
    const strategy = { id: "ends", name: { en: "Points end", "zh-CN": "到期提醒" }, trigger: { kind: "points_expiring", days_before: 7 }, send: { channels: ["sms"], template: "points_end" } };
    const { page, faults, close } = await open("/templates/points_end?channel=email", { language: "en" });
    await page.route("**/v1/playbook", async (route) => {
      const answer = await route.fetch();
      const told = await answer.json();
      await route.fulfill({ response: answer, json: { ...told, playbook: { ...told.playbook, strategies: [strategy] } } });
    });
    await signIn(page, keys.marketing ?? "");
    await page.frameLocator("iframe").first().getByText("积分将到期").waitFor();
    await settled(page);
    await page.screenshot({ path: `${PICTURES}/template-mail-en-1440.png`, fullPage: true });
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("In force with it: Points end").waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "hidden" });
    expect((await kept("points_end")).version).toBe(2);
    await marketing()("PUT", "/v1/templates/goes", { purpose: "service", texts: { sms: { "zh-CN": { body: "您好" } } } });
    await go(page, "/templates");
    await page.getByRole("button", { name: "Remove: goes" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByRole("link", { name: "goes", exact: true }).waitFor({ state: "detached" });
    expect((await marketing()("GET", "/v1/templates/goes", undefined, false)).status).toBe(404);
    expect(faults).toEqual([]);
    await close();
  });

  test("the form of a strategy offers templates with purpose and channels", async () => {
    await marketing()("PUT", "/v1/playbook/drafts/offered", { strategies: [{ id: "ends", trigger: { kind: "points_expiring", days_before: 7 }, send: { channels: ["sms", "push"], template: "" } }] });
    const { page, faults, close } = await open("/strategies/drafts/offered", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.getByRole("button", { name: /^ends, Channels/ }).click();
    const form = page.getByRole("dialog");
    // The form opens at the part that was chosen, and has the focus there.
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest("[data-part]")?.getAttribute("data-part"))).toBe("message");
    await form.locator("#strategy_template").fill("points");
    await page.locator(".ant-select-item-option-active", { hasText: "points_end · the account · Text message, E-mail" }).waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => form.locator("#strategy_template").inputValue()).toBe("points_end");
    await form.getByText("It has no text for: Push").waitFor();
    await page.screenshot({ path: `${PICTURES}/strategy-template-en-1440.png` });
    expect(await violations(page)).toEqual([]);
    await choose(page, form.getByLabel("How"), "by the first that is possible");
    await form.getByRole("link", { name: "Open the template" }).click();
    await page.getByRole("heading", { name: "points_end" }).waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  test("a person who does not write templates reads them", async () => {
    const { page, close } = await open("/templates", { language: "en", width: 390 });
    await signIn(page, keys.finance ?? "");
    await page.getByRole("link", { name: "points_end" }).waitFor();
    await expect.poll(() => page.getByRole("button", { name: /New template|Remove/ }).count()).toBe(0);
    await page.getByRole("link", { name: "points_end" }).click();
    await page.locator("pre", { hasText: "积分将于" }).first().waitFor();
    expect(await page.locator("textarea").count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await close();
  });

  test("what another person has kept meanwhile is not overwritten unasked", async () => {
    const text = (body: string) => ({ purpose: "service", texts: { sms: { "zh-CN": { body } } } });
    await marketing()("PUT", "/v1/templates/shared", text("一"));
    const { page, faults, close } = await open("/templates/shared", { language: "en", width: 390 });
    await signIn(page, keys.marketing ?? "");
    const body = page.getByLabel("Text", { exact: true }).first();
    await body.fill("二");
    await marketing()("PUT", "/v1/templates/shared", text("三"));
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").getByText("Somebody else has kept this meanwhile").waitFor();
    expect((await kept("shared")).texts.sms["zh-CN"].body).toBe("三");
    await page.getByRole("button", { name: "Compare" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("td.before", { hasText: "三" }).waitFor();
    await dialog.locator("td.after", { hasText: "二" }).waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(sideways)).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `${PICTURES}/template-newer-en-390.png` });
    await dialog.getByRole("button", { name: "Keep mine over it" }).click();
    await dialog.waitFor({ state: "hidden" });
    await expect.poll(async () => (await kept("shared")).version).toBe(3);
    expect((await kept("shared")).texts.sms["zh-CN"].body).toBe("二");
    // The other way round: what is kept is taken, and nothing is unsaved.
    await marketing()("PUT", "/v1/templates/shared", text("四"));
    await body.fill("五");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Compare" }).click();
    await dialog.getByRole("button", { name: "Take what is kept" }).click();
    await expect.poll(() => body.inputValue()).toBe("四");
    await page.getByText("No faults").waitFor();
    expect(faults).toEqual([]);
    await close();
  });
}
