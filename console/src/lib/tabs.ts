// The tabs of one browser share its session: each hears when another one changed it.

import type { Session } from "../api/answers";

const NAME = "accrue-session";

let opened: BroadcastChannel | null = null;

function channel(): BroadcastChannel | null {
  // A tab does not hear what it says on its own channel, so there is one alone.
  if (opened === null && typeof BroadcastChannel !== "undefined") opened = new BroadcastChannel(NAME);
  return opened;
}

/** Tells the other tabs that somebody signed in or out, or acts in another role. */
export function tellTabs(): void {
  channel()?.postMessage("changed");
}

/** Calls back whenever another tab tells so; the answer ends that. */
export function whenTold(told: () => void): () => void {
  const on = channel();
  on?.addEventListener("message", told);
  return () => on?.removeEventListener("message", told);
}

/** Who acts, where, and in which role. */
export interface Holder {
  personId: string | null;
  acting: string;
  programme: { id: string };
}

export function isSamePerson(shown: Holder, session: Session): boolean {
  return shown.personId === session.person.id && shown.programme.id === session.programme.id;
}

/** Whether what a page shows and sends is what the browser's session now stands for. */
export function isHeldBy(shown: Holder, session: Session): boolean {
  return isSamePerson(shown, session) && shown.acting === session.role;
}

/** The role to go on in after the person signed in again; null where the session has it already, or never will. */
export function roleToResume(shown: Holder | null, session: Session): string | null {
  if (shown === null || !isSamePerson(shown, session) || shown.acting === session.role) return null;
  return session.roles?.some((one) => one.role === shown.acting) ? shown.acting : null;
}
