// What an account at each vendor needs: the one description that forms are made of. It says the same
// as docs/reference/channels.md, which a test compares with it.

export interface Field {
  name: string;
  /** Where the name says something else at another vendor: the word to show. */
  label?: string;
  /** How it is given; a line of text where it is absent. */
  kind?: "lines" | "number" | "switch" | "choice";
  choices?: readonly string[];
  /** The group of words for the choices. */
  words?: "appState" | "contactChannel";
  optional?: true;
  /** What holds where it is left out. */
  otherwise?: string | number | boolean;
}

export interface Vendor {
  name: string;
  /** Null: a setting says it. */
  channel: "sms" | "email" | "push" | "wecom" | "wechat" | null;
  settings: readonly Field[];
  secrets: readonly Field[];
}

const BASE: Field = { name: "base_url", optional: true };
/** By which posts of WeCom and WeChat are known. */
const POSTS: readonly Field[] = [{ name: "callback_token", optional: true }, { name: "encoding_aes_key", optional: true }];
const SENDER: readonly Field[] = [{ name: "from" }, { name: "from_name", optional: true }];

export const VENDORS: readonly Vendor[] = [
  { name: "aliyun_sms", channel: "sms", settings: [{ name: "access_key_id" }, { name: "sign_name" }, BASE], secrets: [{ name: "access_key_secret" }] },
  {
    name: "tencent_sms",
    channel: "sms",
    settings: [{ name: "secret_id" }, { name: "sdk_app_id" }, { name: "sign_name" }, { name: "region", optional: true, otherwise: "ap-guangzhou" }, BASE],
    secrets: [{ name: "secret_key" }],
  },
  {
    name: "twilio",
    channel: "sms",
    settings: [{ name: "account_sid" }, { name: "from", label: "from_number", optional: true }, { name: "messaging_service_sid", optional: true }, BASE],
    secrets: [{ name: "auth_token" }],
  },
  { name: "direct_mail", channel: "email", settings: [{ name: "access_key_id" }, ...SENDER, { name: "tag", optional: true }, BASE], secrets: [{ name: "access_key_secret" }] },
  {
    name: "ses",
    channel: "email",
    settings: [{ name: "region" }, { name: "access_key_id" }, ...SENDER, { name: "configuration_set", optional: true }, { name: "topic_arn", optional: true }, BASE],
    secrets: [{ name: "secret_access_key" }],
  },
  { name: "sendgrid", channel: "email", settings: [...SENDER, { name: "event_public_key", kind: "lines", optional: true }, BASE], secrets: [{ name: "api_key" }] },
  {
    name: "jpush",
    channel: "push",
    settings: [{ name: "app_key" }, { name: "production", kind: "switch", optional: true, otherwise: true }, { name: "time_to_live_s", kind: "number", optional: true, otherwise: 86_400 }, BASE],
    secrets: [{ name: "master_secret" }],
  },
  {
    name: "fcm",
    channel: "push",
    settings: [{ name: "project_id" }, { name: "client_email" }, { name: "private_key_id", optional: true }, { name: "token_url", optional: true }, BASE],
    secrets: [{ name: "private_key", kind: "lines" }],
  },
  { name: "wecom_app", channel: "wecom", settings: [{ name: "corp_id" }, { name: "agent_id", kind: "number" }, BASE], secrets: [{ name: "secret" }, ...POSTS] },
  { name: "wecom_robot", channel: "wecom", settings: [BASE], secrets: [{ name: "key" }] },
  { name: "wechat_template", channel: "wechat", settings: [{ name: "app_id" }, BASE], secrets: [{ name: "app_secret" }, ...POSTS] },
  {
    name: "wechat_subscribe",
    channel: "wechat",
    settings: [
      { name: "app_id" },
      { name: "page", optional: true },
      { name: "state", kind: "choice", choices: ["formal", "trial", "developer"], words: "appState", optional: true, otherwise: "formal" },
      BASE,
    ],
    secrets: [{ name: "app_secret" }, ...POSTS],
  },
  {
    name: "webhook",
    channel: null,
    settings: [{ name: "url" }, { name: "channel", kind: "choice", choices: ["sms", "phone", "email", "push", "wecom", "wechat"], words: "contactChannel" }],
    secrets: [{ name: "signing_secret" }],
  },
];

/** Settings that say where requests go, and with them the secrets. */
const PLACES = ["base_url", "token_url", "url", "region"];

export type Settings = Record<string, string | number | boolean>;

/** Whether secrets that are kept would go to another place, so that they must be given anew. */
export function goesElsewhere(before: Settings, after: Settings): boolean {
  return PLACES.some((name) => before[name] !== after[name]);
}

/** What a form has, as the API takes it: fields that are left empty are left out. */
export function filled(fields: readonly Field[], values: Record<string, unknown> | undefined): Settings {
  return Object.fromEntries(
    fields.flatMap(({ name }): [string, string | number | boolean][] => {
      const value = values?.[name];
      if (typeof value === "string") return value.trim() === "" ? [] : [[name, value.trim()]];
      return typeof value === "number" || typeof value === "boolean" ? [[name, value]] : [];
    }),
  );
}
