/**
 * The page `/status` of the service, opened by a page of yours: as a pop-up, or in a frame. What happens there comes back by
 * messages between the exact origins of both, as the same events that the elements have.
 *
 * The service knows your page's origin (`origins` of the client); to others it says nothing.
 */

import { REGISTRATION_EVENTS, type RegistrationEventMap, type RegistrationEventName } from "./registration/events.ts";

export interface HostedOptions {
  /** Where the service is: `https://id.example.org`. */
  readonly base: string;
  /** The `client_id`; without it, the first that the page speaks for. */
  readonly client?: string;
  readonly lang?: string;
  /** The number to begin with. It travels behind `#`, which reaches no server. */
  readonly msisdn?: string;
}

/** Hears every event of the page, by name. */
export type HostedListener = <K extends RegistrationEventName>(name: K, detail: RegistrationEventMap[K]["detail"]) => void;

/** A message of the page. */
export type HostedMessage =
  | { readonly type: "countersign-event"; readonly name: RegistrationEventName; readonly detail: never }
  /** How high the page would like its frame to be, in pixels. */
  | { readonly type: "countersign-height"; readonly height: number };

/** The address of the page. `origin`: of the page that is to hear what happens. */
export function hostedUrl({ base, client, lang, msisdn }: HostedOptions, way: "popup" | "embed", origin: string): string {
  const url = new URL(way === "embed" ? "/status/embed" : "/status", base);
  if (client !== undefined) url.searchParams.set("client", client);
  if (lang !== undefined) url.searchParams.set("lang", lang);
  url.searchParams.set("origin", origin);
  if (msisdn !== undefined) url.hash = `msisdn=${encodeURIComponent(msisdn)}`;
  return url.href;
}

/** The message in an event, if it comes from that window and that origin, and is one. */
export function readMessage(event: { origin: string; source: unknown; data: unknown }, base: string, from: unknown): HostedMessage | null {
  if (from === null || event.source !== from || event.origin !== new URL(base).origin) return null;
  const data = event.data as { type?: unknown; name?: unknown; height?: unknown } | null;
  if (typeof data !== "object" || data === null) return null;
  if (data.type === "countersign-event" && (REGISTRATION_EVENTS as readonly unknown[]).includes(data.name)) return data as HostedMessage;
  const { height } = data;
  if (data.type === "countersign-height" && typeof height === "number" && height > 0 && height < 20_000) return data as HostedMessage;
  return null;
}

/**
 * Opens the page as a pop-up. To be called while a click is handled; null when the browser opens none. The promise ends when the
 * window is closed.
 */
export function openStatus(options: HostedOptions, listener: HostedListener): { readonly window: Window; readonly closed: Promise<void> } | null {
  const opened = window.open(hostedUrl(options, "popup", location.origin), "countersign-status", "popup,width=480,height=760");
  if (!opened) return null;
  const hear = (event: MessageEvent): void => {
    const message = readMessage(event, options.base, opened);
    if (message?.type === "countersign-event") listener(message.name, message.detail);
  };
  addEventListener("message", hear);
  const closed = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (!opened.closed) return;
      clearInterval(timer);
      removeEventListener("message", hear);
      resolve();
    }, 500);
  });
  return { window: opened, closed };
}

/** Shows the page in a frame of yours, and keeps it as high as what is in it. Returns what ends that. */
export function embedStatus(frame: HTMLIFrameElement, options: HostedOptions, listener: HostedListener): () => void {
  const hear = (event: MessageEvent): void => {
    const message = readMessage(event, options.base, frame.contentWindow);
    if (message?.type === "countersign-event") listener(message.name, message.detail);
    else if (message?.type === "countersign-height") frame.style.blockSize = `${Math.ceil(message.height)}px`;
  };
  addEventListener("message", hear);
  frame.src = hostedUrl(options, "embed", location.origin);
  return () => removeEventListener("message", hear);
}
