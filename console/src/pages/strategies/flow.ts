// A strategy as a graph, and back. The graph is a view: it has the shapes that the engine has, one
// chain from the trigger through condition and actions to the messages, in order of time.

import { channelsOf, dayOf, isAhead, MAX_STEPS, onDay, type Action, type Sequence, type Step, type Strategy, type Trigger } from "./playbook";

export const ACTIONS = ["recommend", "grant", "set_tag", "set_attribute", "task"] as const;
export type ActionKind = (typeof ACTIONS)[number];
export type Kind = "trigger" | "condition" | "action" | "message" | "end";

export type FlowNode =
  | { id: string; kind: "trigger"; trigger: Trigger }
  | { id: string; kind: "condition"; asks: Pick<Strategy, "segment" | "when" | "conditions"> }
  | { id: string; kind: "action"; of: ActionKind; action: Action }
  /** Without a step it is the one message of a strategy that has no sequence. */
  | { id: string; kind: "message"; step: Step | null }
  | { id: string; kind: "end"; ends: Pick<Strategy, "stop_when"> & { sequence?: Omit<Sequence, "nodes"> } };

export interface FlowEdge {
  source: string;
  target: string;
}

export interface Flow {
  nodes: FlowNode[];
  edges: FlowEdge[];
  /** What no node shows. */
  rest: Omit<Strategy, "trigger" | "segment" | "when" | "conditions" | "action" | "sequence" | "stop_when">;
}

const ORDER: Kind[] = ["trigger", "condition", "action", "message", "end"];
const rank = (node: FlowNode) => ORDER.indexOf(node.kind);

export function flowOf(strategy: Strategy): Flow {
  const { trigger, segment, when, conditions, action, sequence, stop_when, ...rest } = strategy;
  const asks = some({ segment, when, conditions });
  const nodes: FlowNode[] = [{ id: "trigger", kind: "trigger", trigger }];
  if (Object.keys(asks).length > 0) nodes.push({ id: "condition", kind: "condition", asks });
  for (const of of ACTIONS) {
    if (action?.[of] !== undefined) nodes.push({ id: of, kind: "action", of, action: { [of]: action[of] } });
  }
  if (sequence) nodes.push(...sequence.nodes.map((step, place): FlowNode => ({ id: `message-${place}`, kind: "message", step })));
  else if (rest.send) nodes.push({ id: "message", kind: "message", step: null });
  const { nodes: _steps, ...settings } = sequence ?? { nodes: [] };
  nodes.push({ id: "end", kind: "end", ends: { ...some({ stop_when }), ...(sequence ? { sequence: settings } : {}) } });
  return { nodes, edges: chained(nodes), rest };
}

/** The strategy of the graph; null where the graph is no chain in the order that the engine has. */
export function strategyOfFlow(flow: Flow): Strategy | null {
  const chain = chainOf(flow);
  if (!chain || chain.some((node, place) => place > 0 && rank(node) < rank(chain[place - 1] as FlowNode))) return null;
  let strategy: Strategy | null = null;
  let action: Action = {};
  const steps: Step[] = [];
  let sendsOnce = false;
  for (const node of chain) {
    switch (node.kind) {
      case "trigger":
        if (strategy) return null;
        strategy = { ...flow.rest, trigger: node.trigger };
        break;
      case "condition":
        Object.assign(strategy ?? {}, node.asks);
        break;
      case "action":
        action = { ...action, ...node.action };
        break;
      case "message":
        if (node.step) steps.push(node.step);
        else sendsOnce = true;
        break;
      case "end": {
        if (!strategy) return null;
        const { sequence, ...ends } = node.ends;
        Object.assign(strategy, ends);
        if (sequence) strategy.sequence = { nodes: steps, ...sequence };
        if (!sequence && !sendsOnce) delete strategy.send;
        if (Object.keys(action).length > 0) strategy.action = action;
        return strategy;
      }
    }
  }
  return null;
}

/** The nodes from the trigger on, as edges tell; null where some stand aside or a path forks. */
export function chainOf({ nodes, edges }: Flow): FlowNode[] | null {
  const chain: FlowNode[] = [];
  let at: FlowNode | undefined = nodes.find((node) => node.kind === "trigger");
  while (at && !chain.includes(at)) {
    chain.push(at);
    const leading = edges.filter((edge) => edge.source === at?.id);
    if (leading.length > 1) return null;
    at = nodes.find((node) => node.id === leading[0]?.target);
  }
  return !at && chain.length === nodes.length && edges.length === nodes.length - 1 ? chain : null;
}

/** Puts one message directly after a node. Days stay where they are: the messages change places. */
export function connected(strategy: Strategy, source: string, target: string): Strategy {
  const flow = flowOf(strategy);
  const moving = flow.nodes.find((node) => node.id === target);
  const before = flow.nodes.find((node) => node.id === source);
  if (moving?.kind !== "message" || !moving.step || !before || before === moving || before.kind === "end") return strategy;
  const messages = flow.nodes.filter((node) => node.kind === "message" && node !== moving);
  const place = before.kind === "message" ? messages.indexOf(before) + 1 : 0;
  return inOrder(strategy, flow, [...messages.slice(0, place), moving, ...messages.slice(place)]);
}

