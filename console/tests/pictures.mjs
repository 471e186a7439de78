// Takes the pictures of docs/recipes/console.md from a running `cargo xtask demo --console`:
// `ACCRUE_KEY=… npm run pictures`, with the operator's key that the demo prints.

import { mkdirSync, writeFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { chromium } from "playwright-core";

const api = process.env.ACCRUE_API ?? "http://127.0.0.1:3000";
const FOLDER = "../docs/recipes/pictures";
const MAX_BYTES = 60_000;

/** Name, path, width and height; what is done before the picture. */
const PICTURES = [
  ["overview", "/", 1400, 900],
  ["member", `/members/${process.env.ACCRUE_MEMBER ?? "household-1"}`, 1400, 1000],
  ["tags", "/customers", 1400, 620],
  ["rfm", "/customers?tab=rfm", 1400, 760],
  ["draft", "/rules/drafts/bakery-mornings", 1400, 860, async (page) => {
    await page.getByRole("button", { name: /^Edit the rule bakery_mornings/ }).click();
    await page.locator(".condition").first().waitFor();
    await page.evaluate(() => document.activeElement?.blur());
  }],
  ["inbox-phone", "/inbox", 390, 760],
  ["member-phone", `/members/${process.env.ACCRUE_MEMBER ?? "household-1"}`, 390, 760],
];

const browser = await chromium.launch({ executablePath: process.env.ACCRUE_BROWSER ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
mkdirSync(FOLDER, { recursive: true });
let failed = false;
for (const width of [1400, 390]) {
  const page = await browser.newPage({ viewport: { width, height: 800 }, locale: "en" });
  await page.goto(`${api}/console/`);
  await page.getByRole("tab").nth(1).click();
  await page.locator("input#key").fill(process.env.ACCRUE_KEY ?? "");
  await page.locator("button[type=submit]:visible").click();
  await page.locator(".frame").waitFor();
  for (const [name, path, wide, height, before] of PICTURES.filter((one) => one[2] === width)) {
    await page.setViewportSize({ width: wide, height });
    await page.evaluate((to) => {
      history.pushState(null, "", `/console${to}`);
      dispatchEvent(new PopStateEvent("popstate"));
      scrollTo(0, 0);
    }, path);
    for (let calm = 0, looks = 0; calm < 5 && looks < 200; looks += 1) {
      await page.waitForTimeout(150);
      const isCalm = await page.evaluate(() => document.querySelector("h1") !== null && document.querySelector(".loading, .ant-spin, .ant-skeleton") === null);
      calm = isCalm ? calm + 1 : 0;
    }
    await before?.(page);
    await page.waitForTimeout(400);
    const file = await smaller(page, await page.screenshot());
    writeFileSync(`${FOLDER}/${name}.png`, file);
    failed ||= file.length > MAX_BYTES;
    console.log(`${name}.png ${file.length}`);
  }
  await page.close();
}
await browser.close();
if (failed) throw new Error(`a picture has more than ${MAX_BYTES} bytes: make it smaller`);

/** The same with the 64 colours that it has most of: a page has few others. */
async function smaller(page, png) {
  const { width, height, pixels } = await page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const found = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
    let text = "";
    for (let at = 0; at < found.length; at += 8192) text += String.fromCharCode(...found.subarray(at, at + 8192));
    return { width: bitmap.width, height: bitmap.height, pixels: btoa(text) };
  }, png.toString("base64"));
  const raw = Buffer.from(pixels, "base64");
  const counts = new Map();
  const colour = (at) => (raw[at] << 16) | (raw[at + 1] << 8) | raw[at + 2];
  for (let at = 0; at < raw.length; at += 4) counts.set(colour(at), (counts.get(colour(at)) ?? 0) + 1);
  // Colours that are alike count as one, so that edges of letters do not take the place of others.
  const palette = [];
  const parts = (of) => [of >> 16, (of >> 8) & 255, of & 255];
  const apart = (one, other) => parts(one).reduce((sum, part, index) => sum + (part - parts(other)[index]) ** 2, 0);
  for (const [one] of [...counts].sort((a, b) => b[1] - a[1])) {
    if (palette.length < 64 && palette.every((other) => apart(one, other) > 120)) palette.push(one);
  }
  const nearest = new Map();
  const place = (of) => {
    if (!nearest.has(of)) nearest.set(of, palette.reduce((best, one, index) => (apart(one, of) < apart(palette[best], of) ? index : best), 0));
    return nearest.get(of);
  };
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows[y * (width + 1) + 1 + x] = place(colour((y * width + x) * 4));
  }
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  // Eight bits for each pixel, which name a colour of the palette.
  head.set([8, 3, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature, chunk("IHDR", head), chunk("PLTE", Buffer.from(palette.flatMap(parts))), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0)),
  ]);
}
