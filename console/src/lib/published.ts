// The programme with its published rulebook, which several pages read.

import { useQuery } from "@tanstack/react-query";
import { api, ask, type Problem } from "../api/client";
import type { Programme } from "../api/answers";
import { useSignedIn } from "../session";

export function usePublished() {
  const { programme, role } = useSignedIn();
  return useQuery<Programme, Problem>({
    queryKey: ["programme", programme.id],
    queryFn: () => ask(api.GET("/v1/programmes/{id}", { params: { path: { id: programme.id } } })),
    enabled: role !== "job",
  });
}
