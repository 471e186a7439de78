// Which of a draft's changes are major, by the places that the server names.

/** A place names a part of a strategy; its channels stand in several parts. */
export function isMajorChange(pointer: string, major: string[]): boolean {
  return major.some((place) => {
    if (within(pointer, place) || within(place, pointer)) return true;
    const [, id] = /^\/strategies\/([^/]+)\/channels$/.exec(place) ?? [];
    if (id !== undefined) return pointer.startsWith(`/strategies/${id}/`) && /\/(send|sequence)(\/|$)/.test(pointer) && !/\/(template|mode|wait_hours|within_hours|settle)$/.test(pointer);
    // A grant needs a budget's approval, too.
    const [, granting] = /^\/strategies\/([^/]+)\/budget$/.exec(place) ?? [];
    return granting !== undefined && (within(pointer, `/strategies/${granting}/action`) || within(`/strategies/${granting}/action/grant`, pointer));
  });
}

function within(pointer: string, place: string): boolean {
  return pointer === place || pointer.startsWith(`${place}/`);
}
