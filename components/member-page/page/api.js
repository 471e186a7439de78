// Requests for the member's own account. The pass travels in a header alone.

const KEPT = "pass";
let pass = null;

/** Takes the pass out of the address, so that it is neither copied nor kept in the history. */
export function takePass() {
  const found = /[#&]pass=([\w-]{32,255})/.exec(location.hash);
  if (found) {
    history.replaceState(null, "", location.pathname);
    pass = found[1];
    keep();
    return;
  }
  try {
    pass = sessionStorage.getItem(KEPT);
  } catch {
    pass = null;
  }
}

/** For this tab, so that loading it again goes on. */
function keep() {
  try {
    if (pass) sessionStorage.setItem(KEPT, pass);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
}

export const isOpen = () => pass !== null;

export function forget() {
  pass = null;
  keep();
}

/** What a request came to: the body, or the word of the problem. */
export async function ask(path, body) {
  const headers = { authorization: `Bearer ${pass}` };
  const options = { headers, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" };
  if (body) {
    options.method = "POST";
    options.body = JSON.stringify(body.send);
    headers["content-type"] = "application/json";
    headers["idempotency-key"] = body.key;
  }
  try {
    const answer = await fetch(path, options);
    // Nothing definite was said: the same request may be sent again.
    if (answer.status === 429 || answer.status >= 500) return { problem: "failed" };
    const json = await answer.json();
    if (answer.ok) return { json };
    if (answer.status === 401) forget();
    return { problem: answer.status === 401 ? "ended" : String(json.type ?? "").split(":").pop() };
  } catch {
    return { problem: "failed" };
  }
}

/** Ends the pass, or all passes of the member. False where nobody knows whether it has. */
export async function endPass(everywhere) {
  const headers = { authorization: `Bearer ${pass}` };
  const options = { method: "DELETE", headers, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", keepalive: true };
  try {
    const { ok, status } = await fetch(everywhere ? "/v1/me/pass?all=true" : "/v1/me/pass", options);
    return ok || status === 401;
  } catch {
    return false;
  }
}

/** A key for one request and its repetitions. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
