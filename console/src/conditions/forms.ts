// A condition in the form that somebody edits: rows, or a text in CEL. Changing the form loses
// nothing; the server puts one into the other.

import type { Condition } from "../api/answers";
import { conditionsOf, itemsOf, type Item, type Unit } from "./tree";

export interface Conditions {
  form: "rows" | "cel";
  items: Item[];
  /** CEL that must hold besides the rows. */
  when: string;
  /** The whole condition in CEL, while that is edited. */
  text: string;
  /** What `text` was when the rows were put into CEL: unchanged, it is still these rows. */
  from: string | null;
}

export function conditionsForm(conditions: Condition[], when: string, unit: Unit): Conditions {
  const isText = conditions.length === 0 && when !== "";
  return { form: isText ? "cel" : "rows", items: itemsOf(conditions, unit), when: isText ? "" : when, text: isText ? when : "", from: null };
}

/** `conditions` and `when` of a rule. */
export function stated({ form, items, when, text, from }: Conditions, unit: Unit): { conditions: Condition[]; when: string } {
  if (form === "cel" && text !== from) return { conditions: [], when: text.trim() };
  return { conditions: conditionsOf(items, unit), when: when.trim() };
}

/** The characters before a place that is counted in bytes of UTF-8, from 1. */
export function charactersBefore(line: string, column: number): number {
  let bytes = 1;
  let characters = 0;
  for (const character of line) {
    if (bytes >= column) break;
    bytes += new TextEncoder().encode(character).length;
    characters += character.length;
  }
  return characters;
}
