// A member's own page. It keeps nothing but the pass of this tab and the language.

import { ask, endPass, forget, freshKey, isOpen, takePass } from "/m/api.js";
import { choose, current, day, has, money, number, say, time, words } from "/m/words.js";

const REFRESH_MS = 5 * 60_000;
const IDLE_MS = 15 * 60_000;
const PAGE = 20;

const state = {
  me: null,
  coupons: null,
  /** Addresses, and what is wanted there; empty where the shop keeps none. */
  contacts: [],
  entries: [],
  next: null,
  shown: new Set(),
  /** The receipt of the address, until it is claimed. */
  receipt: "",
  /** The request of a receipt keeps its key when it is repeated. */
  claims: new Map(),
  typed: "",
  message: null,
  problem: null,
  /** Whether the page could not be ended everywhere. */
  stays: false,
  /** When a key or pointer was used last, and whether that was since the figures were asked for. */
  usedAt: Date.now(),
  isUsed: false,
};

/** An element with its properties and its children; texts are never read as markup. */
function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element && key !== "list") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const section = (id, title, ...children) =>
  el("section", { "aria-labelledby": id }, el("h2", { id }, title), ...children);

const byId = (id) => document.getElementById(id);

function balance() {
  const { me } = state;
  return el(
    "section",
    { "aria-label": say("title") },
    el("p", { className: "balance" }, el("strong", {}, number(me.balance)), el("span", {}, say("balance"))),
    me.pending > 0 ? el("p", { className: "soft" }, say("pending", { points: number(me.pending) })) : null,
    me.debt > 0 ? el("p", {}, say("debt", { points: number(me.debt) })) : null,
  );
}

const BASES = { spend: "Spend", orders: "Orders", growth: "Growth", average_order: "Average" };

function goal(word, tier, found) {
  const basis = BASES[tier.basis];
  const missing = basis === "Spend" || basis === "Average" ? money(found.missing, state.me.money) : number(found.missing);
  const text = say(`${word}${basis}`, { missing, tier: found.tier });
  const growth = found.or_missing_growth ? say("orGrowth", { missing: number(found.or_missing_growth) }) : "";
  const orders = found.missing_orders ? say("andOrders", { missing: number(found.missing_orders) }) : "";
  const whole = `${text}${growth}${orders}`;
  return found.by ? `${whole}${current() === "en" ? " " : ","}${say("by", { day: day(found.by) })}` : whole;
}

/** In the shop's own words, where it has some in this language. */
function benefit({ kind, percent_off, from_minor, names }) {
  const own = names?.[current()];
  const plain = { discount: say("offPercent", { percent: percent_off }), free_delivery: say("freeDelivery") };
  const from = from_minor ? ` · ${say("from", { amount: money(from_minor, state.me.money) })}` : "";
  return el("li", {}, `${own ?? plain[kind] ?? Object.values(names ?? {})[0] ?? kind}${from}`);
}

function level() {
  const { tier } = state.me;
  if (!tier) return null;
  const { next, keep } = tier;
  const total = next ? next.from : 0;
  return section(
    "level",
    say("level"),
    el(
      "p",
      {},
      el("strong", {}, tier.id ?? say("noLevel")),
      tier.valid_through ? el("span", { className: "soft" }, ` · ${say("levelUntil", { day: day(tier.valid_through) })}`) : null,
    ),
    next && total > 0
      ? el("progress", { "aria-label": say("progress"), max: total, value: Math.max(0, Math.min(total, total - next.missing)) })
      : null,
    next ? el("p", {}, goal("next", tier, next)) : null,
    tier.benefits?.length ? el("h3", {}, say("benefits")) : null,
    tier.benefits?.length ? el("ul", { className: "benefits" }, tier.benefits.map(benefit)) : null,
    keep ? el("p", { className: "soft" }, keep.missing > 0 ? goal("keep", tier, keep) : say("kept", { tier: keep.tier })) : null,
  );
}

