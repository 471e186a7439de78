// Rules of WCAG 2.2 A and AA that do not hold on a page, found by axe.

import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

const AXE = readFileSync("node_modules/axe-core/axe.min.js", "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/**
 * The rules that do not hold, with the first place of each. Left out are the open lists of choices:
 * Ant Design gives their list box no name, while the field has one.
 */
export async function violations(page: Page): Promise<string[]> {
  // Through the debugger, which the page's policy does not bind.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  return page.evaluate(async (tags) => {
    // What fades in has neither of its colours for a moment. Ant Design marks it with a class some
    // frames before the browser moves it.
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const moves = () => document.getAnimations().filter((one) => one.playState === "running" && one.effect?.getComputedTiming().endTime !== Infinity);
    const marked = () => document.querySelector('[class*="-enter"], [class*="-appear"], [class*="-leave"]') !== null;
    for (let calm = 0, frames = 0; calm < 3 && frames < 300; frames += 1) {
      await frame();
      await Promise.allSettled(moves().map((one) => one.finished));
      calm = marked() || moves().length > 0 ? 0 : calm + 1;
    }
    const axe = (globalThis as unknown as { axe: { run: (context: object, options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe;
    const { violations: found } = await axe.run({ exclude: [".ant-select-dropdown"] }, { runOnly: tags });
    return found.map((one) => `${one.id}: ${one.nodes[0]?.html.slice(0, 200)}`);
  }, TAGS);
}
