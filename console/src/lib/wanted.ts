// Addresses of messages, and the one that somebody wanted before they left to sign in at a provider,
// which brings them back to the first page.

const KEY = "accrue-wanted";

/** Keeps the address that is open now. The first page is where people come back to anyway. */
export function keepWanted({ pathname, search, hash }: Pick<Location, "pathname" | "search" | "hash">): void {
  const path = pathname.replace(/^\/console/, "") || "/";
  try {
    if (path === "/" && hash === "") sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, path + search + hash);
  } catch {
    // Without a store people begin at the first page.
  }
}

/** The address that was kept, once. */
export function takeWanted(): string | null {
  try {
    const wanted = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return wanted;
  } catch {
    return null;
  }
}

/** The page that an address of a message means: `#/inbox`, `#/inbox/adjustment`, `#/inbox/adjustment/{id}`. */
export function inboxPath(hash: string): string | null {
  const found = /^#\/inbox(?:\/([a-z]+)(?:\/(.+))?)?$/.exec(hash);
  if (!found) return null;
  const [, kind, id] = found;
  const query = new URLSearchParams({ ...(kind ? { kind } : {}), ...(id ? { id: decoded(id) } : {}) }).toString();
  return query ? `/inbox?${query}` : "/inbox";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
