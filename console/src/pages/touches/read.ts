// Asks for touches, page by page.

import { api, ask } from "../../api/client";
import type { Page } from "../../api/answers";
import type { Query, Touch } from "./touch";

export function readTouches(query: Query & { limit?: number }, cursor: string | undefined): Promise<Page<Touch>> {
  return ask<Page<Touch>>(api.GET("/v1/touches", { params: { query: { ...query, ...(cursor ? { cursor } : {}) } as never } }));
}
