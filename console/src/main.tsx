import "./i18n";
import "./style.css";
import { focusManager, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { App } from "./app";
import { Problem } from "./api/client";
import { watchPresence } from "./lib/presence";
import { SessionProvider } from "./session";

const queries = new QueryClient({
  defaultOptions: {
    // The server may be on this machine: being offline is for the request to find out.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && (!(error instanceof Problem) || error.mayPass),
    },
  },
});

// What pages ask by themselves counts as use of the session: they ask while somebody is there.
focusManager.setEventListener((setFocused) => watchPresence(setFocused));

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <QueryClientProvider client={queries}>
      <BrowserRouter basename="/console">
        <SessionProvider>
          <App />
        </SessionProvider>
      </BrowserRouter>
    </QueryClientProvider>,
  );
}