function ending() {
  const rows = state.me.ending.map(({ points, valid_through }) =>
    el(
      "li",
      {},
      el("span", { className: "what" }, say("endsAfter", { day: day(valid_through) })),
      el("span", { className: "points" }, say("points", { points: number(points) })),
    ),
  );
  return section("ending", say("ending"), rows.length ? el("ul", { className: "rows" }, rows) : el("p", { className: "soft" }, say("nothingEnds")));
}

/** Order and time of a receipt, as far as it can be read without the shop's key. */
function partsOf(receipt) {
  const parts = receipt.split(".");
  const seconds = Number(parts[2]);
  if (!/^A[12]$/.test(parts[0] ?? "") || parts.length < 6 || !Number.isFinite(seconds)) return null;
  return { order: parts.slice(4, -1).join("."), at: seconds * 1000 };
}

function receiptFacts() {
  const parts = partsOf(state.receipt);
  if (!parts) return null;
  return el(
    "dl",
    {},
    el("div", {}, el("dt", {}, say("order")), el("dd", {}, parts.order)),
    el("div", {}, el("dt", {}, say("printed")), el("dd", {}, time(parts.at))),
  );
}

function message() {
  if (!state.message) return null;
  const { tone, key, values } = state.message;
  return el("p", { id: "outcome", className: `message ${tone}`, role: tone === "bad" ? "alert" : "status" }, say(key, values));
}

function receipt() {
  const fromAddress = state.receipt !== "";
  const input = el("input", { id: "receipt-text", name: "receipt", autocomplete: "off", spellcheck: false, required: true, maxLength: 4096 });
  // Drawing the page again keeps what is typed.
  input.value = state.typed;
  input.addEventListener("input", () => (state.typed = input.value));
  const form = el(
    "form",
    { noValidate: true },
    fromAddress
      ? receiptFacts()
      : el("div", {}, el("p", { className: "soft", id: "receipt-help" }, say("receiptHelp")), el("label", { htmlFor: "receipt-text" }, say("receiptField")), input),
    el("button", { type: "submit", id: "claim" }, say("claim")),
  );
  // The focus is on the button then, and a member with a screen reader hears what came of it.
  if (state.message) form.querySelector("button").setAttribute("aria-describedby", "outcome");
  input.setAttribute("aria-describedby", "receipt-help");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = fromAddress ? state.receipt : input.value.trim();
    if (text === "") input.focus();
    else void claim(text);
  });
  return section("receipt", say("receipt"), message(), form);
}

const PROBLEMS = {
  "reference-already-used": "alreadyYours",
  "reference-of-another": "alreadyOthers",
  "occurred-too-long-ago": "tooOld",
  "occurred-in-future": "tooEarly",
  "invalid-request": "notReceipt",
  "body-too-large": "notReceipt",
  "limit-reached": "limit",
  "device-limit-reached": "limit",
  forbidden: "readOnly",
  failed: "lost",
};

async function claim(text) {
  if (!state.claims.has(text)) state.claims.set(text, freshKey());
  byId("claim").disabled = true;
  const { json, problem } = await ask("/v1/me/scan", { send: { receipt: text }, key: state.claims.get(text) });
  if (problem === "ended") return end();
  if (problem) {
    state.message = { tone: "bad", key: PROBLEMS[problem] ?? "refused" };
    if (problem !== "failed") state.claims.delete(text);
    // What was refused for good need not be asked for again.
    if (!["failed", "occurred-in-future"].includes(problem)) leaveReceipt();
    return draw("claim");
  }
  state.claims.delete(text);
  state.typed = "";
  const key = json.under_review ? "claimedReview" : json.points > 0 ? "claimed" : "claimedZero";
  state.message = { tone: "good", key, values: { points: number(json.points) } };
  leaveReceipt();
  await load();
  byId("claim")?.focus();
}

/** The address is that of the page again, so that a reload claims nothing. */
function leaveReceipt() {
  if (state.receipt === "") return;
  state.receipt = "";
  history.replaceState(null, "", "/m");
}

