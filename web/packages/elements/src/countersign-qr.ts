/**
 * `<countersign-qr link-url="…" status-url="…">`: the QR code of a device-link session.
 *
 * | Attribute | |
 * |---|---|
 * | `link-url` | the e-service's own address that answers the link of this second: `{ link, sameDeviceLink?, secondsLeft? }` |
 * | `status-url` | its address that answers how the session stands: `{ state, version?, failure? }`; may wait before it answers |
 * | `prefer` | `qr` or `link`; without it, the link is offered first on phones |
 * | `label` | what a screen reader says about the code |
 *
 * | Event | |
 * |---|---|
 * | `countersign-link` | a new link is shown: `{ link, sameDeviceLink? }` |
 * | `countersign-status` | the backend said how it stands: its answer |
 * | `countersign-taken` | the backend has no link any more: somebody has scanned it |
 * | `countersign-expired` | the code is shown no longer; the session may still end well |
 * | `countersign-complete` · `-refused` · `-timeout` · `-error` | the end: the backend's answer, or `{ reason }` |
 *
 * CSS custom properties: `--countersign-ink`, `--countersign-muted`, `--countersign-accent`, `--countersign-on-accent`,
 * `--countersign-size`.
 * Parts: `code`, `time`, `link`, `bar`. The secret of the session never comes here: links are made in the backend.
 */

import { clock, ending, isFinal, type LinkAnswer, readLink, readStatus, type StatusAnswer } from "./answers.ts";
import { Base, pause, styleSheet } from "./base.ts";
import { qrMatrix, qrPath } from "./qr-code.ts";

/** The words of the element. */
export interface QrTexts {
  readonly label: string;
  readonly timeLeft: (clock: string) => string;
  readonly openHere: string;
  readonly otherDevice: string;
  readonly expired: string;
  readonly taken: string;
  readonly connecting: string;
  readonly lost: string;
  readonly ended: Record<"complete" | "refused" | "timeout" | "error", string>;
}

const ENGLISH: QrTexts = {
  label: "QR code. Scan it with the app on your phone.",
  timeLeft: (left) => `${left} left to scan`,
  openHere: "Open the app on this device",
  otherDevice: "Scan with another device instead",
  expired: "This code is no longer shown. If you have scanned it, go on with your phone.",
  taken: "Scanned. Go on with your phone.",
  connecting: "Getting the code…",
  lost: "No connection. Trying again…",
  ended: {
    complete: "Done.",
    refused: "Cancelled on the phone.",
    timeout: "No time left.",
    error: "It did not work.",
  },
};

/** A new code each second: the service ignores old ones. */
const INTERVAL = 1000;

/** No code is shown that is older (relying party API, 4.5). */
const OLDEST = 3000;

/** How long to wait after a poll that failed. */
const AGAIN = 1500;

const STYLE = `
:host { display: block; color: var(--countersign-ink, inherit); text-align: center; }
:host([hidden]) { display: none; }
.code { inline-size: min(100%, var(--countersign-size, 19rem)); margin-inline: auto; background: #fff; border-radius: 12px;
  aspect-ratio: 1; display: grid; place-items: center; transition: opacity 150ms; }
.code svg { inline-size: 100%; block-size: 100%; display: block; }
.code.stale { opacity: 0.12; }
p { margin: 0.5rem 0 0; font-size: 0.875rem; line-height: 1.4; color: var(--countersign-muted, inherit);
  font-variant-numeric: tabular-nums; min-block-size: 1.4em; }
.bar { block-size: 3px; inline-size: min(100%, var(--countersign-size, 19rem)); margin: 0.6rem auto 0; border-radius: 2px;
  background: color-mix(in srgb, currentColor 18%, transparent); overflow: hidden; }
.bar i { display: block; block-size: 100%; background: currentColor; transform-origin: 0 50%; transition: transform 1s linear; }
.link { display: inline-flex; align-items: center; justify-content: center; min-block-size: 2.75rem; padding: 0.5rem 1.25rem;
  border-radius: 0.75rem; background: var(--countersign-accent, #0b5a8c); color: var(--countersign-on-accent, #fff);
  font: inherit; font-weight: 600; text-decoration: none; margin-block: 0.25rem 0.75rem; }
.link:focus-visible, button:focus-visible { outline: 3px solid var(--countersign-accent, #0b5a8c); outline-offset: 2px; }
button { font: inherit; font-size: 0.875rem; background: none; border: 0; color: inherit; text-decoration: underline;
  min-block-size: 2.75rem; cursor: pointer; }
[hidden] { display: none !important; }
.heard { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: reduce) { .bar i, .code { transition: none; } }
`;

