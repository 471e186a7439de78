import type { ReactNode } from "react";
import { api } from "../../api/client";
import { Sets, type Family } from "./sets";

const at = (id: string, key: string) => ({ path: { id }, header: { "Idempotency-Key": key } });

const FAMILY: Family = {
  name: "segments",
  words: { title: "segments.title", new: "segments.new", none: "segments.none", id: "segments.id", hint: "segments.idHint" },
  id: (set) => set.segment_id ?? "",
  list: (cursor) => api.GET("/v1/segments", { params: { query: cursor ? { cursor } : {} } }),
  members: (id, cursor) => api.GET("/v1/segments/{id}/members", { params: { path: { id }, query: cursor ? { cursor } : {} } }),
  put: (id, body, key) => api.PUT("/v1/segments/{id}", { params: at(id, key), body: body as never }),
  refresh: (id, key) => api.POST("/v1/segments/{id}/refresh", { params: at(id, key) }),
  remove: (id, key) => api.DELETE("/v1/segments/{id}", { params: at(id, key) }),
  idRule: /^[A-Za-z0-9_-]{1,64}$/,
  kinds: ["active", "passive", "static"],
  asking: ["active", "passive"],
};

/** Segments of members. */
export function Segments({ tabs }: { tabs: ReactNode }) {
  return <Sets family={FAMILY} tabs={tabs} />;
}
