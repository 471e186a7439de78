// Conditions as rows and groups, moved by drag or by keyboard: with the handle in focus, the arrow
// keys move it past its neighbours, into groups and out of them.

import { DeleteOutlined, HolderOutlined, PlusOutlined } from "@ant-design/icons";
import { draggable, dropTargetForElements, monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { Button, Input, Select } from "antd";
import { createContext, useContext, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { useWord } from "../lib/use";
import { SEPARATORS } from "../lib/separators";
import type { Fields } from "./fields";
import {
  added, depthOf, find, isGroup, MAX_GROUPS, mayStand, moved, newGroup, newRow, placeOf, removed, altered, stepped,
  type GroupItem, type Item, type Join, type Place, type RowItem,
} from "./tree";
import { useChoices, type Choices } from "./choices";

interface Editing {
  items: Item[];
  change: (how: (items: Item[]) => Item[]) => void;
  step: (id: string, step: -1 | 1) => void;
  fields: Fields;
  choices: Choices;
  /** Marks rows that lack something. */
  strict: boolean;
  dragged: string | null;
  over: Over | null;
  editor: string;
}

interface Over {
  id: string;
  edge: "before" | "after" | "inside";
}

const Context = createContext<Editing | null>(null);

function useEditing(): Editing {
  const editing = useContext(Context);
  if (!editing) throw new Error("outside of an editor");
  return editing;
}

export function Rows({ items, onChange, fields, values = {}, strict, empty }: {
  items: Item[];
  onChange: (items: Item[]) => void;
  fields: Fields;
  /** Values to choose from, by field. */
  values?: Record<string, string[]>;
  strict: boolean;
  empty: string;
}) {
  const { t } = useTranslation();
  const editor = useId();
  const choices = useChoices(values);
  const root = useRef<HTMLDivElement>(null);
  const refocus = useRef<string | null>(null);
  const [said, setSaid] = useState("");
  const [dragged, setDragged] = useState<string | null>(null);
  const [over, setOver] = useState<Over | null>(null);
  // Two changes may come before the page is drawn again: each one begins with the last.
  const latest = useRef(items);
  latest.current = items;
  const change = (how: (items: Item[]) => Item[]) => {
    const next = how(latest.current);
    if (next === latest.current) return null;
    latest.current = next;
    onChange(next);
    return next;
  };
  const changeNow = useRef(change);
  changeNow.current = change;
  // A row that moved to another group is another element; the keyboard stays with it.
  useEffect(() => {
    if (refocus.current === null) return;
    root.current?.querySelector<HTMLElement>(`[data-handle="${refocus.current}"]`)?.focus();
    refocus.current = null;
  }, [items]);
  const tell = (next: Item[], id: string) => {
    const place = placeOf(next, id);
    if (!place) return;
    const parent = place.parent === null ? null : find(next, place.parent);
    const list = parent && isGroup(parent) ? parent.items : next;
    const where = parent && isGroup(parent) ? t(`conditions.join.${parent.join}`) : t("conditions.list");
    setSaid(t("conditions.moved", { place: place.index + 1, count: list.length, where }));
  };
  useEffect(
    () =>
      monitorForElements({
        canMonitor: ({ source }) => source.data.editor === editor,
        onDragStart: ({ source }) => setDragged(String(source.data.id)),
        onDropTargetChange: ({ location }) => setOver(overOf(location.current.dropTargets[0]?.data)),
        onDrag: ({ location }) => setOver(overOf(location.current.dropTargets[0]?.data)),
        onDrop: ({ source, location }) => {
          setDragged(null);
          setOver(null);
          const target = overOf(location.current.dropTargets[0]?.data);
          const to = target && placeAt(latest.current, target);
          const id = String(source.data.id);
          const next = to && changeNow.current((before) => moved(before, id, to));
          if (next) tell(next, id);
        },
      }),
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [editor],
  );
  const step = (id: string, by: -1 | 1) => {
    const next = change((before) => stepped(before, id, by));
    if (!next) return;
    refocus.current = id;
    tell(next, id);
  };
  return (
    <Context.Provider value={{ items, change, step, fields, choices, strict, dragged, over, editor }}>
      <div className="conditions" ref={root}>
        {items.length === 0 && <p className="soft">{empty}</p>}
        <List items={items} parent={null} />
        <p className="unseen" aria-live="assertive">{said}</p>
      </div>
    </Context.Provider>
  );
}

function overOf(data: Record<string | symbol, unknown> | undefined): Over | null {
  return data ? { id: String(data.id), edge: data.edge as Over["edge"] } : null;
}

/** The place that the pointer means. `root` is the list itself. */
function placeAt(items: Item[], { id, edge }: Over): Place | null {
  if (id === "root") return { parent: null, index: items.length };
  if (edge === "inside") {
    const group = find(items, id);
    return group && isGroup(group) ? { parent: id, index: group.items.length } : null;
  }
  const place = placeOf(items, id);
  if (!place) return null;
  const item = find(items, id);
  // Below the head of a group is the first place in it.
  if (edge === "after" && item && isGroup(item)) return { parent: id, index: 0 };
  return { parent: place.parent, index: place.index + (edge === "after" ? 1 : 0) };
}

function List({ items, parent }: { items: Item[]; parent: string | null }) {
  const { t } = useTranslation();
  const { items: all, change, editor, dragged, over } = useEditing();
  const foot = useRef<HTMLDivElement>(null);
  const id = parent ?? "root";
  useDropTarget(foot, () => ({ id, edge: "inside", editor }), parent);
  const isOver = dragged !== null && over?.id === id && over.edge === "inside";
  const depth = depthOf(all, parent);
  return (
    <>
      <ul>
        {items.map((item) => (isGroup(item) ? <Group key={item.id} group={item} /> : <Row key={item.id} row={item} />))}
      </ul>
      <div ref={foot} className={isOver ? "row foot drop" : "row foot"}>
        <Button size="small" icon={<PlusOutlined />} onClick={() => change((now) => added(now, { parent, index: items.length }, newRow()))}>{t("conditions.addRow")}</Button>
        {depth < MAX_GROUPS && (
          <Button size="small" icon={<PlusOutlined />} onClick={() => change((now) => added(now, { parent, index: items.length }, newGroup()))}>{t("conditions.addGroup")}</Button>
        )}
      </div>
    </>
  );
}

/** `parent` is the group in which the dragged thing would stand. */
function useDropTarget(element: RefObject<HTMLElement | null>, data: (below: boolean) => Over & { editor: string }, parent: string | null) {
  const { items, editor } = useEditing();
  const latest = useRef({ items, data, parent });
  useEffect(() => {
    latest.current = { items, data, parent };
  });
  useEffect(() => {
    if (!element.current) return undefined;
    return dropTargetForElements({
      element: element.current,
      canDrop: ({ source }) => source.data.editor === editor && source.data.id !== latest.current.data(false).id && mayStand(latest.current.items, String(source.data.id), latest.current.parent),
      getData: ({ input, element: target }) => {
        const { top, height } = target.getBoundingClientRect();
        return { ...latest.current.data(input.clientY > top + height / 2) };
      },
      getIsSticky: () => true,
    });
  }, [element, editor]);
}

/** What rows and heads of groups share: the handle, the arrows, and being dragged and dropped on. */
function useMovable(item: Item) {
  const { items, editor, dragged, over, step } = useEditing();
  const body = useRef<HTMLDivElement>(null);
  const handle = useRef<HTMLButtonElement>(null);
  const parent = placeOf(items, item.id)?.parent ?? null;
  useDropTarget(body, (below) => ({ id: item.id, edge: below ? "after" : "before", editor }), parent);
  useEffect(() => {
    if (!body.current || !handle.current) return undefined;
    return draggable({ element: body.current, dragHandle: handle.current, getInitialData: () => ({ id: item.id, editor }) });
  }, [item.id, editor]);
  const isOver = dragged !== null && dragged !== item.id && over?.id === item.id;
  const className = ["condition", dragged === item.id && "dragged", isOver && `drop-${over.edge}`].filter(Boolean).join(" ");
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : null;
    if (by === null) return;
    event.preventDefault();
    step(item.id, by);
  };
  return { body, handle, className, onKeyDown };
}

function Tools({ item, name, movable }: { item: Item; name: string; movable: ReturnType<typeof useMovable> }) {
  const { t } = useTranslation();
  return (
    <Button
      ref={movable.handle}
      type="text"
      className="handle"
      icon={<HolderOutlined />}
      data-handle={item.id}
      aria-label={t("conditions.move", { what: name })}
      title={t("conditions.moveHint")}
      onKeyDown={movable.onKeyDown}
    />
  );
}

function Ends({ item, name }: { item: Item; name: string }) {
  const { t } = useTranslation();
  const { items, change, step } = useEditing();
  return (
    <span className="ends">
      <Button type="text" aria-label={t("conditions.up", { what: name })} disabled={stepped(items, item.id, -1) === items} onClick={() => step(item.id, -1)}>↑</Button>
      <Button type="text" aria-label={t("conditions.down", { what: name })} disabled={stepped(items, item.id, 1) === items} onClick={() => step(item.id, 1)}>↓</Button>
      <Button type="text" icon={<DeleteOutlined />} aria-label={t("conditions.remove", { what: name })} onClick={() => change((now) => removed(now, item.id))} />
    </span>
  );
}

function Group({ group }: { group: GroupItem }) {
  const { t } = useTranslation();
  const { change } = useEditing();
  const movable = useMovable(group);
  const name = t(`conditions.join.${group.join}`);
  return (
    <li>
      <div className="group" role="group" aria-label={name}>
        <div ref={movable.body} className={movable.className}>
          <Tools item={group} name={name} movable={movable} />
          <Select<Join>
            className="join"
            aria-label={t("conditions.joinOf")}
            value={group.join}
            options={(["any", "all", "none"] as const).map((value) => ({ value, label: t(`conditions.join.${value}`) }))}
            onChange={(join) => change((now) => altered(now, group.id, { join }))}
          />
          <Ends item={group} name={name} />
        </div>
        <List items={group.items} parent={group.id} />
      </div>
    </li>
  );
}

const MANY = ["one_of", "none_of"];

function Row({ row }: { row: RowItem }) {
  const { t } = useTranslation();
  const word = useWord();
  const { change, fields, choices, strict } = useEditing();
  const movable = useMovable(row);
  const [typed, setTyped] = useState("");
  const known = row.field ? fields.get(row.field) : undefined;
  const options = useMemo(() => {
    const list = fields.plain.map((field) => ({ value: field, label: fields.name(field) }));
    const name = typed.trim();
    for (const extra of [row.field, ...(name ? fields.named.map((before) => before + name) : [])]) {
      if (extra && !list.some((one) => one.value === extra)) list.push({ value: extra, label: fields.name(extra) });
    }
    return list;
  }, [fields, row.field, typed]);
  const set = (part: Partial<RowItem>) => change((now) => altered(now, row.id, part));
  const isMany = MANY.includes(row.operator ?? "");
  const chosen = known && row.field ? choices(row.field, known.type) : undefined;
  const text = row.values[0] ?? "";
  const isWrong = known?.type === "number" && row.values.some((value) => !(known.money ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/).test(value.trim()));
  const lacks = (is: boolean) => (strict && is ? { status: "error" as const, "aria-invalid": true } : {});
  const name = [row.field ? fields.name(row.field) : t("conditions.row"), row.operator && word("operator", row.operator), row.values.join(", ")].filter(Boolean).join(" ");
  return (
    <li>
      <div ref={movable.body} className={movable.className}>
        <Tools item={row} name={name} movable={movable} />
        <Select
          className="field"
          aria-label={t("ruleForm.field")}
          placeholder={t("ruleForm.field")}
          {...lacks(!row.field)}
          value={row.field ?? null}
          showSearch={{ optionFilterProp: "label", onSearch: setTyped }}
          options={options}
          onChange={(field) => {
            const next = fields.get(field);
            const operator = next?.operators.length === 1 ? next.operators[0] : row.operator && next?.operators.includes(row.operator) ? row.operator : undefined;
            set({ field, operator, values: next?.type === known?.type ? row.values : [] });
          }}
        />
        <Select
          className="operator"
          aria-label={t("ruleForm.operator")}
          placeholder={t("ruleForm.operator")}
          {...lacks(!row.operator)}
          value={row.operator ?? null}
          options={(known?.operators ?? []).map((value) => ({ value, label: word("operator", value) }))}
          onChange={(operator) => set({ operator, values: MANY.includes(operator) ? row.values : row.values.slice(0, 1) })}
        />
        {isMany ? (
          <Select
            // Tab leaves the field; Ant Design would choose what the list happens to show.
            onInputKeyDown={(event) => event.key === "Tab" && event.stopPropagation()}
            // Of a closed list only what is in it: a text that is typed looks for it.
            mode={chosen ? "multiple" : "tags"}
            className="value"
            aria-label={t("conditions.values")}
            placeholder={t("conditions.values")}
            {...lacks(row.values.length === 0 || isWrong)}
            value={row.values}
            options={chosen ?? []}
            {...(chosen ? { showSearch: { optionFilterProp: "label" } } : { open: false, suffixIcon: null })}
            tokenSeparators={SEPARATORS}
            onChange={(values: string[]) => set({ values })}
          />
        ) : chosen ? (
          <Select
            className="value"
            aria-label={t("conditions.value")}
            placeholder={t("conditions.value")}
            {...lacks(text === "")}
            value={row.values[0] ?? null}
            options={text && !chosen.some((one) => one.value === text) ? [...chosen, { value: text, label: text }] : chosen}
            showSearch={{ optionFilterProp: "label" }}
            onChange={(value) => set({ values: [value] })}
          />
        ) : (
          <Input
            className="value"
            aria-label={t("conditions.value")}
            placeholder={t("conditions.value")}
            {...lacks(text === "" || isWrong)}
            {...(isWrong && text !== "" ? { status: "error" as const } : {})}
            value={text}
            inputMode={known?.type === "number" ? "decimal" : "text"}
            onChange={(event) => set({ values: event.target.value === "" ? [] : [event.target.value] })}
          />
        )}
        <Ends item={row} name={name} />
      </div>
    </li>
  );
}
