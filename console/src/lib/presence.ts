// Whether somebody is at the page. A page that nobody looks at asks nothing by itself, so that its
// session ends after the time without use that the server allows.

/** So long without a pointer or a key, and the page counts as left. */
export const LEFT_AFTER_MS = 5 * 60_000;

/** Calls back when somebody has left, and when they are there again. What it answers is called at each input. */
export function presence(changed: (isPresent: boolean) => void): () => void {
  let isPresent = true;
  let last = Date.now();
  const later = (ms: number) => setTimeout(look, ms);
  function look() {
    const rest = last + LEFT_AFTER_MS - Date.now();
    if (rest > 0) {
      later(rest);
      return;
    }
    isPresent = false;
    changed(false);
  }
  later(LEFT_AFTER_MS);
  return () => {
    last = Date.now();
    if (isPresent) return;
    isPresent = true;
    later(LEFT_AFTER_MS);
    changed(true);
  };
}

const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

/** Tells whether the page is visible and somebody uses it, each time that this changes. */
export function watchPresence(tell: (isThere: boolean) => void): () => void {
  let isPresent = true;
  const told = () => tell(isPresent && document.visibilityState === "visible");
  const input = presence((now) => {
    isPresent = now;
    told();
  });
  const options = { passive: true, capture: true };
  for (const name of INPUTS) addEventListener(name, input, options);
  document.addEventListener("visibilitychange", told);
  return () => {
    for (const name of INPUTS) removeEventListener(name, input, options);
    document.removeEventListener("visibilitychange", told);
  };
}