function worth(coupon) {
  const of = (minor) => money(minor, state.me.money);
  const parts = [
    coupon.off_minor ? say("off", { amount: of(coupon.off_minor) }) : null,
    coupon.off_percent ? say("offPercent", { percent: number(coupon.off_percent) }) : null,
  ].filter(Boolean);
  return parts.join(" · ") || coupon.coupon;
}

function terms(coupon) {
  const of = (minor) => money(minor, state.me.money);
  const lists = [...(coupon.categories ?? []), ...(coupon.channels ?? []), ...(coupon.stores ?? [])];
  return [
    coupon.max_off_minor ? say("atMost", { amount: of(coupon.max_off_minor) }) : null,
    coupon.min_minor ? say("from", { amount: of(coupon.min_minor) }) : null,
    lists.length ? say("onlyFor", { list: lists.join(current() === "en" ? ", " : "、") }) : null,
    coupon.valid_through ? say("until", { day: day(coupon.valid_through) }) : say("noEnd"),
  ].filter(Boolean).join(" · ");
}

function couponRow(coupon, index) {
  const isShown = state.shown.has(coupon.code);
  const id = `code-${index}`;
  const button = el(
    "button",
    { type: "button", className: "plain", id: `show-${index}`, "aria-expanded": String(isShown), "aria-controls": id, "aria-describedby": `coupon-${index}` },
    say(isShown ? "hideCode" : "showCode"),
  );
  button.addEventListener("click", () => {
    if (!state.shown.delete(coupon.code)) state.shown.add(coupon.code);
    draw(`show-${index}`);
  });
  return el(
    "li",
    {},
    el("div", { className: "what", id: `coupon-${index}` }, el("strong", {}, worth(coupon)), el("p", { className: "soft small" }, terms(coupon))),
    button,
    el("div", { id, hidden: !isShown, className: "what" }, isShown ? el("code", { className: "code" }, coupon.code) : null),
  );
}

function coupons() {
  const rows = state.coupons.map(couponRow);
  return section("coupons", say("coupons"), rows.length ? el("ul", { className: "rows" }, rows) : el("p", { className: "soft" }, say("noCoupons")));
}

/** What happened, in plain words. */
function what(entry) {
  if (entry.kind === "earn") {
    const key = `event_${entry.event}`;
    return has(key) ? say(key) : say("kind_earn", { event: entry.event });
  }
  if (entry.kind === "tier_change" && entry.points === 0) {
    return entry.tier ? say("levelNow", { tier: entry.tier }) : say("levelNone");
  }
  const signed = `kind_${entry.kind}_${entry.points < 0 ? "minus" : "plus"}`;
  const plain = `kind_${entry.kind}`;
  if (has(signed)) return say(signed);
  return say(has(plain) ? plain : "kind_other");
}

function entryRow(entry) {
  const facts = [
    day(entry.day),
    entry.reference ? `${say("order")} ${entry.reference}` : null,
    entry.under_review ? say("underReview") : null,
  ].filter(Boolean);
  const sign = entry.points > 0 ? "+" : "";
  return el(
    "li",
    {},
    el("div", { className: "what" }, el("p", {}, what(entry)), el("p", { className: "soft small" }, facts.join(" · "))),
    entry.points === 0 ? null : el("span", { className: entry.points > 0 ? "points plus" : "points" }, `${sign}${number(entry.points)}`),
  );
}

function entries() {
  const more = el("button", { type: "button", className: "plain wide", id: "more" }, say("more"));
  more.addEventListener("click", async () => {
    more.disabled = true;
    const before = state.entries.length;
    if (!(await loadEntries())) return;
    draw();
    // A member with a screen reader or a keyboard goes on where the new ones begin.
    const row = document.querySelectorAll("#history-rows > li")[before];
    row?.setAttribute("tabindex", "-1");
    row?.focus();
  });
  const rows = state.entries.map(entryRow);
  return section(
    "history",
    say("history"),
    rows.length ? el("ul", { className: "rows", id: "history-rows" }, rows) : el("p", { className: "soft" }, say("noHistory")),
    state.next ? more : null,
  );
}

