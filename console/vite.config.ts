import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Where `npm run dev` finds the API: a host that `cargo xtask up` has started.
const api = process.env.ACCRUE_API ?? "http://127.0.0.1:3000";

const proxy = Object.fromEntries(["/v1", "/healthz", "/readyz", "/openapi.json"].map((path) => [path, api]));

export default defineConfig({
  base: "/console/",
  plugins: [react()],
  build: {
    outDir: "../target/console/dist",
    emptyOutDir: true,
    target: "es2022",
    // Chunks are measured after gzip, by `cargo xtask console`.
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
    modulePreload: { polyfill: false },
    // An inlined file would need `data:` in the page's content security policy.
    assetsInlineLimit: 0,
  },
  server: { proxy },
  preview: { proxy },
});