const SVG = "http://www.w3.org/2000/svg";

let sheet: CSSStyleSheet | undefined;

export class CountersignQr extends Base {
  static readonly observedAttributes = ["link-url", "status-url", "prefer", "label"];

  /** The words, to be replaced by those of another language. */
  texts: QrTexts = ENGLISH;

  #parts: Parts | null = null;
  #run: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #shownAt = 0;
  #longest = 0;
  #link: LinkAnswer = {};
  #over = false;
  #expired = false;
  #showCode = false;

  connectedCallback(): void {
    this.#parts ??= this.#build();
    document.addEventListener("visibilitychange", this.#visibility);
    this.#begin();
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.#visibility);
    this.#pause();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected || !this.#parts) return;
    if (name === "link-url" || name === "status-url") this.#begin();
    else this.#paint();
  }

  /** Begins with a session that has not ended yet. */
  #begin(): void {
    this.#pause();
    this.#over = false;
    this.#expired = false;
    this.#link = {};
    this.#longest = 0;
    this.#shownAt = 0;
    this.#showCode = false;
    this.#say("");
    this.#note(this.texts.connecting);
    this.#paint();
    this.#resume();
  }

  #resume(): void {
    if (this.#over || this.#run || document.hidden) return;
    const run = new AbortController();
    this.#run = run;
    void this.#refresh(run.signal);
    void this.#watch(run.signal);
  }

  /** Nobody looks: nothing is asked. */
  #pause(): void {
    this.#run?.abort();
    this.#run = null;
    clearTimeout(this.#timer);
  }

