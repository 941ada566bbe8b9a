/** The service worker: keeps this release for use without a network, and tells when the next one is there. */

import type { App } from "./app.ts";
import { scriptUrl } from "./trusted-script.ts";

export function keepOffline(app: App): void {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  const path = `${import.meta.env.BASE_URL}sw.js`;
  navigator.serviceWorker.register(scriptUrl(path), { scope: import.meta.env.BASE_URL, updateViaCache: "none" }).then(
    (registration) => {
      const offer = () => {
        const next = registration.waiting;
        // The first worker of all replaces nothing.
        if (next && navigator.serviceWorker.controller) {
          app.offerUpdate(() => {
            navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
            next.postMessage("start");
          });
        }
      };
      offer();
      registration.addEventListener("updatefound", () => {
        registration.installing?.addEventListener("statechange", offer);
      });
    },
    () => undefined, // Private windows may forbid it; the app then needs the network to start.
  );
  // A notification that was clicked shows its request here.
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (typeof data === "object" && data !== null && "tx" in data && typeof data.tx === "string")
      void app.start({ kind: "TX", tx: data.tx });
  });
}
