// Strategies as a matrix and as flows: one document, typed in, drawn, compared and published.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { api, go, keys, open, PICTURES, putAside, settled, signIn, violations } from "./helpers";
import { caller, EXAMPLE } from "./seed.mjs";

const draftOf = async (name: string) => (await caller(api, keys.marketing ?? "")("GET", `/v1/playbook/drafts/${name}`)).playbook;
const put = (name: string, document: object) => caller(api, keys.marketing ?? "")("PUT", `/v1/playbook/drafts/${name}`, document);

/** Presses Tab until what has the focus is named so. */
async function tabTo(page: Page, name: string | RegExp, key = "Tab"): Promise<void> {
  const named = () => page.evaluate(() => {
    const at = document.activeElement as HTMLInputElement | null;
    return at?.getAttribute("aria-label") || at?.labels?.[0]?.textContent || at?.textContent || "";
  });
  const seen: string[] = [];
  for (let presses = 0; presses < 150; presses += 1) {
    const found = await named();
    seen.push(found.slice(0, 30));
    if (typeof name === "string" ? found === name : name.test(found)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${String(name)} is not reached by ${key}, but ${[...new Set(seen)].join(" | ")}`);
}

/** What Enter would choose. */
const ACTIVE = ".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option-active";

const ladder = async (page: Page) => {
  const cards = await page.locator(".card-node.message .clamp").allInnerTexts();
  return cards.map((text) => text.split("\n")[0]);
};

export function strategies() {
  test("a row is typed into the matrix by the keyboard alone", async () => {
    const { page, faults, close } = await open("/strategies", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.getByText("No playbook was published yet").waitFor();
    const { keyboard } = page;
    const chosen = (name: string) => page.locator(ACTIVE, { hasText: name }).waitFor();
    await tabTo(page, "New draft");
    await keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(page, "Name");
    await keyboard.type("typed");
    await keyboard.press("Enter");
    await page.getByRole("heading", { name: "typed" }).waitFor();
    await settled(page);
    await tabTo(page, "New strategy");
    await keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.locator("#strategy_id").waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("strategy_id");
    await keyboard.type("row_3");
    await tabTo(page, "Name in English");
    await keyboard.type("Low value");
    await tabTo(page, "For whom");
    await keyboard.type("Spends");
    await chosen("Spends much");
    await keyboard.press("Enter");
    await tabTo(page, "Days");
    await keyboard.press("Control+A");
    await keyboard.type("7");
    await tabTo(page, "Add a condition");
    await keyboard.press("Enter");
    await tabTo(page, "Field");
    await keyboard.type("days since");
    await chosen("days since the last order");
    const field = "days since the last order";
    await keyboard.press("Enter");
    await tabTo(page, "Comparison");
    await keyboard.press("ArrowDown");
    for (let presses = 0; presses < 12 && (await page.locator(ACTIVE).last().innerText()) !== "≥"; presses += 1) await keyboard.press("ArrowDown");
    await chosen("≥");
    await keyboard.press("Enter");
    await tabTo(page, "Value");
    await keyboard.type("90");
    await tabTo(page, "Recommend rewards");
    await keyboard.press("Space");
    await tabTo(page, "How many");
    await keyboard.press("Control+A");
    await keyboard.type("1");
    await tabTo(page, "Channels");
    await keyboard.type("Text");
    await chosen("Text message");
    await keyboard.press("Enter");
    // The list stays open for further ones, until Escape; the form stays.
    await dialog.locator(".ant-select-selection-item", { hasText: "Text message" }).waitFor();
    await keyboard.press("Escape");
    await expect.poll(() => page.locator(ACTIVE, { hasText: "Text message" }).count()).toBe(0);
    await tabTo(page, "Template");
    await keyboard.type("top_up");
    await page.screenshot({ path: `${PICTURES}/strategy-form-en-1440.png` });
    expect(await violations(page)).toEqual([]);
    await tabTo(page, "Take over");
    await keyboard.press("Enter");
    await page.getByRole("button", { name: `row_3, Condition: ${field} ≥ 90` }).waitFor();
    await page.getByRole("button", { name: "row_3, Trigger: Points end · 7 days before" }).waitFor();
    await page.getByRole("button", { name: "row_3, What is done: Recommend 1 from popular" }).waitFor();
    await tabTo(page, "Keep draft", "Shift+Tab");
    await keyboard.press("Enter");
    await page.getByText("The draft is kept.").waitFor();
    await page.getByRole("region", { name: "Matrix" }).getByText("names no template").waitFor();
    const [row] = (await draftOf("typed")).strategies;
    expect(row).toMatchObject({
      id: "row_3", name: { en: "Low value" }, segment: "rich", trigger: { kind: "points_expiring", days_before: 7 },
      action: { recommend: { from: ["popular"], count: 1 } }, send: { channels: ["sms"], template: "top_up", mode: "all" },
    });
    expect(row.conditions[0]).toMatchObject({ operator: "at_least", values: ["90"] });
    // A cell opens the form at its place.
    await tabTo(page, /^row_3, Channels/);
    await keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest("[data-part]")?.getAttribute("data-part"))).toBe("message");
    await page.getByRole("dialog").getByText("names no template").waitFor();
    await keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(faults).toEqual([]);
    await close();
  });

  test("ready-made strategies come into a draft, and what was changed is undone", async () => {
    await put("ready", {});
    const { page, faults, close } = await open("/strategies/drafts/ready", { language: "zh-CN" });
    await signIn(page, keys.marketing ?? "");
    await page.getByRole("button", { name: "现成策略" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("高价值活跃:心愿礼品提醒".replace(":", "：")).waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole("button", { name: "采用" }).or(dialog.locator("button[type=submit]")).first().click();
    const rows = page.locator(".matrix tbody tr");
    await expect.poll(() => rows.count()).toBe(9);
    await page.getByRole("button", { name: /^row_1, 触发器: 积分到期 · 提前30天$/ }).waitFor();
    await page.getByRole("button", { name: /^row_1, 分群: 高价值活跃用户$/ }).waitFor();
    await page.getByRole("button", { name: "删除策略: tier_up" }).click();
    await expect.poll(() => rows.count()).toBe(8);
    await page.keyboard.press("Control+z");
    await expect.poll(() => rows.count()).toBe(9);
    await page.getByRole("button", { name: "上移: row_2" }).click();
    await expect.poll(() => rows.first().innerText()).toContain("row_2");
    await page.getByRole("button", { name: "撤销" }).click();
    await expect.poll(() => rows.first().innerText()).toContain("row_1");
    await page.getByRole("button", { name: "重做" }).click();
    // What is not kept is there after a reload.
    await putAside(page, /"strategies":\[\{"id":"row_2"/);
    await page.reload();
    await signIn(page, keys.marketing ?? "");
    await expect.poll(() => rows.first().innerText()).toContain("row_2");
    await page.getByRole("button", { name: "保存草稿" }).click();
    await page.locator(".matrix .fault").first().waitFor();
    const kept = await draftOf("ready");
    expect(kept.strategies.map((one: { id: string }) => one.id).slice(0, 3)).toEqual(["row_2", "row_1", "row_3"]);
    expect(kept.caps).toEqual(EXAMPLE.caps);
    expect(Object.keys(kept.segments)).toHaveLength(4);
    await page.screenshot({ path: `${PICTURES}/strategy-matrix-typed-zh-CN-1440.png`, fullPage: true });
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
    await close();
  });

  test("messages of a flow change places by drag, by a line, and by keyboard", async () => {
    await put("drawn", EXAMPLE);
    const { page, faults, close } = await open("/strategies/drafts/drawn?tab=flow&strategy=expiry_ladder", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.locator(".card-node.end").waitFor();
    const before = ["30 days before · WeChat", "15 days before · E-mail", "7 days before · Push", "3 days before · Text message", "1 day before · Push → Text message"];
    await expect.poll(() => ladder(page)).toEqual(before);
    await page.locator(".card-node.message").first().getByText("names no template").waitFor();
    // Cards are measured, then they take their places: theirs count once they stand still.
    const middle = async (selector: string) => {
      const at = async () => JSON.stringify(await page.locator(selector).boundingBox());
      await expect.poll(async () => {
        const before = await at();
        await page.waitForTimeout(100);
        return before !== "null" && (await at()) === before;
      }).toBe(true);
      const box = await page.locator(selector).boundingBox();
      return { x: (box?.x ?? 0) + (box?.width ?? 0) / 2, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 };
    };
    const drag = async (from: { x: number; y: number }, to: { x: number; y: number }) => {
      await page.mouse.move(from.x, from.y);
      await page.mouse.down();
      await page.mouse.move(from.x, (from.y + to.y) / 2, { steps: 6 });
      await page.mouse.move(to.x, to.y, { steps: 6 });
      await page.mouse.up();
    };
    const node = (place: number) => `.react-flow__node[data-id="message-${place}"]`;
    // By drag: the first one behind the second.
    await drag(await middle(node(0)), await middle(node(1)));
    await expect.poll(() => ladder(page)).toEqual(["30 days before · E-mail", "15 days before · WeChat", ...before.slice(2)]);
    // By a line from the trigger to the fourth.
    await drag(await middle(`.react-flow__node[data-id="trigger"] .react-flow__handle.source`), await middle(`${node(3)} .react-flow__handle.target`));
    await expect.poll(async () => (await ladder(page))[0]).toBe("30 days before · Text message");
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => ladder(page)).toEqual(before);
    // A line back is refused, in words.
    await drag(await middle(`${node(0)} .react-flow__handle.source`), await middle(`${node(1)} .react-flow__handle.target`));
    await page.getByRole("alert").getByText("That cannot be connected").waitFor();
    // By keyboard; the focus stays with the message.
    await page.locator('[data-handle="message-4"]').focus();
    const held = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset.handle);
    await expect.poll(held).toBe("message-4");
    await page.keyboard.press("ArrowUp");
    await expect.poll(async () => (await ladder(page))[3]).toBe("3 days before · Push → Text message");
    await expect.poll(held).toBe("message-3");
    await page.keyboard.press("ArrowUp");
    await expect.poll(async () => (await ladder(page))[2]).toBe("7 days before · Push → Text message");
    await expect.poll(held).toBe("message-2");
    await page.screenshot({ path: `${PICTURES}/flow-moved-en-1440.png`, fullPage: true });
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Keep draft" }).click();
    await page.getByText("The draft is kept.").waitFor();
    const kept = (await draftOf("drawn")).strategies.find((one: { id: string }) => one.id === "expiry_ladder");
    expect(kept.sequence.nodes.map((one: { days_before: number; channels: string[] }) => [one.days_before, ...one.channels])).toEqual([[30, "wechat"], [15, "email"], [7, "push", "sms"], [3, "push"], [1, "sms"]]);
    expect(faults).toEqual([]);
    await close();
  });

  test("a row of the matrix becomes a flow of several messages", async () => {
    await put("grown", EXAMPLE);
    const { page, faults, close } = await open("/strategies/drafts/grown", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.getByRole("button", { name: "Flow: row_2" }).click();
    const nodes = page.locator(".card-node");
    await nodes.last().waitFor();
    await expect.poll(() => nodes.evaluateAll((all) => all.map((one) => one.className.split(" ")[1]))).toEqual(["trigger", "condition", "action", "message", "end"]);
    await page.getByRole("group", { name: "Parts to add" }).getByRole("button", { name: "Message" }).dragTo(page.locator(".flow"), { targetPosition: { x: 80, y: 60 } });
    await expect.poll(() => ladder(page)).toEqual(["15 days before · E-mail", "7 days before · E-mail"]);
    await nodes.filter({ hasText: "Recommend" }).getByRole("button", { name: "Remove: Recommend rewards" }).click();
    await expect.poll(() => nodes.count()).toBe(5);
    // The matrix says the same.
    await go(page, "/strategies/drafts/grown");
    const cell = page.getByRole("button", { name: /^row_2, Channels: 15 days before: E-mail 7 days before: E-mail$/ });
    await cell.waitFor();
    await page.getByRole("button", { name: "row_2, What is done: –" }).waitFor();
    await cell.click();
    await page.getByRole("group", { name: "Message 2" }).waitFor();
    await expect.poll(() => page.getByRole("group", { name: "Message 2" }).getByLabel("Days before").inputValue()).toBe("7");
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/strategy-steps-en-1440.png` });
    expect(faults).toEqual([]);
    await close();
  });

  test("bounds are changed, major changes are marked, and others approve of them", async () => {
    await put("care", { strategies: [{ id: "care", name: { en: "Care", "zh-CN": "关怀" }, trigger: { kind: "tier_changed", direction: "down" }, action: { set_tag: "service/care" } }] });
    const { page, faults, close } = await open("/strategies/drafts/care", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.getByText("No faults").waitFor();
    await page.getByRole("button", { name: "Request publication" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Request publication" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await go(page, "/strategies");
    await page.getByText("Version 1, in force").waitFor();
    await page.getByRole("region", { name: "Matrix" }).getByText("Tier changed · to a lower one").waitFor();
    await page.getByRole("button", { name: "Flow: care" }).click();
    await page.getByRole("dialog").locator(".card-node.end").waitFor();
    expect(await page.getByRole("dialog").getByRole("button", { name: "Edit: Trigger" }).count(), "what is in force is only read").toBe(0);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await go(page, "/strategies/drafts/care?tab=settings");
    await page.getByRole("button", { name: "Add a cap" }).click();
    await page.locator("#settings_holdout_percent").fill("8");
    await page.getByRole("button", { name: "Take over" }).click();
    await page.getByText("Not kept yet").waitFor();
    await page.getByRole("button", { name: "Keep draft" }).click();
    await page.getByText("Major: 2").waitFor();
    expect(await draftOf("care")).toMatchObject({ holdout_percent: 8, caps: [{ times: 1, per: "day", purpose: "marketing" }] });
    await page.getByRole("link", { name: "Changes" }).click();
    await expect.poll(() => page.locator("table.diff tr").filter({ hasText: "/holdout_percent" }).locator(".mark").innerText()).toBe("major");
    await page.screenshot({ path: `${PICTURES}/strategy-major-en-1440.png`, fullPage: true });
    await page.getByRole("button", { name: "Request publication" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Request publication" }).click();
    await page.getByText("Requested. Next: Approver.").waitFor();
    expect(faults).toEqual([]);
    await close();
    const phone = await open("/inbox", { language: "en", width: 390 });
    await signIn(phone.page, keys.approver ?? "");
    const card = phone.page.locator("article").filter({ hasText: "care" });
    await card.getByRole("button", { name: "Approve" }).click();
    await phone.page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
    await card.waitFor({ state: "detached" });
    await go(phone.page, "/strategies");
    await phone.page.getByText("Version 2, in force").waitFor();
    await phone.page.getByText("8%").waitFor();
    expect(await phone.page.getByRole("button", { name: "New draft" }).count()).toBe(0);
    expect(await phone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    expect(await violations(phone.page)).toEqual([]);
    expect(phone.faults).toEqual([]);
    await phone.close();
  });

  test("a flow is used on a phone", async () => {
    await put("phone", EXAMPLE);
    const { page, faults, close } = await open("/strategies/drafts/phone?tab=flow&strategy=row_1", { language: "zh-CN", width: 390 });
    await signIn(page, keys.marketing ?? "");
    await page.locator(".card-node.end").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.locator(".card-node.message").getByRole("button", { name: /^编辑/ }).click();
    await page.getByRole("dialog").locator("#strategy_template").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/strategy-form-zh-CN-390.png` });
    expect(faults).toEqual([]);
    await close();
  });

  test("what was typed among settings stays over an undo and a reload, and holds back what ignores it", async () => {
    await put("typed", { holdout_percent: 5, strategies: [] });
    const { page, faults, close } = await open("/strategies/drafts/typed?tab=settings", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    const holdout = page.locator("#settings_holdout_percent");
    const sendAt = page.locator("#settings_send_at");
    await holdout.fill("8");
    await page.getByRole("button", { name: "Take over" }).click();
    await page.getByText("Not kept yet").waitFor();
    await sendAt.fill("11:30");
    await page.getByText("Typed, not taken over: Bounds and segments").waitFor();
    expect(await page.getByRole("button", { name: "Keep draft" }).isDisabled()).toBe(true);
    expect(await page.getByRole("button", { name: "Request publication" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await expect.poll(() => holdout.inputValue()).toBe("5");
    expect(await sendAt.inputValue(), "an undo of the draft takes nothing that was typed").toBe("11:30");
    expect(await violations(page)).toEqual([]);
    await putAside(page, /"send_at":"11:30"/);
    await page.reload();
    await signIn(page, keys.marketing ?? "");
    await expect.poll(() => sendAt.inputValue()).toBe("11:30");
    await page.getByRole("button", { name: "Take over" }).click();
    await page.getByRole("button", { name: "Keep draft" }).click();
    await expect.poll(async () => (await draftOf("typed")).send_at).toBe("11:30");
    await expect.poll(() => page.getByText("Typed, not taken over").count()).toBe(0);
    expect(faults).toEqual([]);
    await close();
  });

  test("choices are read to their end, and a list that is not read is no empty one", async () => {
    await put("chosen", { strategies: [] });
    const { page, close } = await open("/strategies", { language: "en" });
    const asked: (string | null)[] = [];
    await page.route(/\/v1\/tags\?/, (route) => {
      const cursor = new URL(route.request().url()).searchParams.get("cursor");
      asked.push(cursor);
      return route.fulfill({ json: { items: [], next: cursor === null ? "second" : null } });
    });
    await page.route(/\/v1\/templates\?/, (route) => route.fulfill({ status: 403, json: { type: "urn:accrue:problem:forbidden" } }));
    await signIn(page, keys.marketing ?? "");
    await go(page, "/strategies/drafts/chosen");
    await page.getByRole("alert").getByText("Your role may not do this").waitFor();
    await expect.poll(() => asked).toEqual([null, "second"]);
    await page.getByRole("button", { name: "New strategy" }).click();
    await page.getByRole("dialog").getByRole("alert").getByText("Your role may not do this").waitFor();
    await close();
  });

  test("what another editor has kept meanwhile comes together with what stands here", async () => {
    const tagging = (id: string) => ({ id, name: { en: `Tag ${id}`, "zh-CN": `标签 ${id}` }, trigger: { kind: "tier_changed", direction: "up" }, action: { set_tag: "service/care" } });
    await put("shared", { holdout_percent: 5, strategies: [tagging("first")] });
    const { page, faults, close } = await open("/strategies/drafts/shared?tab=settings", { language: "en", width: 390 });
    await signIn(page, keys.marketing ?? "");
    const holdout = page.locator("#settings_holdout_percent");
    const keeps = async (percent: string) => {
      await holdout.fill(percent);
      await page.getByRole("button", { name: "Take over" }).click();
      await page.getByRole("button", { name: "Keep draft" }).click();
    };
    await holdout.waitFor();
    await put("shared", { holdout_percent: 5, strategies: [tagging("first"), tagging("theirs")] });
    await keeps("7");
    await page.getByRole("alert").getByText("Somebody else has kept this meanwhile").waitFor();
    expect((await draftOf("shared")).holdout_percent, "nothing is overwritten unasked").toBe(5);
    await page.getByRole("button", { name: "Compare" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("/holdout_percent").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `${PICTURES}/strategy-newer-en-390.png` });
    await dialog.getByRole("button", { name: "Put both together" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByText("Not kept yet").waitFor();
    await page.getByRole("button", { name: "Keep draft" }).click();
    await page.getByText("The draft is kept.").waitFor();
    const both = await draftOf("shared");
    expect(both.holdout_percent).toBe(7);
    expect(both.strategies.map((one: { id: string }) => one.id)).toEqual(["first", "theirs"]);
    // Where both changed the same, what stands here stays, and is told.
    await put("shared", { ...both, holdout_percent: 9 });
    await keeps("8");
    await page.getByRole("button", { name: "Compare" }).click();
    await dialog.getByRole("button", { name: "Put both together" }).click();
    await page.getByText("Both of you changed /holdout_percent").waitFor();
    await page.getByRole("button", { name: "Keep draft" }).click();
    await expect.poll(async () => (await draftOf("shared")).holdout_percent).toBe(8);
    // What another editor has kept is taken.
    await put("shared", { ...both, holdout_percent: 3 });
    await keeps("4");
    await page.getByRole("button", { name: "Compare" }).click();
    await dialog.getByRole("button", { name: "Take what is kept" }).click();
    await expect.poll(() => holdout.inputValue()).toBe("3");
    await expect.poll(() => page.getByText("Not kept yet").count()).toBe(0);
    // A reload restores what was typed with the revision that it came from, not with the newest.
    await holdout.fill("6");
    await page.getByRole("button", { name: "Take over" }).click();
    await page.getByText("Not kept yet").waitFor();
    await putAside(page, /"holdout_percent":6/);
    await put("shared", { ...both, holdout_percent: 2 });
    await page.reload();
    await signIn(page, keys.marketing ?? "");
    await expect.poll(() => holdout.inputValue()).toBe("6");
    await page.getByRole("button", { name: "Keep draft" }).click();
    await page.getByRole("alert").getByText("Somebody else has kept this meanwhile").waitFor();
    expect((await draftOf("shared")).holdout_percent).toBe(2);
    await page.getByRole("button", { name: "Compare" }).click();
    await dialog.getByRole("button", { name: "Keep mine over it" }).click();
    await expect.poll(async () => (await draftOf("shared")).holdout_percent).toBe(6);
    // A new draft does not take the place of another one.
    await go(page, "/strategies?tab=drafts");
    await page.getByRole("button", { name: "New draft" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("shared");
    await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
    await page.getByRole("alert").getByText("There is a draft of this name already.").waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  test("what was published since comes into a draft that was begun before", async () => {
    const marketing = caller(api, keys.marketing ?? "");
    const { version: before, playbook } = await marketing("GET", "/v1/playbook");
    const tagging = (id: string) => ({ id, name: { en: `Tag ${id}`, "zh-CN": `标签 ${id}` }, trigger: { kind: "tier_changed", direction: "up" }, action: { set_tag: "service/care" } });
    await put("late", { ...playbook, strategies: [...playbook.strategies, tagging("mine")] });
    await put("first", { ...playbook, strategies: [...playbook.strategies, tagging("theirs")] });
    await marketing("POST", "/v1/playbook/drafts/first/publication", {});
    const { page, faults, close } = await open("/strategies/drafts/late", { language: "en", width: 390 });
    await signIn(page, keys.marketing ?? "");
    await page.getByText(`This draft began with version ${before}; version ${before + 1} is in force`).waitFor();
    await page.getByRole("button", { name: "See what changed" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("/strategies/theirs", { exact: true }).waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `${PICTURES}/strategy-older-en-390.png` });
    await dialog.getByRole("button", { name: "Take into the draft" }).click();
    await page.getByText("The draft has what was published since.").waitFor();
    await page.getByRole("button", { name: "Flow: theirs" }).waitFor();
    await page.getByRole("button", { name: "Flow: mine" }).waitFor();
    const draft = await marketing("GET", "/v1/playbook/drafts/late");
    expect(draft.base_version).toBe(before + 1);
    expect(draft.playbook.strategies.map((one: { id: string }) => one.id)).toEqual([...playbook.strategies.map((one: { id: string }) => one.id), "mine", "theirs"]);
    await expect.poll(() => page.getByText("This draft began with version").count()).toBe(0);
    expect(faults).toEqual([]);
    await close();
  });
}
