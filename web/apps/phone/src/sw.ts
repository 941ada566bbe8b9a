/**
 * The service worker. It keeps the files of one release, serves them without asking the network, and never touches the
 * service's answers. A new release waits until the app is next opened, or until the person starts it.
 */

/// <reference lib="webworker" />
declare const self: ServiceWorkerGlobalScope;
/** Every file of this release, relative to the scope; put in by the build. */
declare const __PRECACHE__: readonly string[];
declare const __RELEASE__: string;

const CACHE = `countersign-phone-${__RELEASE__}`;
const SHELL = "index.html";
/** Files that the build copies as they are. */
const COPIED = [
  "manifest.webmanifest",
  "icons/icon.svg",
  "icons/icon-192.png",
  "icons/icon-512.png",
  "icons/maskable-512.png",
  "icons/badge-96.png",
  "icons/apple-touch-180.png",
];

const at = (name: string) => new URL(name, self.registration.scope).href;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) =>
      // Past the HTTP cache: these files and no older ones.
      cache.addAll([...__PRECACHE__, ...COPIED].map((name) => new Request(at(name), { cache: "no-cache" }))),
    ),
  );
});

self.addEventListener("activate", (event) => {
  const clean = async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("countersign-phone-") && name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

self.addEventListener("message", (event) => {
  if (event.data === "start") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  const scope = new URL(self.registration.scope).pathname;
  if (!url.pathname.startsWith(scope)) return;
  const name = request.mode === "navigate" ? SHELL : url.pathname.slice(scope.length);
  event.respondWith(
    caches
      .open(CACHE)
      .then((cache) => cache.match(at(name)))
      .then((kept) => kept ?? fetch(request)),
  );
});

// Only that something waits: who asks and what for is shown in the app, after the request was fetched and checked.
self.addEventListener("push", (event) => {
  event.waitUntil(
    self.registration.showNotification("Countersign: a request is waiting", {
      tag: "request",
      icon: at("icons/icon-192.png"),
      badge: at("icons/badge-96.png"),
      data: { tx: transactionOf(event.data) },
    }),
  );
});

/** The payload is `{type, tx}`; anything else opens the app without naming a request. */
function transactionOf(data: PushMessageData | null): string | null {
  try {
    const payload: unknown = data?.json();
    if (
      typeof payload === "object" &&
      payload !== null &&
      "tx" in payload &&
      typeof payload.tx === "string" &&
      /^[\w-]{1,64}$/.test(payload.tx)
    )
      return payload.tx;
  } catch {
    // Not JSON.
  }
  return null;
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const tx = (event.notification.data as { tx: string | null } | null)?.tx ?? null;
  const open = async () => {
    const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const scope = new URL(self.registration.scope).pathname;
    const mine = windows.find((client) => new URL(client.url).pathname.startsWith(scope));
    if (mine) {
      await mine.focus();
      if (tx !== null) mine.postMessage({ tx });
    } else await self.clients.openWindow(at(tx === null ? "" : `#tx=${tx}`));
  };
  event.waitUntil(open());
});
