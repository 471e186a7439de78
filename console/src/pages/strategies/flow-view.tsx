// One strategy as a flow: a view of the same document as the matrix. Messages change places by
// drag, by a line from one node to another, or with the arrow keys on a handle.

import { DeleteOutlined, EditOutlined, HolderOutlined, PlusOutlined } from "@ant-design/icons";
import { applyNodeChanges, Handle, Position, ReactFlow, type Edge, type Node, type NodeChange, type NodeProps } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { Button } from "antd";
import { createContext, useContext, useEffect, useMemo, useRef, useState, type DragEvent } from "react";
import { useTranslation } from "react-i18next";
import { ACTIONS, connected, flowOf, nodeOfFault, stepped, withMessage, without, type ActionKind, type FlowNode } from "./flow";
import { isAhead, MAX_STEPS, type Action, type Playbook, type PlaybookFault, type Strategy } from "./playbook";
import type { Part } from "./strategy-form";
import type { Known } from "./use-known";
import { useSay, type Say } from "./words";

const WIDTH = 320;
const HEIGHT = 92;
const GAP = 34;

interface Card {
  title: string;
  lines: string[];
  kind: FlowNode["kind"];
  part: Part;
  faults: string[];
  [other: string]: unknown;
}
type CardNode = Node<Card, "card">;

interface Doing {
  edit: (part: Part) => void;
  step: (id: string, by: number) => void;
  remove: (id: string) => void;
  isEdited: boolean;
  several: boolean;
}
const Context = createContext<Doing | null>(null);

interface Props {
  strategy: Strategy;
  document: Playbook;
  known: Known;
  /** With places within the strategy. */
  faults: PlaybookFault[];
  /** Without it, the flow is only read. */
  onChange?: (strategy: Strategy) => void;
  onEdit?: (part: Part) => void;
}