/** One purpose of one address: a box to tick. */
function wish(contact, index, purpose, word) {
  const id = `wish-${index}-${purpose}`;
  const box = el("input", { type: "checkbox", id, checked: contact[purpose], disabled: !contact.is_open });
  box.addEventListener("change", async () => {
    const send = { purpose, channel: contact.channel, decision: box.checked ? "given" : "withdrawn" };
    const { problem } = await ask("/v1/me/consents", { send, key: freshKey() });
    if (problem === "ended") return end();
    // What could not be told did not change.
    if (problem) state.refusedWish = id;
    else {
      contact[purpose] = box.checked;
      state.refusedWish = null;
    }
    draw(id);
  });
  const failed = state.refusedWish === id ? el("p", { className: "message bad", role: "alert" }, say("failed")) : null;
  return el("div", {}, el("label", { className: "tick", htmlFor: id }, box, el("span", {}, say(word))), failed);
}

function contactRow(contact, index) {
  const name = has(`channel_${contact.channel}`) ? say(`channel_${contact.channel}`) : contact.channel;
  return el(
    "li",
    {},
    el(
      "fieldset",
      {},
      el("legend", {}, el("strong", {}, name), contact.address ? el("span", { className: "soft" }, ` ${contact.address}`) : null),
      contact.is_open ? null : el("p", { className: "soft small" }, say("closedAddress")),
      wish(contact, index, "marketing", "offersBy"),
      wish(contact, index, "service", "accountBy"),
    ),
  );
}

function messages() {
  if (state.contacts.length === 0) return null;
  return section("messages", say("messages"), el("p", { className: "soft" }, say("messagesHelp")), el("ul", { className: "rows" }, state.contacts.map(contactRow)));
}

/** For a member who has lost a phone: the page ends wherever it is open. */
function everywhere() {
  const button = el("button", { type: "button", id: "everywhere", className: "plain wide" }, say("everywhere"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    if (await endPass(true)) return end();
    state.stays = true;
    draw("everywhere");
  });
  const failed = state.stays ? el("p", { className: "message bad", role: "alert" }, say("failed")) : null;
  return section("devices", say("devices"), el("p", { className: "soft" }, say("everywhereHelp")), button, failed);
}

/** Before anybody is known: what to do. */
function gate() {
  if (state.problem === "ended") return el("section", {}, el("h2", {}, say("ended")), el("p", {}, say("endedHelp")));
  if (state.receipt === "") return el("section", {}, el("h2", {}, say("closed")), el("p", {}, say("closedHelp")));
  return el(
    "section",
    {},
    el("h2", {}, say("scanHere")),
    receiptFacts(),
    el("ol", {}, el("li", {}, say("scanStep1")), el("li", {}, say("scanStep2"))),
    el("p", { className: "soft" }, say("scanNote")),
  );
}

function failure() {
  const button = el("button", { type: "button", id: "again", className: "wide" }, say("again"));
  button.addEventListener("click", () => void load());
  return el("section", {}, el("p", { role: "alert" }, say("failed")), button);
}

function parts() {
  if (!isOpen()) return [gate()];
  if (state.me === null || state.coupons === null) return state.problem ? [failure()] : [];
  const own = [balance(), level(), ending(), coupons(), entries(), messages(), everywhere()];
  // A member who came for a receipt finds it first.
  own.splice(state.receipt !== "" || state.message ? 0 : 3, 0, receipt());
  return own;
}

/** Enough of an id to tell one's own account from another. */
const masked = (id) => `${id.slice(0, 2)}…${id.length > 6 ? id.slice(-2) : ""}`;

