// The person who is signed in, the programme and the role. An API key is kept in memory only.

import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import { ask, api, asProblem, carryKey, changesWaitFor, newKey, Problem, send, sendJson, sessionBegins, whenEnded } from "./api/client";
import { dropAll } from "./lib/kept";
import type { NamedRole, Programme, Role, Session } from "./api/answers";
import { isZone } from "./lib/format";
import { isHeldBy, roleToResume, tellTabs, whenTold } from "./lib/tabs";

export interface SignedIn {
  /** A person by cookie, or a key that was typed into this tab. */
  by: "person" | "key";
  /** Of a person who signed in; a key does not tell whose it is. */
  personId: string | null;
  name: string;
  /** The built-in role, also of an own role. */
  role: Role;
  /** The role that was chosen: a built-in one, or the id of an own role. */
  acting: string;
  roles: NamedRole[];
  /** What an own role may do; null for all that `role` may. */
  permissions: string[] | null;
  stores: string[] | null;
  /** Whether the person signs in with one-time codes. */
  hasCode: boolean;
  programme: { id: string; name: string };
  expiresAt: string | null;
  /** What the programme's rulebook says; the browser's own where the role may not read it. */
  timeZone: string;
  currency: string;
}

interface Access {
  signedIn: SignedIn | null;
  /** The session ended while pages were open: they stay, behind the sign-in form. */
  ended: boolean;
  starting: boolean;
  /** Why nobody knows yet whether somebody is signed in. */
  startProblem: Problem | null;
  start: () => void;
  /** Who is signed in now, where another tab changed that; this tab still shows somebody else. */
  displacedBy: Session | null;
  signInByKey: (key: string, programme: string) => Promise<void>;
  signInByPassword: (body: SignIn) => Promise<void>;
  adopt: (session: Session) => Promise<void>;
  changeRole: (role: string) => Promise<void>;
  signOut: () => Promise<void>;
  refreshProgramme: () => Promise<void>;
  refreshSession: () => Promise<void>;
}

export interface SignIn {
  programme_id?: string;
  person_id: string;
  password: string;
  code?: string;
}

const Context = createContext<Access | null>(null);

export function useAccess(): Access {
  const access = useContext(Context);
  if (!access) throw new Error("outside of SessionProvider");
  return access;
}

/** Of pages, which are only shown to people who are signed in. */
export function useSignedIn(): SignedIn {
  const { signedIn } = useAccess();
  if (!signedIn) throw new Error("not signed in");
  return signedIn;
}

/** The callers that see the same: a person in a role, or any key of a role. */
function reader({ by, personId, acting, permissions, programme, stores }: SignedIn): string {
  return JSON.stringify([by, personId, acting, permissions, programme.id, stores]);
}

export function may(signedIn: SignedIn, ...roles: Role[]): boolean {
  return signedIn.role === "admin" || roles.includes(signedIn.role);
}

/** Whether an own role has a permission; built-in ones have all of theirs. */
export function holds(signedIn: SignedIn, permission: string): boolean {
  return signedIn.permissions?.includes(permission) ?? true;
}

const DEFAULTS = {
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
  currency: "CNY",
};

async function programmeOf(id: string): Promise<Pick<SignedIn, "programme" | "timeZone" | "currency">> {
  try {
    const call = api.GET("/v1/programmes/{id}", { params: { path: { id } } });
    const { name, rulebook } = await ask<Programme>(call);
    const { time_zone: zone, currency } = rulebook;
    return { programme: { id, name }, timeZone: isZone(zone) ? zone : DEFAULTS.timeZone, currency };
  } catch (error) {
    // Some roles may not read it.
    if (error instanceof Problem && error.slug === "forbidden") {
      return { programme: { id, name: id }, ...DEFAULTS };
    }
    throw error;
  }
}

/**
 * The role of a key, by what it may read. A query that no route has is answered with 403 where the
 * role may not call it, and with 400 otherwise; nothing is read.
 */
async function roleOfKey(): Promise<Role> {
  const allowed = async (path: string, method = "GET") => {
    try {
      await send(method, `${path}?probe=1`);
      return true;
    } catch (error) {
      if (error instanceof Problem && error.slug === "forbidden") return false;
      if (error instanceof Problem && error.status === 400) return true;
      throw error;
    }
  };
  const paths = ["/v1/keys", "/v1/audit-log", "/v1/rulebook/drafts", "/v1/members", "/v1/reviews", "/v1/rewards"];
  const [keys, books, drafts, members, reviews, rewards] = await Promise.all(paths.map((path) => allowed(path)));
  if (keys) return "admin";
  if (books) return "finance";
  if (drafts) return "marketing";
  if (members) return "service";
  if (reviews) return (await allowed("/v1/members/-/tier", "PUT")) ? "department_head" : "approver";
  return rewards ? "storefront" : "job";
}

