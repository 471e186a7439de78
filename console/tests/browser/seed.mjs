// Fills the default programme with a shop: members, six weeks of purchases, coupons, requests that
// wait. It moves the host's clock (`--clock`) day by day.

import { readFileSync } from "node:fs";

const DAY = 86_400_000;
export const START = "2026-02-01T08:00:00+08:00";

export const RULEBOOK = {
  format: 1,
  currency: "CNY",
  time_zone: "Asia/Shanghai",
  members: { country_code: "86" },
  purchase: { points_per_unit: "1", growth_per_unit: "0.1", expiry: "shopping" },
  actions: {
    check_in: { points: 5, growth: 1, limit: { times: 1, per: "day" }, expiry: "campaign" },
    sign_up: { points: 100, limit: { times: 1, per: "lifetime" }, expiry: "campaign" },
    review: { points: 20, growth: 5, limit: { times: 2, per: "day" }, expiry: "campaign" },
  },
  rules: [
    {
      id: "weekend_double", event: "purchase", when: "event.weekday in [6, 7]",
      award: { kind: "multiplier", times: "2" }, caps: [{ points: 500, per: "month" }],
    },
    {
      id: "dairy", event: "purchase", lines: 'line.category == "乳制品"', award: { kind: "multiplier", times: "3" },
      caps: [{ points: 40, per: "month" }],
    },
    {
      id: "gold_app", event: "purchase", from: "2026-02-01", until: "2026-12-31", award: { kind: "fixed", points: 50 },
      conditions: [
        { field: "member.tier", operator: "one_of", values: ["gold"] },
        { field: "event.channel", operator: "is", values: ["app"] },
        { field: "order.amount_minor", operator: "at_least", values: ["20000"] },
      ],
      limit: { times: 2, per: "month" },
    },
    { id: "first_order", event: "purchase", when: "member.orders == 0", award: { kind: "fixed", points: 200 }, coupon: "welcome", limit: { times: 1, per: "lifetime" } },
  ],
  caps: { points_per_day: 100000, budget: { points: 160000, per: "month", red_line_percent: 80 } },
  expiry: { shopping: { policy: "months", months: 12, round_up_to: "month" }, campaign: { policy: "days", days: 30 } },
  tiers: {
    basis: "spend", period: { kind: "rolling_months", months: 12 }, gift_expiry: "campaign",
    levels: [
      { id: "member", from: 0 },
      { id: "silver", from: 100000, multiplier: "1.1", gift_points: 200 },
      { id: "gold", from: 300000, multiplier: "1.5", gift_points: 1000, gift_coupon: "birthday" },
    ],
  },
  approvals: {
    steps: [{ up_to: 500, roles: ["approver"] }, { up_to: 5000, roles: ["department_head"] }, { roles: ["department_head", "vice_president"] }],
    reasons: ["goodwill", "correction", "complaint", "missing_points"],
  },
  coupons: {
    welcome: { off_minor: 2000, min_minor: 10000, expiry: "campaign" },
    birthday: { off_percent: 20, max_off_minor: 10000, expiry: "campaign" },
  },
  risk: { review_above_minor: 800000 },
  redemption: { points_per_unit: 100, max_percent: 50, min_points: 100 },
  publication: { role: "approver" },
};

/** The playbook that ships as an example. */
export const EXAMPLE = JSON.parse(readFileSync(new URL("../../../crates/reach/src/playbook/example.json", import.meta.url), "utf8"));

const NAMES = ["李雷", "韩梅梅", "王小明", "赵丽颖", "陈思远", "周子墨", "吴佳怡", "郑凯文", "孙悦", "Anna Schmidt", "刘洋", "黄晓婷"];
const CITIES = ["上海", "杭州", "苏州", "南京"];
const STORES = ["SH-001", "SH-002", "HZ-001", "NJ-001"];
const GOODS = [["乳制品", "MILK-1L", 1890], ["烘焙", "BREAD-W", 1250], ["饮料", "TEA-OOL", 4500], ["家电", "KETTLE", 29900], ["服饰", "COAT-M", 89900]];

