// A template as the pages edit it, what it may name, and where its faults stand.

import type { components } from "../../../generated/schema";

export type Body = components["schemas"]["TemplateBody"];
export type Text = Partial<components["schemas"]["TemplateTextBody"]> & { body: string };
export type Language = "zh-CN" | "en";
export type Purpose = "service" | "marketing";
export type Channel = "sms" | "email" | "push" | "wecom" | "wechat";
export type Texts = Partial<Record<Language, Text>>;

export interface Document {
  purpose: Purpose;
  texts: Partial<Record<Channel, Texts>>;
}

export interface Size {
  encoding: "gsm7" | "ucs2";
  places: number;
  parts: number;
}

/** Of the list, which has no texts. */
export interface TemplateRow {
  template_id: string;
  version: number;
  purpose: Purpose;
  channels: Channel[];
  updated_at: string;
  updated_by: string;
}

export interface Template extends Document {
  template_id: string;
  version: number;
  needs: Partial<Record<Channel, string[]>>;
  sms: Partial<Record<Language, Size>>;
  updated_at: string;
  updated_by: string;
}

export interface Fault {
  pointer: string;
  detail: string;
}

/** A message as a member would get it, or why there is none. */
export interface Message {
  channel: Channel;
  language: Language;
  shown_in?: Language;
  title?: string;
  text?: string;
  vendor_template_id?: string | null;
  parameters?: { name: string; value: string }[];
  link?: string | null;
  picture?: string | null;
  sms?: Size | null;
  fault?: Fault;
}

export interface Shown {
  faults: Fault[];
  needs: Partial<Record<Channel, string[]>>;
  messages: Message[];
}

export const LANGUAGES: Language[] = ["zh-CN", "en"];
export const PURPOSES: Purpose[] = ["service", "marketing"];
export const TEMPLATE_ID = /^[a-z0-9_-]{1,64}$/;
export const MAX_PARAMETERS = 20;

/** What a channel's texts have beside a body. */
export const HAS: Record<Channel, { title: boolean; link: boolean; picture: boolean; vendor: boolean }> = {
  sms: { title: false, link: false, picture: false, vendor: true },
  email: { title: true, link: true, picture: false, vendor: false },
  push: { title: true, link: true, picture: true, vendor: false },
  wecom: { title: true, link: true, picture: true, vendor: false },
  wechat: { title: true, link: true, picture: false, vendor: true },
};
export const CHANNELS = Object.keys(HAS) as Channel[];

/** The closed list of what a text may name, with what is put in for each. */
export const VARIABLES = ["name", "points", "expires_on", "days_left", "balance", "tier", "rewards", "coupon", "code", "store", "link", "unsubscribe"] as const;
export type Variable = (typeof VARIABLES)[number];

/** Words of the text's own language that stand in what is put in. */
export interface Words {
  member: string;
  more: string;
  stop: string;
}

/** Between names of a list. */
const AND: Record<Language, string> = { "zh-CN": "\u3001", en: ", " };

/** How a text names a variable, so that it can be sent to everybody. */
export function named(variable: Variable, channel: Channel, language: Language, words: Words): string {
  switch (variable) {
    case "name":
      return `{{ name or '${words.member}' }}`;
    case "points":
    case "balance":
      return `{{ ${variable} | number }}`;
    case "expires_on":
      return "{{ expires_on | date('short') }}";
    case "rewards":
      return `{% for reward in rewards %}{{ reward.name }}{% if not loop.last %}${AND[language]}{% endif %}{% endfor %}`;
    case "coupon":
      return "{% if coupon %}{{ coupon.code }}{% endif %}";
    case "link":
    case "unsubscribe":
      return channel === "email" ? `<a href="{{ ${variable} }}">${variable === "link" ? words.more : words.stop}</a>` : `{{ ${variable} }}`;
    default:
      return `{{ ${variable} }}`;
  }
}

/** What a channel's texts may name: vendors refuse links in text messages. */
export function variablesOf(channel: Channel): Variable[] {
  return VARIABLES.filter((one) => channel !== "sms" || (one !== "link" && one !== "unsubscribe"));
}

/** The document as the API takes it: fields that are left empty are left out. */
export function bodyOf({ purpose, texts }: Document): Body {
  const text = ({ title, body, vendor_template_id, parameters, link, picture }: Text): Text => ({
    ...(title?.trim() ? { title } : {}),
    body,
    ...(vendor_template_id?.trim() ? { vendor_template_id: vendor_template_id.trim() } : {}),
    ...(parameters?.length ? { parameters } : {}),
    ...(link?.trim() ? { link: link.trim() } : {}),
    ...(picture?.trim() ? { picture: picture.trim() } : {}),
  });
  const each = <T, R>(of: Partial<Record<string, T>>, make: (one: T) => R) =>
    Object.fromEntries(Object.entries(of).flatMap(([name, one]): [string, R][] => (one === undefined ? [] : [[name, make(one)]])));
  return { purpose, texts: each(texts, (languages) => each(languages, text)) } as Body;
}

/** The document with another text; without it where there is none. */
export function withText(document: Document, channel: Channel, language: Language, text: Text | null): Document {
  const { [language]: _before, ...others } = document.texts[channel] ?? {};
  return { ...document, texts: { ...document.texts, [channel]: text ? { ...others, [language]: text } : others } };
}

/** With a Chinese text for that channel, which every channel has. */
export function withChannel(document: Document, channel: Channel): Document {
  return { ...document, texts: { ...document.texts, [channel]: { "zh-CN": { body: "" } } } };
}

export function withoutChannel(document: Document, channel: Channel): Document {
  const { [channel]: _dropped, ...texts } = document.texts;
  return { ...document, texts };
}

/** The faults below a place, with places within it. */
export function faultsBelow(faults: Fault[], place: string): Fault[] {
  return faults.filter(({ pointer }) => pointer === place || pointer.startsWith(`${place}/`)).map((fault) => ({ ...fault, pointer: fault.pointer.slice(place.length) }));
}

/** Each fault once, of all that tell some. */
export function once(faults: Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [`${fault.pointer} ${fault.detail}`, fault])).values()];
}
