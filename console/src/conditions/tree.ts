// Conditions while somebody edits them: a tree of rows and groups, each with an id of the page's
// own. Values are as people type them: money in units of the currency.

import type { Condition } from "../api/answers";

export type Join = "all" | "any" | "none";

export interface RowItem {
  id: string;
  field?: string | undefined;
  operator?: string | undefined;
  values: string[];
}

export interface GroupItem {
  id: string;
  join: Join;
  items: Item[];
}

export type Item = RowItem | GroupItem;

/** How deep groups stand within each other at most, as the server says. */
export const MAX_GROUPS = 3;

/** What a field is measured in: how many minor units a unit has, 1 where it is no money. */
export type Unit = (field: string) => number;

export function isGroup(item: Item): item is GroupItem {
  return "join" in item;
}

let count = 0;
export function newId(): string {
  count += 1;
  return `c${count}`;
}

export function newRow(): RowItem {
  return { id: newId(), values: [] };
}

export function newGroup(items: Item[] = [newRow()]): GroupItem {
  return { id: newId(), join: "any", items };
}

export function itemsOf(conditions: Condition[], unit: Unit): Item[] {
  return conditions.map((condition): Item => {
    if ("all" in condition) return { id: newId(), join: "all", items: itemsOf(condition.all, unit) };
    if ("any" in condition) return { id: newId(), join: "any", items: itemsOf(condition.any, unit) };
    if ("none" in condition) return { id: newId(), join: "none", items: itemsOf(condition.none, unit) };
    const { field, operator, values } = condition;
    return { id: newId(), field, operator, values: (values ?? []).map((value) => shown(String(value), unit(field))) };
  });
}

/** The conditions of the tree. Empty groups mean nothing, so they are left out. */
export function conditionsOf(items: Item[], unit: Unit): Condition[] {
  return items.flatMap((item): Condition[] => {
    if (!isGroup(item)) {
      const { field = "", operator = "", values } = item;
      return [{ field, operator, values: values.map((value) => meant(value, unit(field))) }];
    }
    const within = conditionsOf(item.items, unit);
    if (within.length === 0) return [];
    if (item.join === "all") return [{ all: within }];
    return [item.join === "any" ? { any: within } : { none: within }];
  });
}

function shown(value: string, unit: number): string {
  return unit === 1 || !/^-?\d+$/.test(value) ? value : String(Number(value) / unit);
}

function meant(value: string, unit: number): string {
  const text = value.trim();
  return unit === 1 || text === "" || Number.isNaN(Number(text)) ? value : String(Math.round(Number(text) * unit));
}

/** Rows that lack something. */
export function unfinished(items: Item[]): string[] {
  return items.flatMap((item) => {
    if (isGroup(item)) return unfinished(item.items);
    const isDone = item.field && item.operator && item.values.length > 0 && item.values.every((value) => value !== "");
    return isDone ? [] : [item.id];
  });
}

export interface Place {
  /** The group; null is the list itself. */
  parent: string | null;
  index: number;
}

export function find(items: Item[], id: string): Item | null {
  for (const item of items) {
    if (item.id === id) return item;
    const within = isGroup(item) ? find(item.items, id) : null;
    if (within) return within;
  }
  return null;
}

export function placeOf(items: Item[], id: string, parent: string | null = null): Place | null {
  for (const [index, item] of items.entries()) {
    if (item.id === id) return { parent, index };
    const within = isGroup(item) ? placeOf(item.items, id, item.id) : null;
    if (within) return within;
  }
  return null;
}

/** What stands in the list, or in the group. */
function siblings(items: Item[], parent: string | null): Item[] {
  const group = parent === null ? null : find(items, parent);
  return parent === null ? items : group && isGroup(group) ? group.items : [];
}

/** The tree with the things of one list changed. */
function changed(items: Item[], parent: string | null, change: (items: Item[]) => Item[]): Item[] {
  if (parent === null) return change(items);
  return items.map((item) => {
    if (!isGroup(item)) return item;
    return item.id === parent ? { ...item, items: change(item.items) } : { ...item, items: changed(item.items, parent, change) };
  });
}

/** The tree with some values of one thing changed. */
export function altered(items: Item[], id: string, part: Partial<RowItem> | Partial<GroupItem>): Item[] {
  return items.map((item) => (item.id === id ? ({ ...item, ...part } as Item) : isGroup(item) ? { ...item, items: altered(item.items, id, part) } : item));
}

export function removed(items: Item[], id: string): Item[] {
  return items.filter((item) => item.id !== id).map((item) => (isGroup(item) ? { ...item, items: removed(item.items, id) } : item));
}

export function added(items: Item[], { parent, index }: Place, item: Item): Item[] {
  return changed(items, parent, (list) => [...list.slice(0, index), item, ...list.slice(index)]);
}

/** How many groups stand around the things of a group, with it. */
export function depthOf(items: Item[], parent: string | null): number {
  if (parent === null) return 0;
  const place = placeOf(items, parent);
  return place ? 1 + depthOf(items, place.parent) : 0;
}

function heightOf(item: Item): number {
  return isGroup(item) ? 1 + Math.max(0, ...item.items.map(heightOf)) : 0;
}

/** Whether something may stand there: not within itself, and not too deep. */
export function mayStand(items: Item[], id: string, parent: string | null): boolean {
  const item = find(items, id);
  if (!item || parent === id || (parent !== null && find([item], parent))) return false;
  return depthOf(items, parent) + heightOf(item) <= MAX_GROUPS;
}

/** Moves something to a place, counted as the tree is now; the same tree where it may not. */
export function moved(items: Item[], id: string, to: Place): Item[] {
  const item = find(items, id);
  const from = placeOf(items, id);
  if (!item || !from || !mayStand(items, id, to.parent)) return items;
  const isSame = from.parent === to.parent;
  if (isSame && (to.index === from.index || to.index === from.index + 1)) return items;
  const index = isSame && from.index < to.index ? to.index - 1 : to.index;
  return added(removed(items, id), { parent: to.parent, index }, item);
}

/**
 * Moves something one step up or down, as it is read: past its neighbour, into a neighbouring
 * group, or out of its own. So every place can be reached with two keys.
 */
export function stepped(items: Item[], id: string, step: -1 | 1): Item[] {
  const from = placeOf(items, id);
  if (!from) return items;
  const list = siblings(items, from.parent);
  const neighbour = list[from.index + step];
  if (neighbour) {
    if (isGroup(neighbour) && mayStand(items, id, neighbour.id)) {
      return moved(items, id, { parent: neighbour.id, index: step === 1 ? 0 : neighbour.items.length });
    }
    return moved(items, id, { parent: from.parent, index: step === 1 ? from.index + 2 : from.index - 1 });
  }
  if (from.parent === null) return items;
  const group = placeOf(items, from.parent);
  return group ? moved(items, id, { parent: group.parent, index: group.index + (step === 1 ? 1 : 0) }) : items;
}