/** The same numbers at every run. */
function randoms(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

export function caller(base, key) {
  let count = 0;
  const call = async (method, path, body, expected = true) => {
    count += 1;
    const text = typeof body === "string";
    const answer = await fetch(base + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(method === "GET" ? {} : { "idempotency-key": `seed-${key.slice(-6)}-${count}-${Math.random()}` }),
      },
      ...(body === undefined ? {} : { body: text ? body : JSON.stringify(body) }),
    });
    const json = answer.status === 204 ? null : await answer.json();
    if (expected && !answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return json;
  };
  return call;
}

export async function seed({ api, admin, key, days = 42 }) {
  const operator = caller(api, key);
  let now = Date.parse(START);
  const clock = async (at) => {
    now = at;
    const answer = await fetch(`${admin}/clock`, { method: "PUT", body: new Date(at).toISOString() });
    if (!answer.ok) throw new Error(`clock: ${answer.status} ${await answer.text()}`);
  };
  await clock(now);
  await operator("PUT", "/v1/programmes/default", { name: "云上生活会员", rulebook: RULEBOOK });
  const keys = {};
  for (const [role, person] of [
    ["service", "李静"], ["marketing", "王芳"], ["finance", "赵敏"], ["approver", "陈强"],
    ["department_head", "周磊"], ["vice_president", "孙总"], ["admin", "管理员小何"],
  ]) {
    keys[role] = (await operator("POST", "/v1/keys", { role, label: `控制台 ${person}`, person_id: person })).key;
  }
  keys.storefront = (await operator("POST", "/v1/keys", { role: "storefront", label: "收银台 POS" })).key;
  const till = caller(api, keys.storefront);
  const random = randoms(7);
  const members = NAMES.map((name, index) => ({ id: `M${10001 + index}`, name, phone: `+86138000010${String(index).padStart(2, "0")}` }));
  for (const [index, member] of members.entries()) {
    await till("PUT", `/v1/members/${member.id}`, {
      attributes: { name: member.name, city: CITIES[index % CITIES.length], birthday: `19${80 + index}-0${1 + (index % 9)}-12` },
      aliases: [`phone:${member.phone}`],
    });
    await till("POST", "/v1/earn", { member_id: member.id, event: "sign_up", channel: "mini_program" });
  }
  let order = 0;
  const lines = (count) => Array.from({ length: count }, (_, line) => {
    const [category, sku, price] = GOODS[random(GOODS.length)];
    const quantity = 1 + random(2);
    return { line_id: String(line + 1), sku, category, quantity, amount: { amount_minor: price * quantity, currency: "CNY" } };
  });
  for (let day = 0; day < days; day += 1) {
    const events = [];
    for (let purchase = 0; purchase < 6; purchase += 1) {
      order += 1;
      events.push({
        idempotency_key: `order-${order}`, member_id: members[random(members.length)].id, event: "purchase", reference: `SO2026${String(order).padStart(5, "0")}`,
        occurred_at: new Date(now + purchase * 3_600_000 - 6 * 3_600_000 * (day > 0 ? 1 : 0)).toISOString(),
        store_id: STORES[random(STORES.length)], channel: ["app", "store", "mini_program"][random(3)], lines: lines(1 + random(3)),
      });
    }
    events.push({ idempotency_key: `check-${day}`, member_id: members[day % members.length].id, event: "check_in", channel: "app" });
    await clock(now + 6 * 3_600_000);
    await till("POST", "/v1/earn/bulk", { events });
    if (day % 3 === 2) {
      const member = members[random(members.length)];
      const body = { member_id: member.id, reference: `RD${day}`, points: 100 * (1 + random(9)), store_id: STORES[random(STORES.length)], channel: "app" };
      await till("POST", "/v1/redeem", body, false);
    }
    await clock(now + DAY - 6 * 3_600_000);
    for (let run = 0; run < 5; run += 1) {
      const night = await operator("POST", "/v1/jobs/night");
      if (night.done) break;
    }
  }
  // What waits for people.
  const service = caller(api, keys.service);
  const marketing = caller(api, keys.marketing);
  await service("POST", "/v1/adjustments", { member_id: "M10002", points: 200, reason_code: "goodwill", evidence: "工单 4711", reason: "配送延迟两天,客户致电投诉,按标准补偿。" });
  await service("POST", "/v1/adjustments", { member_id: "M10005", points: -120, reason_code: "correction", evidence: "订单 SO202600031 重复入账" });
  await service("POST", "/v1/adjustments", { member_id: "M10001", points: 3000, reason_code: "missing_points", evidence: "会员提供小票 12 张" });
  await till("POST", "/v1/earn", {
    member_id: "M10003", event: "purchase", reference: "SO-BIG-1", store_id: "SH-001", channel: "store",
    lines: [{ line_id: "1", sku: "DIAMOND", category: "珠宝", quantity: 1, amount: { amount_minor: 1_280_000, currency: "CNY" } }],
  });
  await till("POST", "/v1/redeem", { member_id: "M10001", reference: "RD-HOLD", points: 100, hold: { minutes: 600 } }, false);
  const draft = structuredClone(RULEBOOK);
  draft.rules[0].award.times = "3";
  draft.rules.push({ id: "spring_tea", event: "purchase", from: "2026-03-20", until: "2026-04-20", lines: 'line.category == "饮料"', award: { kind: "fixed", points: 30 }, limit: { times: 1, per: "day" } });
  await marketing("PUT", "/v1/rulebook/drafts/spring", draft);
  const groups = structuredClone(RULEBOOK);
  groups.rules.push({
    id: "happy_hour", event: "purchase", award: { kind: "multiplier", times: "2" },
    conditions: [
      { field: "order.amount_minor", operator: "at_least", values: ["9900"] },
      { any: [
        { all: [{ field: "member.tier", operator: "one_of", values: ["silver", "gold"] }, { field: "event.weekday", operator: "is", values: ["3"] }] },
        { none: [{ field: "member.orders", operator: "above", values: ["2"] }, { field: "attributes.city", operator: "is", values: ["北京"] }] },
        { field: "member.is_new", operator: "is", values: ["true"] },
      ] },
    ],
  });
  await marketing("PUT", "/v1/rulebook/drafts/groups", groups);
  const broken = structuredClone(RULEBOOK);
  broken.purchase.expiry = "gone";
  await marketing("PUT", "/v1/rulebook/drafts/broken", broken);
  await marketing("POST", "/v1/rulebook/publications", { draft: "spring" });
  const rewards = [
    ["mug", { name: "定制马克杯", points: 300, stock: 50, description: "陶瓷,350 毫升" }],
    ["coupon-20", { name: "满百减二十元券", kind: "coupon", coupon: "welcome", points: 500, limit: { times: 2, per: "month" } }],
    ["tea-set", { name: "功夫茶具套装", points: 3000, cash_minor: 9900, stock: 8, tiers: ["silver", "gold"] }],
  ];
  for (const [id, reward] of rewards) await operator("PUT", `/v1/rewards/${id}`, reward);
  await till("POST", "/v1/redeem", { member_id: "M10002", reference: "RW-1", reward_id: "mug" }, false);
  await marketing("PUT", "/v1/rewards/mug", { ...rewards[0][1], points: 200 });
  const manager = caller(api, keys.admin);
  await manager("POST", "/v1/keys", { role: "approver", label: "新审批人", person_id: "钱多多" });
  await manager("PUT", "/v1/endpoints/crm", { url: "https://crm.example.com/hooks/accrue", kinds: ["earn", "redeem"] });
  await manager("PUT", "/v1/stores/SH-001", { name: "世纪大道店", region: "华东/上海/浦东", department: "华东零售部", manager_id: "li.na", opened_on: "2024-05-01" });
  await manager("PUT", "/v1/stores/HZ-001", { name: "湖滨店", region: "华东/杭州", department: "华东零售部", opened_on: "2023-09-10", closed_on: "2026-02-28" });
  await know({ till, marketing, operator, now });
  await connect(manager);
  return { keys, members, now };
}

