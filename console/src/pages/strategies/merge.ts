// Takes what was published since a draft was begun into the draft. Both came from one version: where
// only one of them changed a part, its change counts; where both did, the draft's does.

import { changesOf } from "../../ui/diff";
import type { Playbook, Strategy } from "./playbook";

export interface Merged {
  document: Playbook;
  /** Places that come from the playbook in force. */
  taken: string[];
  /** Places that both changed: the draft's stay. */
  both: string[];
}

const LISTS = ["strategies", "segments"];

export function merged(base: Playbook, inForce: Playbook, draft: Playbook): Merged {
  const [taken, both]: [string[], string[]] = [[], []];
  const differs = (one: unknown, other: unknown) => changesOf(one, other).length > 0;
  /** Of the three, the one that counts. */
  const chosen = <T>(pointer: string, before: T | undefined, theirs: T | undefined, ours: T | undefined): T | undefined => {
    if (!differs(before, theirs) || !differs(theirs, ours)) return ours;
    if (!differs(before, ours)) {
      taken.push(pointer);
      return theirs;
    }
    both.push(pointer);
    return ours;
  };
  const fields = (of: Playbook) => of as Record<string, unknown>;
  const names = [...new Set([base, inForce, draft].flatMap((one) => Object.keys(one)))].filter((name) => !LISTS.includes(name));
  const rest = Object.fromEntries(
    names.map((name): [string, unknown] => [name, chosen(`/${name}`, fields(base)[name], fields(inForce)[name], fields(draft)[name])]).filter(([, value]) => value !== undefined),
  );
  const segmentIds = [...new Set([draft, inForce, base].flatMap((one) => Object.keys(one.segments ?? {})))];
  const segments = Object.fromEntries(
    segmentIds.flatMap((id) => {
      const found = chosen(`/segments/${id}`, base.segments?.[id], inForce.segments?.[id], draft.segments?.[id]);
      return found ? [[id, found]] : [];
    }),
  );
  const find = (of: Playbook, id: string) => of.strategies?.find((one) => one.id === id);
  // In the draft's order; what is new stands behind.
  const ids = [...new Set([draft, inForce, base].flatMap((one) => (one.strategies ?? []).map(({ id }) => id)))];
  const strategies = ids.flatMap((id): Strategy[] => {
    const found = chosen(`/strategies/${id}`, find(base, id), find(inForce, id), find(draft, id));
    return found ? [found] : [];
  });
  return { document: { ...(rest as Playbook), ...(segmentIds.length > 0 ? { segments } : {}), strategies }, taken, both };
}
