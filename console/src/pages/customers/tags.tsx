import type { ReactNode } from "react";
import { api } from "../../api/client";
import { Sets, type Family } from "./sets";

const at = (id: string, key: string) => ({ path: { path: id }, header: { "Idempotency-Key": key } });

const FAMILY: Family = {
  name: "tags",
  words: { title: "tags.title", new: "tags.new", none: "tags.none", id: "tags.id", hint: "tags.idHint" },
  id: (set) => set.path ?? "",
  list: (cursor) => api.GET("/v1/tags", { params: { query: cursor ? { cursor } : {} } }),
  members: (id, cursor) => api.GET("/v1/tags/{path}/members", { params: { path: { path: id }, query: cursor ? { cursor } : {} } }),
  put: (id, body, key) => api.PUT("/v1/tags/{path}", { params: at(id, key), body: body as never }),
  refresh: (id, key) => api.POST("/v1/tags/{path}/refresh", { params: at(id, key) }),
  remove: (id, key) => api.DELETE("/v1/tags/{path}", { params: at(id, key) }),
  idRule: /^[A-Za-z0-9_-]{1,40}(\/[A-Za-z0-9_-]{1,40}){0,2}$/,
  kinds: ["rule", "static", "score"],
  asking: ["rule"],
};

/** Tags of members, as a tree of up to three levels. */
export function Tags({ tabs }: { tabs: ReactNode }) {
  return <Sets family={FAMILY} tabs={tabs} />;
}