/** What is known of members beyond points: behaviour, addresses, consents, tags and segments. */
async function know({ till, marketing, operator, now }) {
  const ago = (days) => new Date(now - days * DAY).toISOString();
  const events = ["login", "view", "add_to_cart", "favourite"].map((kind, index) => ({
    idempotency_key: `seen-${kind}`, member_id: "M10001", kind, occurred_at: ago(3), channel: "app",
    ...(index > 0 ? { item: "TEA-OOL", category: "饮料" } : {}),
  }));
  await till("POST", "/v1/behaviour/bulk", { events });
  await till("PUT", "/v1/members/M10001/contacts/sms", { address: "+8613800001000", verified: true });
  await till("PUT", "/v1/members/M10001/contacts/email", { address: "li.lei@example.com", state: "bounced" });
  await till("PUT", "/v1/members/M10001/preferences", { language: "zh-CN", quiet_hours: { from: "21:00", until: "09:00" }, personalised: false, home_store_id: "SH-001" });
  const said = (member, purpose, channel, decision, days, source) => ({ member_id: member, purpose, channel, decision, occurred_at: ago(days), source, evidence: "入会登记表 1881", address: channel === "sms" ? "+8613800001000" : "li.lei@example.com" });
  await till("POST", "/v1/consents/bulk", { consents: [
    said("M10001", "marketing", "sms", "given", 30, "form-2026"), said("M10001", "marketing", "email", "given", 30, "form-2026"),
    said("M10001", "marketing", "email", "withdrawn", 5, "客服电话"),
  ] });
  await operator("POST", "/v1/jobs/fold");
  const names = (zh, en) => ({ "zh-CN": zh, en });
  await marketing("PUT", "/v1/tags/behaviour%2Fhigh_active", {
    names: names("高活跃客户", "Highly active"), class: "behaviour", kind: "rule", refresh: "on_change", use: "新品试用邀请", owner: "会员运营部",
    conditions: [{ field: "member.orders_30", operator: "at_least", values: ["3"] }],
  });
  await marketing("PUT", "/v1/tags/service%2Fcare", { names: names("重点关怀", "Takes special care"), class: "value", kind: "static", refresh: "manual", use: "投诉后回访", lives_days: 90 });
  await marketing("POST", "/v1/tags/service%2Fcare/members", { add: ["M10001", "M10002"] });
  await marketing("PUT", "/v1/segments/rich", { names: names("高消费会员", "Spends much"), kind: "active", when: "member.spend_365 >= 100000", refresh: "daily", use: "专享券" });
  await marketing("PUT", "/v1/segments/opening", { names: names("新店开业名单", "Guests of an opening"), kind: "static", use: "浦东新店" });
  for (let run = 0; run < 10; run += 1) {
    if ((await operator("POST", "/v1/jobs/refresh")).done) break;
  }
  await marketing("PUT", "/v1/playbook/drafts/retention", EXAMPLE);
  await write(marketing);
}

