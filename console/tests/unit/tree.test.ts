import { describe, expect, test } from "vitest";
import type { Condition } from "../../src/api/answers";
import { added, conditionsOf, isGroup, itemsOf, mayStand, moved, newRow, removed, altered, stepped, unfinished, type Item } from "../../src/conditions/tree";

const unit = (field: string) => (field.endsWith("_minor") ? 100 : 1);
const row = (name: string): Condition => ({ field: name, operator: "is", values: ["1"] });

/** `a (any: b c) d`, to read at a glance. */
function read(items: Item[]): string {
  return items.map((item) => (isGroup(item) ? `(${item.join}: ${read(item.items)})` : item.field)).join(" ");
}

function idOf(items: Item[], name: string): string {
  for (const item of items) {
    if (isGroup(item)) {
      if (item.join === name) return item.id;
      const within = idOf(item.items, name);
      if (within) return within;
    } else if (item.field === name) return item.id;
  }
  return "";
}

const tree = () => itemsOf([row("a"), { any: [row("b"), row("c")] }, row("d")], unit);

test("conditions come back as they were, money as people write it", () => {
  const conditions: Condition[] = [
    { field: "order.amount_minor", operator: "at_least", values: ["19990"] },
    { any: [row("b"), { none: [row("c"), { all: [row("d"), row("e")] }] }] },
  ];
  const items = itemsOf(conditions, unit);
  expect(items[0]).toMatchObject({ values: ["199.9"] });
  expect(conditionsOf(items, unit)).toEqual(conditions);
});

test("what is typed is kept as it is, until it is a sum", () => {
  for (const [typed, expected] of [["0.29", "29"], ["", ""], ["ten", "ten"], ["1e3", "100000"], ["-5", "-500"]]) {
    const items: Item[] = [{ id: "x", field: "order.amount_minor", operator: "is", values: [typed ?? ""] }];
    expect(conditionsOf(items, unit)).toEqual([{ field: "order.amount_minor", operator: "is", values: [expected] }]);
  }
});

test("empty groups are left out, and unfinished rows are found", () => {
  expect(conditionsOf([{ id: "g", join: "any", items: [{ id: "h", join: "all", items: [] }] }], unit)).toEqual([]);
  const half = newRow();
  expect(unfinished([...tree(), { id: "g", join: "any", items: [half] }])).toEqual([half.id]);
  expect(unfinished([{ ...half, field: "a", operator: "is", values: [""] }])).toEqual([half.id]);
});

describe("moves", () => {
  test("step by step downwards through everything, and back", () => {
    let items = tree();
    const id = idOf(items, "a");
    const seen = [read(items)];
    for (let step = 0; step < 5; step += 1) seen.push(read((items = stepped(items, id, 1))));
    expect(seen).toEqual(["a (any: b c) d", "(any: a b c) d", "(any: b a c) d", "(any: b c a) d", "(any: b c) a d", "(any: b c) d a"]);
    expect(read(stepped(items, id, 1))).toBe("(any: b c) d a");
    const back = [];
    for (let step = 0; step < 5; step += 1) back.push(read((items = stepped(items, id, -1))));
    expect(back).toEqual(seen.slice(0, 5).reverse());
  });

  test("to a place, counted before the move", () => {
    const items = tree();
    const [a, d, any] = [idOf(items, "a"), idOf(items, "d"), idOf(items, "any")];
    expect(read(moved(items, a, { parent: null, index: 3 }))).toBe("(any: b c) d a");
    expect(read(moved(items, d, { parent: any, index: 1 }))).toBe("a (any: b d c)");
    expect(read(moved(items, any, { parent: null, index: 0 }))).toBe("(any: b c) a d");
    expect(moved(items, a, { parent: null, index: 1 })).toBe(items);
    expect(moved(items, any, { parent: any, index: 0 })).toBe(items);
  });

  test("never too deep: a group goes past one that it may not enter", () => {
    const deep = itemsOf([{ any: [{ all: [{ none: [row("x")] }] }] }, { all: [row("y")] }, row("z")], unit);
    const [none, first] = [idOf(deep, "none"), idOf(deep, "any")];
    expect(mayStand(deep, idOf(deep, "z"), none)).toBe(true);
    expect(mayStand(deep, first, deep[1]?.id ?? "")).toBe(false);
    expect(read(stepped(deep, first, 1))).toBe("(all: y) (any: (all: (none: x))) z");
    expect(mayStand(deep, deep[1]?.id ?? "", none)).toBe(false);
  });
});

test("changes leave the rest alone", () => {
  const items = tree();
  const [b, any] = [idOf(items, "b"), idOf(items, "any")];
  expect(read(removed(items, b))).toBe("a (any: c) d");
  expect(read(altered(items, b, { field: "q" }))).toBe("a (any: q c) d");
  expect(read(added(items, { parent: any, index: 2 }, { id: "n", field: "n", values: [] }))).toBe("a (any: b c n) d");
  expect(read(items)).toBe("a (any: b c) d");
});