/** Moves a message among the messages; nothing changes where it stands at that end already. */
export function stepped(strategy: Strategy, id: string, by: number): Strategy {
  const flow = flowOf(strategy);
  const messages = flow.nodes.filter((node) => node.kind === "message");
  const from = messages.findIndex((node) => node.id === id);
  const moving = messages[from];
  const to = Math.max(0, Math.min(messages.length - 1, from + by));
  if (!moving || to === from) return strategy;
  const others = messages.filter((node) => node !== moving);
  return inOrder(strategy, flow, [...others.slice(0, to), moving, ...others.slice(to)]);
}

function inOrder(strategy: Strategy, flow: Flow, messages: FlowNode[]): Strategy {
  const ahead = isAhead(strategy.trigger.kind);
  const days = (strategy.sequence?.nodes ?? []).map(dayOf);
  const placed = messages.map((node, place): FlowNode => (node.kind === "message" && node.step ? { ...node, step: onDay(node.step, days[place] ?? 0, ahead) } : node));
  if (placed.every((node, place) => node.id === flow.nodes.filter((one) => one.kind === "message")[place]?.id)) return strategy;
  const nodes = [...flow.nodes.filter((node) => rank(node) < ORDER.indexOf("message")), ...placed, ...flow.nodes.filter((node) => node.kind === "end")];
  return strategyOfFlow({ ...flow, nodes, edges: chained(nodes) }) ?? strategy;
}

/** The strategy without what a node shows. Trigger and end stay: each strategy has them. */
export function without(strategy: Strategy, id: string): Strategy {
  const flow = flowOf(strategy);
  const gone = flow.nodes.find((node) => node.id === id);
  if (!gone || gone.kind === "trigger" || gone.kind === "end") return strategy;
  const isLast = gone.kind === "message" && flow.nodes.filter((node) => node.kind === "message").length === 1;
  if (isLast) {
    const { send: _send, sequence: _sequence, ...rest } = strategy;
    const days = daysBefore(strategy);
    return days === null ? rest : { ...rest, trigger: { ...strategy.trigger, days_before: days } as Trigger };
  }
  const nodes = flow.nodes.filter((node) => node !== gone);
  const next = strategyOfFlow({ ...flow, nodes, edges: chained(nodes) });
  return next ? withFirstDay(next) : strategy;
}

/** The strategy with one more message, on a day that is free; the same where there is no room. */
export function withMessage(strategy: Strategy): Strategy {
  const ahead = isAhead(strategy.trigger.kind);
  const send = strategy.send ?? { channels: [], template: "" };
  if (!strategy.sequence) {
    if (!strategy.send) return { ...strategy, send };
    const first = "within_days" in strategy.trigger && strategy.trigger.within_days ? strategy.trigger.within_days : daysBefore(strategy) ?? 0;
    const days = ahead ? (first > 0 ? [first, Math.floor(first / 2)] : [1, 0]) : [0, 1];
    const { channels = [], mode } = send;
    const step = { channels, ...(mode ? { mode } : {}) };
    const { within_days: _within, days_before: _before, ...trigger } = strategy.trigger as { within_days?: number; days_before?: number };
    return { ...strategy, trigger: trigger as Trigger, sequence: { nodes: days.map((day) => onDay(step, day, ahead)) } };
  }
  const { nodes } = strategy.sequence;
  if (nodes.length >= MAX_STEPS) return strategy;
  const channels = nodes.at(-1)?.channels ?? channelsOf(strategy);
  const days = nodes.map(dayOf);
  const last = days.at(-1);
  const free = last === undefined ? 0 : ahead ? freeBefore(days) : last + 1;
  if (free === null || free > 365) return strategy;
  const step = onDay({ channels }, free, ahead);
  const sorted = [...nodes, step].sort((one, other) => (ahead ? dayOf(other) - dayOf(one) : dayOf(one) - dayOf(other)));
  return withFirstDay({ ...strategy, sequence: { ...strategy.sequence, nodes: sorted } });
}

/** The latest day before the occasion that is free. */
function freeBefore(days: number[]): number | null {
  for (let day = Math.max(0, (days.at(-1) ?? 0) - 1); day <= 365; day += 1) if (!days.includes(day)) return day;
  return null;
}

/** A trigger that tells its days has those of the first message. */
function withFirstDay(strategy: Strategy): Strategy {
  const first = strategy.sequence?.nodes[0];
  if (!first || daysBefore(strategy) === null) return strategy;
  return { ...strategy, trigger: { ...strategy.trigger, days_before: dayOf(first) } as Trigger };
}

function daysBefore({ trigger, sequence }: Strategy): number | null {
  const told = "days_before" in trigger ? trigger.days_before : null;
  return told ?? sequence?.nodes[0]?.days_before ?? null;
}

/** The node that a fault of the strategy belongs to, by its place within the strategy. */
export function nodeOfFault(pointer: string, flow: Flow): string {
  const [, part, second, third] = pointer.split("/");
  const has = (id: string) => flow.nodes.some((node) => node.id === id);
  const first = flow.nodes.find((node) => node.kind === "message")?.id;
  if (part === "segment" || part === "when" || part === "conditions") return has("condition") ? "condition" : "trigger";
  if (part === "action") return second && has(second) ? second : "trigger";
  if (part === "send") return first ?? "trigger";
  if (part === "sequence" && second === "nodes" && third !== undefined && has(`message-${third}`)) return `message-${third}`;
  return part === "stop_when" || part === "sequence" ? "end" : "trigger";
}

function chained(nodes: FlowNode[]): FlowEdge[] {
  return nodes.slice(1).map((node, place) => ({ source: nodes[place]?.id ?? "", target: node.id }));
}

function some<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