/** Draws the page; the focus goes to the element of that id, or stays where it was. */
function draw(focus = document.activeElement?.id) {
  document.documentElement.lang = current();
  const other = current() === "en" ? "zh-CN" : "en";
  byId("language").textContent = words[other].name;
  byId("language").lang = other;
  const { me } = state;
  byId("programme").textContent = me ? `${me.programme.name} · ${masked(me.member_id)}` : "";
  const title = say(state.receipt === "" ? "title" : "receiptTitle");
  byId("leave").textContent = say("leave");
  byId("leave").hidden = !isOpen();
  byId("title").textContent = title;
  document.title = state.me ? `${title} · ${state.me.programme.name}` : title;
  byId("status").textContent = isOpen() && state.me === null && !state.problem ? say("loading") : "";
  byId("content").replaceChildren(...parts().filter(Boolean));
  if (focus) byId(focus)?.focus({ preventScroll: true });
}

/** Nothing of the member stays. */
function reset(problem) {
  Object.assign(state, { me: null, coupons: null, contacts: [], entries: [], next: null, message: null, typed: "", stays: false, problem });
  state.shown.clear();
}

function end() {
  forget();
  reset("ended");
  draw("main");
}

/** The next page of the history; false when the pass has ended. */
async function loadEntries() {
  let path = `/v1/me/entries?limit=${PAGE}`;
  if (state.next) path += `&cursor=${encodeURIComponent(state.next)}`;
  const { json, problem } = await ask(path);
  if (problem === "ended") {
    end();
    return false;
  }
  if (json) {
    state.entries.push(...json.items);
    state.next = json.next;
  }
  return true;
}

async function load() {
  state.problem = null;
  draw();
  const [me, coupons, contacts] = await Promise.all([ask("/v1/me"), ask("/v1/me/coupons"), ask("/v1/me/consents")]);
  if ([me, coupons, contacts].some(({ problem }) => problem === "ended")) return end();
  if (me.problem || coupons.problem) {
    state.problem = "failed";
    return draw();
  }
  state.me = me.json;
  state.coupons = coupons.json.items;
  // The account is shown, too, while what is known of messages is not there.
  state.contacts = contacts.json?.items ?? [];
  Object.assign(state, { entries: [], next: null });
  if (await loadEntries()) draw();
}

/** Keeps the pass alive while somebody uses the page, and the figures fresh. A page that lies open ends. */
async function refresh() {
  if (isOpen() && Date.now() - state.usedAt >= IDLE_MS) return end();
  if (!state.isUsed) return;
  state.isUsed = false;
  if (document.visibilityState !== "visible" || !isOpen() || state.me === null) return;
  const { json, problem } = await ask("/v1/me");
  if (problem === "ended") return end();
  if (json && JSON.stringify(json.balance) !== JSON.stringify(state.me.balance)) await load();
}

function readAddress() {
  takePass();
  const found = /^\/q\/(.+)$/.exec(location.pathname);
  try {
    state.receipt = found ? decodeURIComponent(found[1]) : "";
  } catch {
    state.receipt = found ? found[1] : "";
  }
}

function startLanguage() {
  let kept = null;
  try {
    kept = localStorage.getItem("language");
  } catch {
    // Then the browser's own counts.
  }
  choose(kept ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en"));
  byId("language").addEventListener("click", () => {
    const chosen = choose(current() === "en" ? "zh-CN" : "en");
    try {
      localStorage.setItem("language", chosen);
    } catch {
      // It holds for this page.
    }
    draw("language");
  });
}

startLanguage();
readAddress();
byId("leave").addEventListener("click", () => {
  void endPass(false);
  end();
});
for (const name of ["pointerdown", "keydown"]) addEventListener(name, () => Object.assign(state, { isUsed: true, usedAt: Date.now() }));
addEventListener("hashchange", () => {
  if (!location.hash.includes("pass=")) return;
  // It may be another member's.
  reset(null);
  state.claims.clear();
  readAddress();
  void load();
});
document.addEventListener("visibilitychange", () => void refresh());
setInterval(() => void refresh(), REFRESH_MS);
if (isOpen()) void load();
else draw();
