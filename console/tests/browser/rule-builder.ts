// A rule from its first condition to the till, built by drag and by keyboard alone.

import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { api, choose, go, keys, open, operator, PICTURES, putAside, search, settled, signIn, violations } from "./helpers";
import { caller } from "./seed.mjs";

/** Fills the last row of the rows. */
async function fillRow(page: Page, row: Locator, field: string, operator: string, value: string): Promise<void> {
  await search(page, row.getByLabel("Field"), field);
  await choose(page, row.getByLabel("Comparison"), operator);
  const input = row.getByLabel("Value", { exact: true });
  // Tiers are chosen, once the rulebook that names them is there.
  const isChosen = field === "tier";
  if (isChosen) await expect.poll(() => input.getAttribute("role")).toBe("combobox");
  if (isChosen) await choose(page, input, value);
  else await input.fill(value);
}

/** Drags by a handle as a hand does: it holds, moves over the place, and lets go once the place shows. */
async function drag(page: Page, handle: Locator, target: Locator, at?: { x: number; y: number }): Promise<void> {
  await handle.hover();
  await page.mouse.down();
  await target.hover({ ...(at ? { position: at } : {}), force: true });
  await page.locator(".conditions .dragged").waitFor();
  const place = page.locator(".conditions .drop, .conditions .drop-before, .conditions .drop-after");
  for (let moves = 0; moves < 20 && !(await place.first().isVisible()); moves += 1) {
    await target.hover({ position: { x: (at?.x ?? 20) + (moves % 2), y: at?.y ?? 6 }, force: true });
    await page.waitForTimeout(100);
  }
  await page.mouse.up();
}

/** Conditions as they stand, to read at a glance. */
function shown(form: Locator): Promise<string> {
  return form.locator(".conditions").evaluate((root) => {
    const read = (list: Element | null): string =>
      [...(list?.children ?? [])]
        .map((item) => {
          const name = item.querySelector("[data-handle]")?.getAttribute("aria-label")?.replace("Move: ", "") ?? "";
          const group = item.querySelector(":scope > .group");
          return group ? `${name} (${read(group.querySelector(":scope > ul"))})` : name;
        })
        .join(" · ");
    return read(root.querySelector(":scope > ul"));
  });
}

/** Presses Tab until the thing in focus has this name. */
async function tabTo(page: Page, name: string | RegExp, back = false): Promise<void> {
  const focused = () =>
    page.evaluate(() => {
      const at = document.activeElement as HTMLElement | null;
      const label = at?.getAttribute("aria-label") ?? (at?.id ? document.querySelector(`label[for="${CSS.escape(at.id)}"]`)?.textContent : null);
      return label ?? at?.textContent ?? "";
    });
  const fits = (text: string) => (typeof name === "string" ? text === name : name.test(text));
  for (let presses = 0; presses < 90; presses += 1) {
    if (fits(await focused())) return;
    await page.keyboard.press(back ? "Shift+Tab" : "Tab");
  }
  throw new Error(`the keyboard does not reach ${name}`);
}

