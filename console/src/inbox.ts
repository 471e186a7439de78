// Everything that waits for a person's decision, from the routes that the role may read.

import { useQueries } from "@tanstack/react-query";
import { api, ask, Problem } from "./api/client";
import type { Import, Key, OwnRole, Page, Person, Publication, Request, Review, Reward, Task } from "./api/answers";
import { readPages } from "./lib/read-pages";
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

/** Of lists of what waits the first page is enough: a person who has decided on 200 loads the next. */
const query = { limit: 200 as never };
/** Tasks that are read at first, and each time that somebody asks for more. */
export const TASKS = 200;

const from = (cursor: string | null) => ({ ...query, ...(cursor ? { cursor: cursor as never } : {}) });

/** Of lists that also hold what is decided, each page may have something that waits. */
const all = async <T>(read: (cursor: string | null) => Promise<Page<T>>) => (await readPages(read, Infinity)).items;

interface Found {
  items: Waiting[];
  /** Whether there are others. */
  hasMore?: boolean;
}

interface Source {
  name: Waiting["kind"];
  allowed: (signedIn: SignedIn) => boolean;
  read: (tasks: number) => Promise<Waiting[] | Found>;
}

const SOURCES: Source[] = [
  {
    name: "task",
    allowed: (who) => holds(who, "task:read") && may(who, "service", "marketing", "approver", "department_head", "vice_president"),
    read: async (tasks) => {
      const asked = { state: "open" as never, mine: true as never };
      const page = (cursor: string | null) => ask<Page<Task>>(api.GET("/v1/tasks", { params: { query: { ...asked, ...from(cursor) } } }));
      const { items, hasMore } = await readPages(page, tasks);
      return { items: items.map((item) => ({ kind: "task", id: item.task_id, waitsFor: null, item })), hasMore };
    },
  },
  {
    name: "adjustment",
    allowed: (who) => holds(who, "adjust:read") && may(who, "service", "marketing", "finance", "approver", "department_head", "vice_president"),
    read: async () => {
      const page = await ask<Page<Request>>(api.GET("/v1/adjustments", { params: { query } }));
      return page.items.map((item) => ({ kind: "adjustment", id: item.request_id, waitsFor: item.waits_for, item }));
    },
  },
  {
    name: "publication",
    allowed: (who) => holds(who, "publication:read") && may(who, "marketing", "finance", "approver", "department_head", "vice_president"),
    read: async () => {
      const found = await all((cursor) => ask<Page<Publication>>(api.GET("/v1/rulebook/publications", { params: { query: from(cursor) } })));
      return found
        .filter((item) => item.state === "waiting")
        .map((item) => ({ kind: "publication", id: item.publication_id, waitsFor: item.waits_for, item }));
    },
  },
  {
    name: "review",
    allowed: (who) => holds(who, "review:read") && may(who, "service", "finance", "approver", "department_head", "vice_president"),
    read: async () => {
      const page = await ask<Page<Review>>(api.GET("/v1/reviews", { params: { query } }));
      return page.items.map((item) => ({ kind: "review", id: item.review_id, waitsFor: null, item }));
    },
  },
  {
    name: "reward",
    allowed: (who) => holds(who, "reward:read") && may(who, "marketing", "approver", "department_head", "vice_president"),
    read: async () => {
      const found = await all((cursor) => ask<Page<Reward>>(api.GET("/v1/rewards", { params: { query: from(cursor) } })));
      return found
        .filter((item) => item.change)
        .map((item) => ({ kind: "reward", id: `${item.reward_id}/${item.change?.change_id}`, waitsFor: null, item }));
    },
  },
  {
    name: "key",
    allowed: (who) => holds(who, "key:read") && may(who),
    read: async () => {
      const found = await all((cursor) => ask<Page<Key>>(api.GET("/v1/keys", { params: { query: from(cursor) } })));
      return found.filter((item) => item.waits && !item.revoked_at).map((item) => ({ kind: "key", id: item.prefix, waitsFor: null, item }));
    },
  },
  {
    name: "person",
    allowed: (who) => may(who) && holds(who, "staff:read"),
    read: async () => {
      const found = await all((cursor) => ask<Page<Person>>(api.GET("/v1/staff", { params: { query: from(cursor) } })));
      return found.filter((item) => item.waits).map((item) => ({ kind: "person", id: item.person_id, waitsFor: null, item }));
    },
  },
  {
    name: "role",
    allowed: (who) => may(who) && holds(who, "staff:read"),
    read: async () => {
      const found = await all((cursor) => ask<Page<OwnRole>>(api.GET("/v1/roles", { params: { query: from(cursor) } })));
      return found.filter((item) => item.waiting_id).map((item) => ({ kind: "role", id: item.role_id, waitsFor: null, item }));
    },
  },
  {
    name: "import",
    allowed: (who) => holds(who, "import:read") && may(who, "service", "marketing", "finance", "approver", "department_head", "vice_president"),
    read: async () => {
      const found = await all((cursor) => ask<Page<Import>>(api.GET("/v1/imports", { params: { query: from(cursor) } })));
      return found
        .filter((item) => item.state === "waiting")
        .map((item) => ({ kind: "import", id: item.import_id, waitsFor: item.waits_for, item }));
    },
  },
];

/** Some lists are of the whole programme, and closed to people of single stores. */
function nothingForStores(error: unknown): Found {
  if (error instanceof Problem && error.slug === "store-forbidden") return { items: [] };
  throw error;
}

/** With so many tasks, at least, where there are so many. */
export function useInbox(tasks = TASKS) {
  const signedIn = useSignedIn();
  const sources = SOURCES.filter((source) => source.allowed(signedIn));
  return useQueries({
    queries: sources.map((source) => ({
      queryKey: source.name === "task" ? ["inbox", "task", tasks] : ["inbox", source.name],
      queryFn: async () => {
        const found = await source.read(tasks).catch(nothingForStores);
        return Array.isArray(found) ? { items: found } : found;
      },
      // Those that are shown stay while more are read.
      placeholderData: (before: Found | undefined) => before,
      refetchInterval: 60_000,
    })),
    combine: (results) => ({
      items: results.flatMap((result) => result.data?.items ?? []),
      hasMore: results.some((result) => result.data?.hasMore),
      isMore: results.some((result) => result.isPlaceholderData),
      isPending: results.some((result) => result.isPending),
      errors: results.map((result) => result.error).filter((error) => error !== null),
      refetch: () => results.forEach((result) => void result.refetch()),
    }),
  });
}

export function useInboxCount(): number {
  return useInbox().items.length;
}

const DECIDES = {
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

/** Whether the role is the one that decides next. Other people see the request, without buttons. */
export function mayDecide(signedIn: SignedIn, waiting: Waiting): boolean {
  if (!holds(signedIn, DECIDES[waiting.kind])) return false;
  switch (waiting.kind) {
    case "key":
    case "person":
    case "role":
      return may(signedIn);
    case "task":
      return may(signedIn, "service", "marketing", "approver", "department_head", "vice_president");
    case "reward":
      return may(signedIn, "marketing", "approver", "department_head", "vice_president");
    default:
      return may(signedIn, "approver", "department_head", "vice_president");
  }
}