export default function FlowView({ strategy, document, known, faults, onChange, onEdit }: Props) {
  const { t } = useTranslation();
  const say = useSay(document, known.keptSegments);
  const flow = useMemo(() => flowOf(strategy), [strategy]);
  const root = useRef<HTMLDivElement>(null);
  const [said, setSaid] = useState("");
  const [refused, setRefused] = useState("");
  const refocus = useRef<string | null>(null);
  const [over, setOver] = useState(false);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!root.current) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(root.current);
    return () => observer.disconnect();
  }, []);
  const isEdited = onChange !== undefined;
  const cardWidth = Math.min(WIDTH, Math.max(200, width - 24));
  const placed = useMemo(
    () =>
      flow.nodes.map((node, place): CardNode => ({
        id: node.id,
        type: "card",
        position: { x: (width - cardWidth) / 2, y: 12 + place * (HEIGHT + GAP) },
        width: cardWidth,
        height: HEIGHT,
        draggable: isEdited && node.kind === "message" && node.step !== null,
        selectable: false,
        connectable: isEdited,
        data: { ...cardOf(node, strategy, say, t), kind: node.kind, faults: faults.filter((one) => nodeOfFault(one.pointer, flow) === node.id).map((one) => one.detail) },
      })),
    [flow, strategy, say, t, faults, width, cardWidth, isEdited],
  );
  const [nodes, setNodes] = useState<CardNode[]>(placed);
  useEffect(() => setNodes(placed), [placed]);
  // A message that changed places is another element; the keyboard stays with it.
  useEffect(() => {
    if (refocus.current === null) return;
    root.current?.querySelector<HTMLElement>(`[data-handle="${refocus.current}"]`)?.focus();
    refocus.current = null;
  }, [nodes]);
  const change = (next: Strategy) => {
    setRefused("");
    if (next !== strategy) onChange?.(next);
    return next !== strategy;
  };
  const messages = flow.nodes.filter((node) => node.kind === "message");
  const step = (id: string, by: number) => {
    const to = Math.max(0, Math.min(messages.length - 1, messages.findIndex((node) => node.id === id) + by));
    if (!change(stepped(strategy, id, by))) return;
    // Nodes are named by their place, so the moved one has the name of its new place.
    refocus.current = `message-${to}`;
    setSaid(t("flow.moved", { place: to + 1, count: messages.length }));
  };
  const drop = (node: CardNode) => {
    const first = placed.find((one) => one.id === messages[0]?.id);
    const from = messages.findIndex((one) => one.id === node.id);
    const to = Math.round((node.position.y - (first?.position.y ?? 0)) / (HEIGHT + GAP));
    const place = Math.max(0, Math.min(messages.length - 1, to));
    if (from >= 0 && place !== from) step(node.id, place - from);
    else setNodes(placed);
  };
  const add = (what: Palette) => {
    if (what === "message") {
      if (!change(withMessage(strategy))) setRefused(t("flow.full", { count: MAX_STEPS }));
      else if (!strategy.send?.template) onEdit?.("message");
      return;
    }
    if (what === "condition") {
      onEdit?.("condition");
      return;
    }
    if (what === "recommend") change({ ...strategy, action: { ...strategy.action, recommend: { from: ["popular"], count: 3 } } as Action });
    onEdit?.("action");
  };
  const has = (id: string) => flow.nodes.some((node) => node.id === id);
  const palette: Palette[] = [...(has("condition") ? [] : ["condition" as const]), ...ACTIONS.filter((one) => !has(one)), "message"];
  const edges = flow.edges.map((edge): Edge => ({ id: `${edge.source}-${edge.target}`, ...edge, type: "smoothstep", focusable: false, selectable: false, deletable: false }));
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const what = event.dataTransfer.getData("text/plain") as Palette;
    if (palette.includes(what)) add(what);
  };
  const doing: Doing = { edit: (part) => onEdit?.(part), step, remove: (id) => change(without(strategy, id)), isEdited, several: messages.length > 1 };
  return (
    <Context.Provider value={doing}>
      {isEdited && (
        <div className="palette row" role="group" aria-label={t("flow.palette")}>
          {palette.map((one) => (
            <Button key={one} size="small" icon={<PlusOutlined />} draggable onDragStart={(event) => event.dataTransfer.setData("text/plain", one)} onClick={() => add(one)}>
              {t(`flow.${one}`)}
            </Button>
          ))}
          <span className="soft small">{t("flow.hint")}</span>
        </div>
      )}
      {refused && <p className="fault" role="alert">{refused}</p>}
      <div
        ref={root}
        className={over ? "flow over" : "flow"}
        style={{ height: placed.length * (HEIGHT + GAP) + 24 }}
        onDragOver={(event) => {
          if (!isEdited) return;
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={dropped}
      >
        {width > 0 && (
          <ReactFlow<CardNode>
            nodes={nodes}
            edges={edges}
            nodeTypes={TYPES}
            onNodesChange={(changes: NodeChange<CardNode>[]) => setNodes((before) => applyNodeChanges(changes, before))}
            onNodeDragStop={(_, node) => drop(node)}
            onConnect={({ source, target }) => {
              if (!change(connected(strategy, source, target))) setRefused(t("flow.refused"));
            }}
            nodesFocusable={false}
            edgesFocusable={false}
            disableKeyboardA11y
            deleteKeyCode={null}
            selectionKeyCode={null}
            multiSelectionKeyCode={null}
            panActivationKeyCode={null}
            zoomActivationKeyCode={null}
            elementsSelectable={false}
            nodeDragThreshold={3}
            minZoom={1}
            maxZoom={1}
            zoomOnScroll={false}
            zoomOnPinch={false}
            zoomOnDoubleClick={false}
            panOnDrag={false}
            panOnScroll={false}
            preventScrolling={false}
            autoPanOnNodeDrag={false}
            autoPanOnConnect={false}
            aria-label={t("flow.of", { id: strategy.id })}
          />
        )}
      </div>
      <div className="unseen" role="status">{said}</div>
    </Context.Provider>
  );
}

type Palette = "condition" | "message" | ActionKind;

function FlowCard({ id, data }: NodeProps<CardNode>) {
  const { t } = useTranslation();
  const doing = useContext(Context);
  const { title, lines, kind, part, faults } = data;
  const canGo = kind !== "trigger" && kind !== "end";
  return (
    <div className={faults.length > 0 ? `card-node ${kind} faulty` : `card-node ${kind}`} role="group" aria-label={`${title}: ${lines.join("; ")}`}>
      {kind !== "trigger" && <Handle type="target" position={Position.Top} />}
      <div className="row">
        {doing?.isEdited && kind === "message" && doing.several && (
          <Button
            className="handle"
            size="small"
            type="text"
            icon={<HolderOutlined />}
            data-handle={id}
            aria-label={t("conditions.move", { what: `${title}: ${lines[0] ?? ""}` })}
            title={t("conditions.moveHint")}
            onKeyDown={(event) => {
              const by = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[event.key];
              if (by === undefined) return;
              event.preventDefault();
              doing.step(id, by);
            }}
          />
        )}
        <strong className="small">{title}</strong>
        {doing?.isEdited && (
          <span className="extra nodrag">
            <Button size="small" type="text" icon={<EditOutlined />} aria-label={`${t("do.edit")}: ${title}`} onClick={() => doing.edit(part)} />
            {canGo && <Button size="small" type="text" danger icon={<DeleteOutlined />} aria-label={`${t("flow.remove")}: ${title}`} onClick={() => doing.remove(id)} />}
          </span>
        )}
      </div>
      <div className="clamp" title={lines.join("\n")}>{lines.map((line) => <span key={line} className="bit">{line}</span>)}</div>
      {faults.length > 0 && <div className="fault small clamp-one" lang="en" title={faults.join("\n")}>{faults.join("; ")}</div>}
      {kind !== "end" && <Handle type="source" position={Position.Bottom} />}
    </div>
  );
}

const TYPES = { card: FlowCard };

type T = ReturnType<typeof useTranslation>["t"];

function cardOf(node: FlowNode, strategy: Strategy, say: Say, t: T): { title: string; lines: string[]; part: Part } {
  switch (node.kind) {
    case "trigger":
      return { title: t("strategy.trigger"), lines: [say.trigger(strategy)], part: "trigger" };
    case "condition": {
      const { segment } = node.asks;
      return { title: t("strategy.condition"), lines: [...(segment ? [t("flow.inSegment", { segment: say.segment(segment) })] : []), ...say.conditions(node.asks)], part: segment && !node.asks.when && !node.asks.conditions ? "segment" : "condition" };
    }
    case "action":
      return { title: t(`flow.${node.of}`), lines: say.actions(node.action), part: "action" };
    case "message": {
      const { send } = strategy;
      const { step } = node;
      const channels = step?.channels?.length ? step.channels : send?.channels ?? [];
      const by = say.channels({ channels, mode: step?.mode ?? send?.mode ?? "all" }) || "–";
      const template = step?.template || send?.template || "–";
      const when = step ? `${say.day(step.days_before ?? step.days_after ?? 0, isAhead(strategy.trigger.kind))} · ` : "";
      return { title: t("flow.message"), lines: [when + by, t("flow.template", { template }), ...(step?.action ? say.actions(step.action as Action) : [])], part: "message" };
    }
    case "end": {
      const { stop_when, sequence } = node.ends;
      return {
        title: t("flow.end"),
        lines: [
          ...(stop_when?.length ? [t("strategy.stops", { when: stop_when.map((one) => say.speech.word("stop", one)).join(", ") })] : []),
          ...(sequence?.skip_after_response_hours ? [t("flow.skips", { time: say.spell(sequence.skip_after_response_hours, "hour") })] : []),
          ...(sequence?.settle ? [t("flow.settles")] : []),
        ],
        part: "more",
      };
    }
  }
}
