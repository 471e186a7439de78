// What a person may do with something that waits, by the rules that the server goes by. The server
// has the last word; this keeps people from decisions that it would refuse.

import type { Actor, Role } from "../api/answers";
import type { Waiting } from "../inbox";
import type { SignedIn } from "../session";

type Decider = Pick<SignedIn, "by" | "personId" | "role" | "permissions">;

export interface Decisions {
  approve: boolean;
  reject: boolean;
  withdraw: boolean;
}

const NONE: Decisions = { approve: false, reject: false, withdraw: false };

const WRITES = {
  adjustment: "adjust:write",
  publication: "publication:write",
  review: "review:write",
  reward: "reward:write",
  key: "key:write",
  person: "staff:write",
  role: "staff:write",
  import: "import:write",
  task: "task:write",
} satisfies Record<Waiting["kind"], string>;

const APPROVERS: Role[] = ["approver", "department_head", "vice_president"];

/** Who takes a request back: only its asker, and only in a role that may ask. */
const ASKERS: Partial<Record<Waiting["kind"], Role[]>> = {
  adjustment: ["service", "marketing", ...APPROVERS],
  publication: ["marketing"],
};

export function decisions(who: Decider, waiting: Waiting): Decisions {
  if (who.permissions !== null && !who.permissions.includes(WRITES[waiting.kind])) return NONE;
  const is = (...roles: Role[]) => who.role === "admin" || roles.includes(who.role);
  const own = isOwn(who, waiting);
  // A key does not tell whose it is, so the server decides whether its holder asked.
  const withdraw = (own || who.by === "key") && is(...(ASKERS[waiting.kind] ?? []));
  switch (waiting.kind) {
    case "task": {
      const closes = is("service", "marketing", ...APPROVERS);
      return { approve: closes, reject: closes, withdraw: false };
    }
    case "key":
      return { approve: is() && !own, reject: is(), withdraw: false };
    case "person":
    case "role":
      return { approve: is() && !own, reject: is() && !own, withdraw: false };
    case "reward": {
      // The role of major changes decides, which is never the admin. The asker may drop the change.
      const decides = APPROVERS.includes(who.role);
      return { approve: decides && !own, reject: decides || own, withdraw: false };
    }
    default: {
      const decides = is(...APPROVERS) && !own && isNext(who, waiting.waitsFor) && !hasApproved(who, waiting);
      return { approve: decides, reject: decides, withdraw: ASKERS[waiting.kind] !== undefined && withdraw && !decides };
    }
  }
}

/** Whether the person decides on it, or does it. Other people see it without buttons. */
export function mayDecide(who: Decider, waiting: Waiting): boolean {
  return decisions(who, waiting).approve;
}

/** Whether the person may take a publication back. */
export function mayWithdraw(who: Decider, publication: { asked_by: string }): boolean {
  const writes = who.permissions === null || who.permissions.includes(WRITES.publication);
  return writes && (who.role === "admin" || who.role === "marketing") && (who.by === "key" || who.personId === publication.asked_by);
}

function isNext(who: Decider, waitsFor: string | null): boolean {
  if (waitsFor === null || waitsFor === who.role) return true;
  // By what a key may read, these two are alike.
  return who.by === "key" && who.role === "department_head" && waitsFor === "vice_president";
}

function isOwn(who: Decider, waiting: Waiting): boolean {
  const id = who.personId;
  if (id === null) return false;
  switch (waiting.kind) {
    case "adjustment":
      return isActor(id, waiting.item.adjustment.requested_by);
    case "publication":
    case "import":
      return waiting.item.asked_by === id;
    case "review":
      return waiting.item.reported_by === `person:${id}`;
    case "reward":
      return waiting.item.change?.asked_by === id;
    case "key":
      return waiting.item.created_by === id;
    case "person":
      return waiting.item.invited_by === id || waiting.item.roles.some((role) => role.waits && role.by === id);
    case "role":
      return waiting.item.wanted_by === id;
    case "task":
      return false;
  }
}

function hasApproved(who: Decider, waiting: Waiting): boolean {
  const id = who.personId;
  if (id === null) return false;
  if (waiting.kind === "adjustment") return waiting.item.adjustment.approvals.some((one) => isActor(id, one.by));
  return waiting.kind === "import" && waiting.item.approvals.some((one) => one.name === id);
}

/** All keys of a person are that person. */
function isActor(id: string, by: Actor): boolean {
  return by.actor === `person:${id}` || by.name === id;
}
