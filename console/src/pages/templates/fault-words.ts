// What is wrong with a text, in the language of the page. The server says it in English; what it
// says of texts is listed here, each sentence as the crate `templates` has it. A test looks for them.

import type { TFunction } from "i18next";

/** By the key of its words: the sentence, with a name in braces for each value, and … for any rest. */
export const SENTENCES = {
  empty: "must not be empty",
  emptyParameter: "must not be empty; `or` gives another word",
  oneLine: "must be one line",
  characters: "shows {count} characters, more than {most}",
  bytes: "has {} bytes, more than {most}",
  unknown: "shows what is not known",
  tooMuch: "does or shows too much",
  noVariable: "there is no variable `{name}`; there are {names}",
  noFilter: "there is no filter `{name}`; there are date, number, mask, truncate",
  notANotice: "vendors refuse {content} in notices, and this says {word}: it is marketing",
  replyHint: "must say how to refuse more…",
  linkInSms: "vendors refuse links in variables of text messages",
  linkInParameter: "vendors refuse links in parameters of text messages",
  unsubscribe: "must show `unsubscribe`, as every marketing e-mail does",
  linkTarget: "must say where the link that the text shows leads",
  chinese: "must have zh-CN, which members of other languages get",
  wechatId: "WeChat sends only texts that it has",
  vendorId: "are of a vendor's text, which has a vendor_template_id",
  twice: "is there twice",
  parameterName: "must be 1 to {MAX_NAME} letters, digits and _",
  htmlPlace: "{kind} may not be shown in a tag, a style or a comment: {what}",
  branch: "a branch must end where it began…",
  unfinished: "the HTML ends within a tag, a comment, a style or a title",
  openSign: "a < that begins no tag must be written &lt;",
  element: "<{name}> is not offered",
  attributeSign: "a {sign} where the name of an attribute is expected",
  valueSign: "a {sign} in a value without quotes",
  channel: "must have a channel",
} as const;

export const SAMPLES = { usual: "a usual member", little: "a member of whom little is known", long: "a member with long names", odd: "a member with odd characters" } as const;

const PATTERNS = Object.entries(SENTENCES).map(([key, sentence]) => {
  const parts = sentence.split(/\{(\w*)\}/).map((part, place) => (place % 2 === 0 ? part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replace("…", ".*") : `(?<${part || "count"}>.+?)`));
  return [key as keyof typeof SENTENCES, new RegExp(`^${parts.join("")}$`)] as const;
});

/** The fault in words of the page; null for what only the server's words say. */
export function faultText(detail: string, t: TFunction): string | null {
  const [, who, line, what = ""] = /^(?:for (a (?:usual )?member[^:]*): )?(?:line (\d+): )?(.*)$/s.exec(detail) ?? [];
  for (const [key, pattern] of PATTERNS) {
    const found = pattern.exec(what);
    if (!found) continue;
    const sample = Object.entries(SAMPLES).find(([, name]) => name === who)?.[0];
    return [
      sample && t(`templates.sample.${sample as keyof typeof SAMPLES}`),
      line && t("templates.line", { line }),
      t(`templates.fault.${key}`, { ...found.groups }),
    ].filter(Boolean).join(" ");
  }
  return null;
}