/** Each role once, though it may be given for several regions. */
function namedOnce({ role, base, roles = [] }: Session): NamedRole[] {
  return [...new Map([{ role, base }, ...roles].map((one) => [one.role, one])).values()];
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [signedIn, setSignedIn] = useState<SignedIn | null>(null);
  const [ended, setEnded] = useState(false);
  const [starting, setStarting] = useState(true);
  const [startProblem, setStartProblem] = useState<Problem | null>(null);
  const [displacedBy, setDisplacedBy] = useState<Session | null>(null);
  const queries = useQueryClient();
  /** What a look at the session compares with; a look that a change overtakes says nothing. */
  const latest = useRef<{ signedIn: SignedIn | null; ended: boolean; changes: number }>({ signedIn: null, ended: false, changes: 0 });
  latest.current.signedIn = signedIn;
  latest.current.ended = ended;

  const enter = useCallback(
    (next: SignedIn) => {
      // What another person has seen or typed must not stay on the page.
      const isSame = signedIn !== null && reader(signedIn) === reader(next);
      if (!isSame) queries.clear();
      if (signedIn !== null && signedIn.personId !== next.personId) dropAll();
      sessionBegins();
      latest.current.changes += 1;
      changesWaitFor(Promise.resolve(true));
      setSignedIn(next);
      setEnded(false);
      setDisplacedBy(null);
      if (isSame) void queries.invalidateQueries();
    },
    [queries, signedIn],
  );

  const adopt = useCallback(
    async (session: Session) => {
      carryKey(null);
      const programme = await programmeOf(session.programme.id);
      enter({
        by: "person",
        personId: session.person.id,
        name: session.person.name || session.person.id,
        role: session.base,
        acting: session.role,
        roles: namedOnce(session),
        permissions: session.permissions,
        stores: session.stores,
        hasCode: session.has_code,
        expiresAt: session.expires_at,
        ...programme,
        programme: session.programme,
      });
      tellTabs();
    },
    [enter],
  );

  /** Takes on a new session; the same person goes on in the role of before, with the pages that are open. */
  const resume = useCallback(
    async (session: Session) => {
      const role = roleToResume(signedIn, session);
      if (role === null) return adopt(session);
      try {
        const options = { body: { role }, key: newKey() };
        return await adopt(await sendJson<Session>("POST", "/v1/session/role", options));
      } catch (error) {
        // A role that was taken away meanwhile is not asked for again.
        if (asProblem(error).mayPass) throw error;
        return adopt(session);
      }
    },
    [adopt, signedIn],
  );
  const adoptLatest = useRef(adopt);
  adoptLatest.current = adopt;

  /** Reads whose session the browser has now. Changes wait for it. */
  const look = useCallback(() => {
    const { signedIn: shown, changes } = latest.current;
    if (shown?.by !== "person") return;
    const looked = async (): Promise<boolean> => {
      try {
        const session = await sendJson<Session>("GET", "/v1/session", { signal: AbortSignal.timeout(10_000) });
        if (latest.current.changes !== changes) return true;
        const isOwn = isHeldBy(shown, session);
        setDisplacedBy(isOwn ? null : session);
        if (isOwn && latest.current.ended) await adoptLatest.current(session);
        return isOwn;
      } catch {
        // A session that has ended says so itself; the request that follows meets any other fault again.
        if (latest.current.changes === changes) setDisplacedBy(null);
        return true;
      }
    };
    changesWaitFor(looked());
  }, []);

  useEffect(() => {
    const seen = () => {
      if (document.visibilityState === "visible") look();
    };
    const stop = whenTold(look);
    document.addEventListener("visibilitychange", seen);
    return () => {
      stop();
      document.removeEventListener("visibilitychange", seen);
    };
  }, [look]);

  const start = useCallback(() => {
    setStarting(true);
    setStartProblem(null);
    sendJson<Session>("GET", "/v1/session")
      .then(adopt)
      .catch((error: unknown) => {
        setEnded(false);
        const problem = asProblem(error);
        // Only an answer tells that nobody is signed in.
        if (problem.mayPass) setStartProblem(problem);
      })
      .finally(() => setStarting(false));
  }, [adopt]);

  useEffect(() => {
    whenEnded(() => setEnded(true));
    start();
    // Once, when the page is loaded.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const access = useMemo<Access>(
    () => ({
      signedIn,
      ended: ended && signedIn !== null && displacedBy === null,
      starting,
      startProblem,
      start,
      displacedBy,
      adopt,
      async signInByKey(key, programme) {
        carryKey(key);
        try {
          const role = await roleOfKey();
          const known = await programmeOf(programme);
          const name = `${key.slice(0, key.startsWith("acc_") ? 12 : 4)}…`;
          enter({ by: "key", personId: null, name, role, acting: role, roles: [{ role, base: role }], permissions: null, stores: null, hasCode: false, expiresAt: null, ...known });
        } catch (error) {
          if (signedIn === null) carryKey(null);
          throw error;
        }
      },
      async signInByPassword(body) {
        await resume(await sendJson<Session>("POST", "/v1/sign-in", { body, key: newKey() }));
      },
      async changeRole(role) {
        const options = { body: { role }, key: newKey() };
        // What is asked in the role of before may be answered when that session is over.
        sessionBegins();
        latest.current.changes += 1;
        await adopt(await sendJson<Session>("POST", "/v1/session/role", options));
      },
      async signOut() {
        if (signedIn?.by === "person") {
          await send("POST", "/v1/sign-out", { key: newKey() }).catch(() => {});
          tellTabs();
        }
        latest.current.changes += 1;
        carryKey(null);
        dropAll();
        setSignedIn(null);
        setEnded(false);
        queries.clear();
      },
      async refreshSession() {
        await adopt(await sendJson<Session>("GET", "/v1/session"));
      },
      async refreshProgramme() {
        if (signedIn) enter({ ...signedIn, ...(await programmeOf(signedIn.programme.id)) });
      },
    }),
    [signedIn, ended, starting, startProblem, displacedBy, start, adopt, resume, enter, queries],
  );
  return <Context value={access}>{children}</Context>;
}
