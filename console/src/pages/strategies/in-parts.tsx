// Questions about all members, which the server answers in parts: the rehearsal and the back-test. They can be
// stopped, and show what was found so far.

import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem, type Problem } from "../../api/client";
import { useFormat } from "../../lib/use";
import { Mark } from "../../ui/parts";
import { rehearse } from "./rehearsed";

interface Part {
  done: boolean;
  members: number;
  next: string | null;
}

interface Progress<P> {
  found: P | null;
  state: "idle" | "running" | "stopped" | "done" | "failed";
}

/** `ask` gets what was wished for, or the cursor of the part after; `joined` adds a part to those before. Both must stay the same ones. */
export function useParts<W, P extends Part>(
  ask: (wish: W, cursor: string | null, signal: AbortSignal) => Promise<P>,
  joined: (before: P | null, part: P) => P,
) {
  const [progress, setProgress] = useState<Progress<P>>({ found: null, state: "idle" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const running = useRef<AbortController | null>(null);
  const stop = useCallback(() => {
    running.current?.abort();
    running.current = null;
    setProgress((before) => (before.state === "running" ? { ...before, state: "stopped" } : before));
  }, []);
  const begin = useCallback(
    async (wish: W) => {
      running.current?.abort();
      const own = new AbortController();
      running.current = own;
      setProblem(null);
      setProgress({ found: null, state: "running" });
      try {
        await rehearse((cursor) => ask(wish, cursor, own.signal), () => own.signal.aborted, (part) => {
          setProgress(({ found }) => ({ found: joined(found, part), state: part.done ? "done" : "running" }));
        });
      } catch (error) {
        if (own.signal.aborted) return;
        setProblem(asProblem(error));
        setProgress((before) => ({ ...before, state: "failed" }));
      }
    },
    [ask, joined],
  );
  // Leaving the page stops it.
  useEffect(() => () => running.current?.abort(), []);
  return { ...progress, problem, begin, stop };
}

/** How far it is. It has a place from the beginning, so that readers of screens hear it. */
export function HowFar<P extends Part>({ found, state, of }: Progress<P> & { of: (found: P) => string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const tone = { idle: "plain", running: "info", stopped: "warn", done: "good", failed: "bad" } as const;
  return (
    <div role="status">
      {state !== "idle" && (
        <p className="row" style={{ marginBottom: 12 }}>
          <Mark tone={tone[state]}>{t(`rehearsal.state.${state}`)}</Mark>
          {found && <span>{of(found)}</span>}
          <span className="soft">{t("rehearsal.members", { count: format.points(found?.members ?? 0) })}</span>
        </p>
      )}
    </div>
  );
}