  readonly #visibility = (): void => {
    if (document.hidden) this.#pause();
    else this.#resume();
  };

  async #refresh(signal: AbortSignal): Promise<void> {
    const url = this.getAttribute("link-url");
    if (!url || this.#expired) return;
    const began = performance.now();
    try {
      const answer = await fetch(url, { headers: { accept: "application/json" }, cache: "no-store", signal });
      if (answer.ok) this.#show(readLink(await answer.json()));
      // The session ended, or was scanned: its status says which.
      else if (isFinal(answer.status)) return this.#hide();
      else throw new TypeError(`HTTP status ${answer.status}`);
    } catch {
      if (signal.aborted) return;
      this.#missed();
    }
    if (signal.aborted || this.#over || this.#expired) return;
    const wait = Math.max(50, INTERVAL - (performance.now() - began));
    this.#timer = setTimeout(() => void this.#refresh(signal), wait);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const url = this.getAttribute("status-url");
    if (!url) return;
    let seen: number | undefined;
    while (!signal.aborted) {
      try {
        const full = seen === undefined ? url : `${url}${url.includes("?") ? "&" : "?"}seen=${seen}`;
        const answer = await fetch(full, { headers: { accept: "application/json" }, cache: "no-store", signal });
        if (isFinal(answer.status)) return this.#end("error", { reason: `HTTP status ${answer.status}` });
        if (!answer.ok) throw new TypeError(`HTTP status ${answer.status}`);
        const status: StatusAnswer = readStatus(await answer.json());
        // A backend that counts no versions answers at once: ask again after a while.
        const counts = status.version !== undefined && status.version !== seen;
        seen = status.version;
        // The end first: a page that paints itself anew on news may take the element away.
        const end = ending(status);
        if (end) this.#end(end, status);
        this.#tell("countersign-status", status);
        if (end) return;
        if (!counts) await pause(INTERVAL, signal);
      } catch {
        await pause(AGAIN, signal);
      }
    }
  }

  #show(answer: LinkAnswer): void {
    this.#link = answer;
    if (answer.link === undefined) {
      this.#expire();
      return;
    }
    this.#shownAt = performance.now();
    this.#longest = Math.max(this.#longest, answer.secondsLeft ?? 0);
    this.#paint();
    this.#note(answer.secondsLeft === undefined ? "" : this.texts.timeLeft(clock(answer.secondsLeft)));
    this.#tell("countersign-link", answer);
  }

  #expire(): void {
    this.#expired = true;
    this.#paint();
    this.#note(this.texts.expired);
    this.#say(this.texts.expired);
    this.#tell("countersign-expired", {});
  }

  /** The link is taken: the rest happens on the phone. */
  #hide(): void {
    this.#expired = true;
    this.#paint();
    this.#note(this.texts.taken);
    this.#say(this.texts.taken);
    this.#tell("countersign-taken", {});
  }

  #missed(): void {
    if (performance.now() - this.#shownAt < OLDEST) return;
    this.#paint();
    this.#note(this.texts.lost);
  }

  #end(how: "complete" | "refused" | "timeout" | "error", detail: unknown): void {
    this.#over = true;
    this.#pause();
    this.#paint();
    this.#note(this.texts.ended[how]);
    this.#say(this.texts.ended[how]);
    this.#tell(`countersign-${how}`, detail);
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #build(): Parts {
    const root = this.attachShadow({ mode: "open" });
    sheet ??= styleSheet(STYLE);
    root.adoptedStyleSheets = [sheet];
    const make = <K extends keyof HTMLElementTagNameMap>(tag: K, name: string): HTMLElementTagNameMap[K] => {
      const element = document.createElement(tag);
      element.className = name;
      element.setAttribute("part", name);
      return element;
    };
    const code = make("div", "code");
    const image = document.createElementNS(SVG, "svg");
    image.setAttribute("role", "img");
    image.setAttribute("shape-rendering", "crispEdges");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("fill", "#000");
    image.append(path);
    code.append(image);
    const bar = make("div", "bar");
    bar.setAttribute("aria-hidden", "true");
    const level = document.createElement("i");
    bar.append(level);
    const time = make("p", "time");
    const link = make("a", "link");
    const other = document.createElement("button");
    other.type = "button";
    other.addEventListener("click", () => {
      this.#showCode = true;
      this.#paint();
    });
    const heard = make("div", "heard");
    heard.setAttribute("role", "status");
    root.append(link, other, code, bar, time, document.createElement("slot"), heard);
    return { code, image, path, bar, level, time, link, other, heard };
  }

  #paint(): void {
    const parts = this.#parts;
    if (!parts) return;
    const { link, sameDeviceLink, secondsLeft } = this.#link;
    const live = !this.#over && !this.#expired;
    const prefer = this.getAttribute("prefer") ?? (isPhone() ? "link" : "qr");
    const linkFirst = prefer === "link" && sameDeviceLink !== undefined;
    const withCode = live && link !== undefined && (!linkFirst || this.#showCode);
    parts.link.hidden = !(live && linkFirst);
    parts.link.textContent = this.texts.openHere;
    if (linkFirst) parts.link.href = sameDeviceLink;
    parts.other.hidden = !(live && linkFirst && !this.#showCode);
    parts.other.textContent = this.texts.otherDevice;
    parts.code.hidden = !withCode;
    parts.code.classList.toggle("stale", performance.now() - this.#shownAt >= OLDEST);
    parts.image.setAttribute("aria-label", this.getAttribute("label") ?? this.texts.label);
    parts.bar.hidden = !(live && secondsLeft !== undefined && this.#longest > 0);
    parts.level.style.transform = `scaleX(${(secondsLeft ?? 0) / Math.max(1, this.#longest)})`;
    if (!withCode) return;
    const matrix = qrMatrix(link);
    parts.image.setAttribute("viewBox", `0 0 ${matrix.length} ${matrix.length}`);
    parts.path.setAttribute("d", qrPath(matrix));
  }

  #note(text: string): void {
    if (this.#parts) this.#parts.time.textContent = text;
  }

  /** For screen readers: only what changes the situation, not each second. */
  #say(text: string): void {
    if (this.#parts) this.#parts.heard.textContent = text;
  }
}

interface Parts {
  readonly code: HTMLElement;
  readonly image: SVGSVGElement;
  readonly path: SVGPathElement;
  readonly bar: HTMLElement;
  readonly level: HTMLElement;
  readonly time: HTMLElement;
  readonly link: HTMLAnchorElement;
  readonly other: HTMLButtonElement;
  readonly heard: HTMLElement;
}

/** Whether this is a device that one holds in the hand: it cannot scan its own screen. */
function isPhone(): boolean {
  const agent = navigator as Navigator & { userAgentData?: { mobile?: boolean } };
  return agent.userAgentData?.mobile ?? matchMedia("(pointer: coarse) and (max-width: 60rem)").matches;
}
