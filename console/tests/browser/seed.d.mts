export const START: string;
export const RULEBOOK: Record<string, unknown>;
// oxlint-disable-next-line no-explicit-any -- a document of the API
export const EXAMPLE: any;
// oxlint-disable-next-line no-explicit-any -- answers of any route
export function caller(base: string, key: string): (method: string, path: string, body?: unknown, expected?: boolean) => Promise<any>;
export function seed(options: { api: string; admin: string; key: string; days?: number }): Promise<{ keys: Record<string, string>; members: { id: string }[]; now: number }>;
