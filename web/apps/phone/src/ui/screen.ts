/** What every screen is: an element that is filled when it is shown, and whose timers and listeners end with it. */

import type { App } from "./app.ts";
import { type Child, append, button, fill, h } from "@countersign/page/dom";
import { type IconName, icon, mark } from "./icons.ts";

/** A screen of the phone. */
export abstract class Screen extends HTMLElement {
  /** Extra class names: `approve login` and the like. */
  protected readonly look: string = "";
  #end = new AbortController();

  constructor(protected readonly app: App) {
    super();
  }

  /** Ends when the screen goes. */
  protected get signal(): AbortSignal {
    return this.#end.signal;
  }

  connectedCallback(): void {
    if (this.#end.signal.aborted) this.#end = new AbortController();
    this.className = `screen ${this.look}`.trim();
    this.draw();
  }

  disconnectedCallback(): void {
    this.#end.abort();
  }

  /** Fills the screen; called again when the language changes. */
  protected abstract draw(): void;

  /** Whether a request that comes in may take this screen's place. Not in the middle of something. */
  get interruptible(): boolean {
    return false;
  }

  /** Draws again, in place. */
  redraw(): void {
    this.draw();
  }

  protected fill(...children: Child[]): void {
    fill(this, ...children);
  }

  /** Calls back each `ms` as long as the screen is there. */
  protected every(ms: number, tick: () => void): void {
    const timer = setInterval(tick, ms);
    this.signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** Calls back once, unless the screen has gone. */
  protected later(ms: number, then: () => void): void {
    const timer = setTimeout(then, ms);
    this.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  /** The bar at the top: a way back, or our mark. */
  protected top(onBack: (() => void) | null, ...end: Child[]): HTMLElement {
    const bar = h("div", { class: "top" });
    if (onBack) {
      bar.append(button(icon("back"), onBack, { class: "icon-button", attrs: { "aria-label": this.app.t("back") } }));
    } else {
      bar.append(h("span", { class: "wordmark" }, mark(), this.app.t("appName")));
    }
    append(bar, end);
    return bar;
  }
}

/** The heading of a screen, which gets the focus so that screen readers start there. */
export function title(text: string): HTMLHeadingElement {
  return h("h1", { attrs: { tabindex: -1 } }, text);
}

/** A note with an icon. */
export function note(name: IconName, text: Child, bad = false): HTMLElement {
  return h("p", { class: bad ? "note bad" : "note" }, icon(name), h("span", null, text));
}
