// A gateway of the merchant on this machine: takes messages, checks their signatures (Standard Webhooks)
// and keeps them.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Message {
  id: string;
  channel: string;
  to: string;
  title?: string;
  text: string;
}

export interface Gateway {
  url: string;
  /** What an account at it is given. */
  secret: string;
  messages: Message[];
  /** Requests whose signature was wrong. */
  refused: number;
  close: () => Promise<void>;
}

const KEY = Buffer.from("0123456789abcdef0123456789abcdef");

export async function startGateway(): Promise<Gateway> {
  const gateway: Gateway = { url: "", secret: `whsec_${KEY.toString("base64")}`, messages: [], refused: 0, close: async () => undefined };
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString("utf8");
      const header = (name: string) => String(request.headers[name] ?? "");
      const expected = createHmac("sha256", KEY).update(`${header("webhook-id")}.${header("webhook-timestamp")}.${body}`).digest("base64");
      const isSigned = header("webhook-signature").split(" ").some((one) => isSame(one.replace(/^v1,/, ""), expected));
      if (isSigned) gateway.messages.push(JSON.parse(body) as Message);
      else gateway.refused += 1;
      response.writeHead(isSigned ? 204 : 401).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  gateway.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/messages`;
  gateway.close = () => new Promise((resolve) => server.close(() => resolve()));
  return gateway;
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