export function ruleBuilder(): void {
  test.each([
    ["zh-CN", 1440],
    ["en-GB", 1440],
    ["zh-CN", 390],
    ["en-GB", 360],
  ] as const)("the form of a rule with groups, in %s at %i px", async (language, width) => {
    const { page, faults, close } = await open("/", { language, width });
    await signIn(page, keys.marketing ?? "");
    await go(page, "/rules/drafts/groups");
    await page.getByRole("button", { name: /happy_hour$/ }).nth(2).click();
    const form = page.getByRole("dialog");
    await form.locator(".conditions .group").nth(2).waitFor();
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${PICTURES}/rule-form-${language}-${width}.png` });
    expect(await violations(page)).toEqual([]);
    const overflow = await form.evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth);
    expect(overflow, "scrolls sideways").toBeLessThanOrEqual(0);
    if (language === "en-GB") expect((await form.innerText()).replaceAll("北京", "")).not.toMatch(/[\u4e00-\u9fff]/);
    // In sentences, groups and all.
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: language === "zh-CN" ? "文字说明" : "In words" }).click();
    await page.locator(".rules .says").last().waitFor();
    await settled(page);
    await page.screenshot({ path: `${PICTURES}/rule-words-${language}-${width}.png`, fullPage: true });
    expect(faults).toEqual([]);
    await close();
  });

  test("a rule is built by drag, tried, back-tested, asked for, approved on a phone, and live at the till", async () => {
    const { page, faults, close } = await open("/rules?tab=drafts", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.getByRole("button", { name: "New draft" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("app-or-gold");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("button", { name: "New rule" }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("Name").fill("app_or_gold");
    await choose(page, form.getByLabel("Award"), "Fixed points");
    await form.locator("#rule_amount").fill("33");
    const rows = form.locator(".condition");
    await form.getByRole("button", { name: "Add a condition" }).click();
    await fillRow(page, rows.nth(0), "channel", "is", "app");
    await form.getByRole("button", { name: "Add a condition" }).click();
    await fillRow(page, rows.nth(1), "order amount", "≥", "300");
    await form.getByRole("button", { name: "Add a group" }).click();
    await fillRow(page, rows.nth(3), "tier", "is", "gold");
    await expect.poll(() => shown(form)).toBe("channel is app · order amount ≥ 300 · One of these holds (tier is gold)");

    // Dragged: the first row to the end of the group, and the group before the amount.
    const foot = form.locator(".group .foot");
    await drag(page, form.getByRole("button", { name: "Move: channel is app", exact: true }), foot);
    await expect.poll(() => shown(form)).toBe("order amount ≥ 300 · One of these holds (tier is gold · channel is app)");
    await drag(page, form.getByRole("button", { name: "Move: One of these holds", exact: true }), rows.nth(0), { x: 60, y: 3 });
    await expect.poll(() => shown(form)).toBe("One of these holds (tier is gold · channel is app) · order amount ≥ 300");
    await page.screenshot({ path: `${PICTURES}/rule-dragged-en-1440.png` });

    // Tried while it is edited.
    const aside = form.locator("aside");
    await aside.getByLabel("Member").fill("M10002");
    await aside.getByLabel("Channel").fill("app");
    await aside.getByLabel("Amount").fill("400");
    await aside.getByRole("button", { name: "Try", exact: true }).click();
    await aside.locator(".explain", { hasText: "app_or_gold" }).waitFor();
    await aside.getByLabel("Amount").fill("299");
    await aside.locator(".explain li", { hasText: "app_or_gold" }).getByText("its condition does not hold").waitFor();
    await rows.nth(3).getByLabel("Value", { exact: true }).fill("250");
    await expect.poll(() => aside.locator(".explain li", { hasText: "app_or_gold" }).innerText()).not.toContain("does not hold");
    await rows.nth(3).getByLabel("Value", { exact: true }).fill("300");

    // In CEL and back; a fault stands at its place, and nothing is lost.
    await form.getByText("Expert (CEL)").first().click();
    const cel = form.getByRole("textbox", { name: "Expert (CEL)" });
    const text = '(member.tier == "gold" || event.channel == "app") && order.amount_minor >= 30000';
    await expect.poll(() => cel.inputValue()).toBe(text);
    await cel.fill(text.replace("member.tier", "member.tear"));
    await form.locator(".fault").getByText("member.tear is no field that is known here").waitFor();
    await form.getByRole("button", { name: "Go to line 1, place 2" }).click();
    await expect.poll(() => cel.evaluate((area) => (area as HTMLTextAreaElement).selectionStart)).toBe(1);
    await page.screenshot({ path: `${PICTURES}/rule-cel-en-1440.png` });
    expect(await violations(page)).toEqual([]);
    await form.getByText("Rows", { exact: true }).click();
    await form.locator(".ant-alert[role=status]").waitFor();
    expect(await cel.inputValue()).toContain("member.tear");
    await cel.fill(`${text} && size(order.skus) > 0`);
    await form.getByText("Rows", { exact: true }).click();
    await form.getByText("Rows cannot say this condition").waitFor();
    await cel.fill(text);
    await form.getByText("Rows", { exact: true }).click();
    await expect.poll(() => shown(form)).toBe("One of these holds (tier is gold · channel is app) · order amount ≥ 300");

    // Loaded again in the middle: sign in, and go on.
    await putAside(page, /app_or_gold.*"form":"rows"/);
    page.on("dialog", (dialog) => void dialog.accept());
    await page.reload();
    await signIn(page, keys.marketing ?? "");
    await expect.poll(() => shown(form)).toBe("One of these holds (tier is gold · channel is app) · order amount ≥ 300");
    await expect.poll(() => form.getByLabel("Name").inputValue()).toBe("app_or_gold");
    await form.getByRole("button", { name: "Take over" }).click();
    await page.getByText("Taken over into the draft").waitFor();

    // Without the network the draft cannot be kept, and stays as it was typed.
    await page.context().setOffline(true);
    await page.getByRole("button", { name: "Keep draft" }).click();
    await page.getByRole("alert").getByText("cannot be reached").waitFor();
    await page.context().setOffline(false);
    const editor = page.getByLabel("Rulebook");
    await expect.poll(() => editor.inputValue()).toContain("app_or_gold");
    await page.getByRole("button", { name: "Keep draft" }).click();
    await page.getByText("The draft is kept.").waitFor();
    await page.getByText("No faults").waitFor();
    await page.getByText("Changes: 1").waitFor();

    await page.getByRole("link", { name: "Back-test", exact: true }).click();
    const [from, to] = [page.getByPlaceholder("Start date"), page.getByPlaceholder("End date")];
    await from.fill("2026-02-01");
    await from.press("Enter");
    await to.fill("2026-03-10");
    await to.press("Enter");
    await page.getByRole("button", { name: "Begin" }).click();
    await page.locator(".mark.good", { hasText: "done" }).waitFor();
    await page.getByText("Compared").waitFor();
    await page.getByRole("button", { name: "Request publication" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Request publication" }).click();
    await page.getByText("Requested. Next: Approver.").waitFor();
    expect(faults).toEqual([]);
    await close();

    const phone = await open("/inbox", { width: 390, language: "en" });
    await signIn(phone.page, keys.approver ?? "");
    const card = phone.page.locator("article").filter({ hasText: "app-or-gold" });
    await card.getByRole("button", { name: "Show changes" }).click();
    await card.getByText("app_or_gold").first().waitFor();
    await phone.page.screenshot({ path: `${PICTURES}/inbox-rule-en-390.png`, fullPage: true });
    expect(await violations(phone.page)).toEqual([]);
    await card.getByRole("button", { name: "Approve" }).click();
    await phone.page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
    await phone.page.getByText("Approved.").waitFor();
    await card.waitFor({ state: "detached" });
    expect(phone.faults).toEqual([]);
    await phone.close();

    const till = caller(api, keys.storefront ?? "");
    const buy = (reference: string, amount: number) =>
      till("POST", "/v1/earn", {
        member_id: "M10009", event: "purchase", reference, channel: "app",
        lines: [{ line_id: "1", quantity: 1, amount: { amount_minor: amount, currency: "CNY" } }],
      });
    const fired = async (reference: string, amount: number) => (await buy(reference, amount)).entry.rules.map((rule: { rule: string }) => rule.rule).includes("rule:app_or_gold");
    expect(await fired("LIVE-1", 30_000)).toBe(true);
    expect(await fired("LIVE-2", 29_900)).toBe(false);
  });

  test("the keyboard alone builds a rule, moves its conditions, and keeps it", async () => {
    await caller(api, operator)("PUT", "/v1/rulebook/drafts/keys-alone", (await caller(api, operator)("GET", "/v1/programmes/default")).rulebook);
    const { page, faults, close } = await open("/rules/drafts/keys-alone", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.getByRole("button", { name: "New rule" }).waitFor();
    await tabTo(page, "New rule");
    await page.keyboard.press("Enter");
    const form = page.getByRole("dialog");
    await form.getByLabel("Name").waitFor();
    await tabTo(page, "Name");
    await page.keyboard.type("by_keys");
    await tabTo(page, "Times");
    await page.keyboard.type("2");
    const pick = async (name: string, text: string) => {
      await tabTo(page, name);
      await page.keyboard.type(text);
      await page.locator(".ant-select-item-option-active", { hasText: text }).waitFor();
      await page.keyboard.press("Enter");
    };
    const compare = async (down: number) => {
      await tabTo(page, "Comparison");
      // The list of the field before is gone before this one is looked at.
      await expect.poll(() => page.locator(".ant-select-dropdown:visible").count()).toBe(0);
      await page.keyboard.press("ArrowDown");
      await page.locator(".ant-select-dropdown:visible .ant-select-item-option-active").last().waitFor();
      for (let step = 0; step < down; step += 1) await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
    };
    for (const [add, field, value] of [["Add a group", "channel", "app"], ["Add a condition", "store", "SH-001"]] as const) {
      // The last button of its name belongs to the list itself.
      await form.getByRole("button", { name: add }).last().waitFor();
      for (;;) {
        await tabTo(page, add);
        if (await page.evaluate(() => document.activeElement?.closest(".group") === null)) break;
        await page.keyboard.press("Tab");
      }
      await page.keyboard.press("Enter");
      await page.keyboard.press("Shift+Tab");
      await tabTo(page, "Field", true);
      await pick("Field", field);
      await compare(0);
      await tabTo(page, "Value");
      await page.keyboard.type(value);
    }
    await expect.poll(() => shown(form)).toBe("One of these holds (channel is app) · store is SH-001");
    await tabTo(page, "Move: store is SH-001", true);
    const there = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    for (const [key, expected] of [
      ["ArrowUp", "One of these holds (channel is app · store is SH-001)"],
      ["ArrowUp", "One of these holds (store is SH-001 · channel is app)"],
      ["ArrowUp", "store is SH-001 · One of these holds (channel is app)"],
      ["ArrowDown", "One of these holds (store is SH-001 · channel is app)"],
    ] as const) {
      await page.keyboard.press(key);
      await expect.poll(() => shown(form)).toBe(expected);
      await expect.poll(there).toBe("Move: store is SH-001");
    }
    await expect.poll(() => form.locator("[aria-live=assertive]").innerText()).toBe("Place 1 of 2 in: One of these holds");
    await tabTo(page, "Take over");
    await page.keyboard.press("Enter");
    await page.getByText("Taken over into the draft").waitFor();
    await tabTo(page, "Keep draft");
    await page.keyboard.press("Enter");
    await page.getByText("The draft is kept.").waitFor();
    await page.getByText("No faults").waitFor();
    const kept = await caller(api, operator)("GET", "/v1/rulebook/drafts/keys-alone");
    const rule = kept.rulebook.rules.find((one: { id: string }) => one.id === "by_keys");
    expect(rule.conditions).toEqual([
      { any: [{ field: "event.store", operator: "is", values: ["SH-001"] }, { field: "event.channel", operator: "is", values: ["app"] }] },
    ]);
    expect(faults).toEqual([]);
    await close();
  });

  test("what rows cannot say stays CEL, and an unfinished row is not lost", async () => {
    const { page, close } = await open("/rules/drafts/groups", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.getByRole("button", { name: "Edit the rule weekend_double" }).click();
    const form = page.getByRole("dialog");
    // A rule that was written in CEL opens in CEL, and becomes rows where it can.
    await expect.poll(() => form.getByRole("textbox", { name: "Expert (CEL)" }).inputValue()).toBe("event.weekday in [6, 7]");
    await form.getByText("Rows", { exact: true }).click();
    await expect.poll(() => shown(form)).toContain("weekday is one of 6, 7");
    await form.getByRole("button", { name: "Add a condition" }).click();
    await form.getByRole("button", { name: "Take over" }).click();
    await form.getByText("Complete or remove each condition.").waitFor();
    expect(await violations(page)).toEqual([]);
    await form.getByText("Expert (CEL)").first().click();
    await form.getByText("Complete or remove each condition first.").waitFor();
    await form.getByRole("button", { name: "Remove: New condition", exact: true }).click();
    await form.getByRole("button", { name: "Take over" }).click();
    await page.getByText("Taken over into the draft").waitFor();
    await close();
  });

  test("which lines count is shown as it was kept, and changes", async () => {
    const { page, close } = await open("/rules/drafts/groups", { language: "en" });
    await signIn(page, keys.marketing ?? "");
    await page.getByRole("button", { name: "Edit the rule dairy" }).click();
    const form = page.getByRole("dialog");
    const lines = form.getByLabel("Which lines count (CEL)");
    await expect.poll(() => lines.inputValue()).toBe('line.category == "乳制品"');
    await lines.fill('line.category == "烘焙"');
    expect(await lines.inputValue()).toBe('line.category == "烘焙"');
    await form.getByRole("button", { name: "Take over" }).click();
    await page.getByText("Taken over into the draft").waitFor();
    await expect.poll(() => page.getByLabel("Rulebook").inputValue()).toContain("烘焙");
    expect(await page.getByLabel("Rulebook").inputValue()).not.toContain("乳制品");
    await close();
  });
}
