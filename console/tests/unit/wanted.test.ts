import { expect, test } from "vitest";
import { inboxPath } from "../../src/lib/wanted";

test("addresses of messages lead into the inbox", () => {
  for (const [hash, path] of [
    ["#/inbox", "/inbox"],
    ["#/inbox/adjustment", "/inbox?kind=adjustment"],
    ["#/inbox/publication/0199-ab", "/inbox?kind=publication&id=0199-ab"],
    ["#/inbox/reward/mug%2F7", "/inbox?kind=reward&id=mug%2F7"],
    ["#/inbox/reward/%", "/inbox?kind=reward&id=%25"],
    ["", null],
    ["#/inboxes", null],
    ["#/inbox/Ä", null],
    ["#/invitation/x", null],
    ["#content", null],
  ] as const) expect(inboxPath(hash), hash).toBe(path);
});
