// Everything that waits for a person's decision, from the routes that the role may read.

import { useQueries, useQuery } from "@tanstack/react-query";
import { api, ask, Problem } from "./api/client";
import type { Import, Key, OwnRole, Page, Person, Publication, Request, Review, Reward, Task } from "./api/answers";
import { mayDecide } from "./lib/decides";
import { MOST_PAGES, readPages } from "./lib/read-pages";
import { holds, may, useSignedIn, type SignedIn } from "./session";

export type Waiting =
  | { kind: "adjustment"; id: string; waitsFor: string | null; item: Request }
  | { kind: "publication"; id: string; waitsFor: string | null; item: Publication }
  | { kind: "review"; id: string; waitsFor: null; item: Review }
  | { kind: "reward"; id: string; waitsFor: null; item: Reward }
  | { kind: "key"; id: string; waitsFor: null; item: Key }
  | { kind: "import"; id: string; waitsFor: string | null; item: Import }
  | { kind: "task"; id: string; waitsFor: null; item: Task }
  | { kind: "person"; id: string; waitsFor: null; item: Person }
  | { kind: "role"; id: string; waitsFor: null; item: OwnRole };

/** Of lists that hold only what waits, so many are read at first, and each time that somebody asks for more. */
const WANTED = 200;

const from = (cursor: string | null) => ({ limit: WANTED as never, ...(cursor ? { cursor: cursor as never } : {}) });

interface Found {
  items: Waiting[];
  /** Whether there are others. */
  hasMore: boolean;
}

type Read<T> = (cursor: string | null) => Promise<Page<T>>;

/** Of a list that holds only what waits. A page of it may be empty: stores are filtered by the server. */
async function some<T>(read: Read<T>, rounds: number, waiting: (item: T) => Waiting): Promise<Found> {
  const { items, hasMore } = await readPages(read, WANTED * rounds, MOST_PAGES * rounds);
  return { items: items.map(waiting), hasMore };
}

/** Of a list that also holds what is decided, where each page may have something that waits. */
async function all<T>(read: Read<T>, rounds: number, waits: (item: T) => unknown, waiting: (item: T) => Waiting): Promise<Found> {
  const { items, hasMore } = await readPages(read, Infinity, MOST_PAGES * rounds);
  return { items: items.filter(waits).map(waiting), hasMore };
}

interface Source {
  name: Waiting["kind"];
  allowed: (signedIn: SignedIn) => boolean;
  read: (rounds: number) => Promise<Found>;
  /** One that the lists have not shown yet, as a message names it; null where it waits no more. */
  one?: (id: string) => Promise<Waiting | null>;
}

