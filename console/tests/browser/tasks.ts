// Tasks in the inbox: what a strategy asks people to do, closed on a phone.

import { expect, test } from "vitest";
import { admin, api, keys, open, operator, PICTURES, settled, signIn, violations } from "./helpers";
import { caller } from "./seed.mjs";

const clock = async () => (await (await fetch(`${admin}/clock`)).text()).trim();

async function fire(component: string): Promise<void> {
  expect((await fetch(`${admin}/cron/${component}`, { method: "POST" })).status, component).toBe(200);
}

/** A member who puts something into the cart is called by the service desk, as a published playbook says. */
async function published(): Promise<void> {
  const [marketing, approver] = [caller(api, keys.marketing ?? ""), caller(api, keys.approver ?? "")];
  const { playbook } = await marketing("GET", "/v1/playbook");
  const calls = {
    id: "calls",
    name: { "zh-CN": "购物车关怀", en: "Cart" },
    trigger: { kind: "behaviour", behaviour: "add_to_cart" },
    action: { task: { to: "role", name: "service", text: { "zh-CN": "电话回访", en: "Call about the cart" } } },
    holdout_percent: 0,
  };
  await marketing("PUT", "/v1/playbook/drafts/calls", { ...playbook, holdout_percent: 0, strategies: [...(playbook.strategies ?? []), calls] });
  const asked = await marketing("POST", "/v1/playbook/drafts/calls/publication", {});
  if (asked.state === "waiting") await approver("POST", `/v1/rulebook/publications/${asked.publication_id}/approve`);
}

export function tasks() {
  test("a cart that was left is a task, done with a note on a phone, and dismissed", async () => {
    await published();
    await fire("touch");
    const at = await clock();
    const events = ["M10002", "M10003"].map((member_id) => ({ idempotency_key: `cart-${member_id}`, member_id, kind: "add_to_cart", occurred_at: at }));
    await caller(api, operator)("POST", "/v1/behaviour/bulk", { events });
    for (const component of ["fold", "touch", "deliver"]) await fire(component);

    for (const language of ["zh-CN", "en"]) {
      const { page, faults, close } = await open("/inbox?kind=task", { width: 390, language });
      await signIn(page, keys.service ?? "");
      const card = page.locator("article").filter({ hasText: language === "en" ? "M10003" : "M10002" });
      await card.waitFor();
      await settled(page);
      await page.screenshot({ path: `${PICTURES}/inbox-task-${language}-390.png`, fullPage: true });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), "scrolls sideways").toBeLessThanOrEqual(0);
      expect(await violations(page)).toEqual([]);
      if (language === "zh-CN") {
        await card.getByText("电话回访").waitFor();
        expect(await card.getByRole("link", { name: "M10002" }).getAttribute("href")).toBe("/console/members/M10002");
        await card.getByRole("button", { name: "完成" }).click();
        await page.getByLabel("处理结果").fill("周日到店");
        expect(await violations(page)).toEqual([]);
        await page.getByRole("dialog").getByRole("button", { name: "完成" }).click();
        await page.getByText("已完成。").waitFor();
      } else {
        await card.getByText("Call about the cart").waitFor();
        await card.getByRole("button", { name: "Dismiss" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Dismiss" }).click();
        await page.getByText("Dismissed.").waitFor();
      }
      await card.waitFor({ state: "detached" });
      expect(faults).toEqual([]);
      await close();
    }
    const { items } = await caller(api, keys.service ?? "")("GET", "/v1/tasks?strategy=calls");
    expect(items.map((task: { state: string; note: string | null }) => [task.state, task.note])).toEqual([["dismissed", null], ["done", "周日到店"]]);
  });
}