/** What members are written, and by which accounts it would go out. */
async function write(marketing) {
  const sms = (body) => ({ body, vendor_template_id: "SMS_20261201", parameters: [{ name: "points", value: "{{ points | number }}" }, { name: "day", value: "{{ expires_on | date('short') }}" }] });
  const texts = { sms: { "zh-CN": sms("{{ name or '会员' }},您有{{ points | number }}积分将到期。") } };
  await marketing("PUT", "/v1/templates/points_end", { purpose: "service", texts });
  texts.sms["zh-CN"] = sms("{{ name or '会员' }},您有{{ points | number }}积分将于{{ expires_on | date('short') }}到期。");
  texts.sms.en = sms("{{ points | number }} points end on {{ expires_on | date('short') }}.");
  texts.email = {
    "zh-CN": { title: "您的积分将于{{ expires_on | date }}到期", body: "<p>{{ name or '您好' }},</p><p>您有 <b>{{ points | number }}</b> 积分将到期。</p>" },
  };
  await marketing("PUT", "/v1/templates/points_end", { purpose: "service", texts });
}

/** Accounts at vendors: one that sends, and one that somebody has paused. */
async function connect(admin) {
  await admin("PUT", "/v1/channels/aliyun", { vendor: "aliyun_sms", settings: { access_key_id: "LTAI5tDemo", sign_name: "云上生活" }, secrets: { access_key_secret: "never-shown-1" } });
  await admin("PUT", "/v1/channels/gateway", { vendor: "webhook", settings: { url: "https://gateway.example.com/messages", channel: "email" }, secrets: { signing_secret: `whsec_${btoa("0123456789abcdef01234567")}` } });
  await admin("POST", "/v1/channels/gateway/pause", { reason: "网关维护" });
}

if (process.argv[1]?.endsWith("seed.mjs")) {
  const result = await seed({ api: process.env.ACCRUE_API, admin: process.env.ACCRUE_ADMIN, key: process.env.ACCRUE_KEY });
  console.log(JSON.stringify(result.keys, null, 1));
}