const SOURCES: Source[] = [
  {
    name: "task",
    allowed: (who) => holds(who, "task:read") && may(who, "service", "marketing", "approver", "department_head", "vice_president"),
    read: (rounds) => {
      const asked = { state: "open" as never, mine: true as never };
      const page = (cursor: string | null) => ask<Page<Task>>(api.GET("/v1/tasks", { params: { query: { ...asked, ...from(cursor) } } }));
      return some(page, rounds, (item) => ({ kind: "task", id: item.task_id, waitsFor: null, item }));
    },
  },
  {
    name: "adjustment",
    allowed: (who) => holds(who, "adjust:read") && may(who, "service", "marketing", "finance", "approver", "department_head", "vice_president"),
    read: (rounds) => some((cursor) => ask<Page<Request>>(api.GET("/v1/adjustments", { params: { query: from(cursor) } })), rounds, adjustment),
    one: async (id) => {
      const found = await ask<Request>(api.GET("/v1/adjustments/{id}", { params: { path: { id } } }));
      return found.state === "open" ? adjustment(found) : null;
    },
  },
  {
    name: "publication",
    allowed: (who) => holds(who, "publication:read") && may(who, "marketing", "finance", "approver", "department_head", "vice_president"),
    read: (rounds) =>
      all(
        (cursor) => ask<Page<Publication>>(api.GET("/v1/rulebook/publications", { params: { query: from(cursor) } })),
        rounds,
        (item) => item.state === "waiting",
        (item) => ({ kind: "publication", id: item.publication_id, waitsFor: item.waits_for, item }),
      ),
  },
  {
    name: "review",
    allowed: (who) => holds(who, "review:read") && may(who, "service", "finance", "approver", "department_head", "vice_president"),
    read: (rounds) => some((cursor) => ask<Page<Review>>(api.GET("/v1/reviews", { params: { query: from(cursor) } })), rounds, review),
    one: async (id) => {
      const found = await ask<Review>(api.GET("/v1/reviews/{id}", { params: { path: { id } } }));
      return found.state === "open" ? review(found) : null;
    },
  },
  {
    name: "reward",
    allowed: (who) => holds(who, "reward:read") && may(who, "marketing", "approver", "department_head", "vice_president"),
    read: (rounds) =>
      all(
        (cursor) => ask<Page<Reward>>(api.GET("/v1/rewards", { params: { query: from(cursor) } })),
        rounds,
        (item) => item.change,
        (item) => ({ kind: "reward", id: `${item.reward_id}/${item.change?.change_id}`, waitsFor: null, item }),
      ),
  },
  {
    name: "key",
    allowed: (who) => holds(who, "key:read") && may(who),
    read: (rounds) =>
      all(
        (cursor) => ask<Page<Key>>(api.GET("/v1/keys", { params: { query: from(cursor) } })),
        rounds,
        (item) => item.waits && !item.revoked_at,
        (item) => ({ kind: "key", id: item.prefix, waitsFor: null, item }),
      ),
  },
  {
    name: "person",
    allowed: (who) => may(who) && holds(who, "staff:read"),
    read: (rounds) =>
      all(
        (cursor) => ask<Page<Person>>(api.GET("/v1/staff", { params: { query: from(cursor) } })),
        rounds,
        (item) => item.waits,
        (item) => ({ kind: "person", id: item.person_id, waitsFor: null, item }),
      ),
  },
  {
    name: "role",
    allowed: (who) => may(who) && holds(who, "staff:read"),
    read: (rounds) =>
      all(
        (cursor) => ask<Page<OwnRole>>(api.GET("/v1/roles", { params: { query: from(cursor) } })),
        rounds,
        (item) => item.waiting_id,
        (item) => ({ kind: "role", id: item.role_id, waitsFor: null, item }),
      ),
  },
  {
    name: "import",
    allowed: (who) => holds(who, "import:read") && may(who, "service", "marketing", "finance", "approver", "department_head", "vice_president"),
    read: (rounds) =>
      all(
        (cursor) => ask<Page<Import>>(api.GET("/v1/imports", { params: { query: from(cursor) } })),
        rounds,
        (item) => item.state === "waiting",
        (item) => ({ kind: "import", id: item.import_id, waitsFor: item.waits_for, item }),
      ),
  },
];

function adjustment(item: Request): Waiting {
  return { kind: "adjustment", id: item.request_id, waitsFor: item.waits_for, item };
}

function review(item: Review): Waiting {
  return { kind: "review", id: item.review_id, waitsFor: null, item };
}

/** Some lists are of the whole programme, and closed to people of single stores. */
function nothingForStores(error: unknown): Found {
  if (error instanceof Problem && error.slug === "store-forbidden") return { items: [], hasMore: false };
  throw error;
}

/** Of each list so many rounds, where there are so many. */
export function useInbox(rounds = 1) {
  const signedIn = useSignedIn();
  const sources = SOURCES.filter((source) => source.allowed(signedIn));
  return useQueries({
    queries: sources.map((source) => ({
      queryKey: ["inbox", source.name, rounds],
      queryFn: () => source.read(rounds).catch(nothingForStores),
      // Those that are shown stay while more are read.
      placeholderData: (before: Found | undefined) => before,
      refetchInterval: 60_000,
    })),
    combine: (results) => ({
      items: results.flatMap((result) => result.data?.items ?? []),
      /** The kinds of which there are others. */
      more: sources.filter((_, place) => results[place]?.data?.hasMore).map((source) => source.name),
      isMore: results.some((result) => result.isPlaceholderData),
      isPending: results.some((result) => result.isPending),
      errors: results.map((result) => result.error).filter((error) => error !== null),
      refetch: () => results.forEach((result) => void result.refetch()),
    }),
  });
}

/** What a message names, where the lists that were read do not have it. */
export function useNamed(kind: string, id: string, isWanted: boolean) {
  const signedIn = useSignedIn();
  const one = SOURCES.find((source) => source.name === kind && source.allowed(signedIn))?.one;
  return useQuery<Waiting | null, Problem>({
    queryKey: ["inbox", "named", kind, id],
    queryFn: () => (one ? one(id) : Promise.resolve(null)),
    enabled: isWanted && one !== undefined,
  });
}

/** How many the person may decide, at least; null where nothing was found and a list is not read. */
export function useInboxCount(): number | null {
  const signedIn = useSignedIn();
  const { items, isPending, errors } = useInbox();
  const count = items.filter((item) => mayDecide(signedIn, item)).length;
  return count === 0 && (isPending || errors.length > 0) ? null : count;
}
