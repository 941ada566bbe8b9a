/** What the elements of the registration have in common: attributes, a shadow root, one panel that changes, a voice, events. */

import { button, fill, h, icon } from "@countersign/page/dom";
import { fillPlaces } from "@countersign/page/sentence";
import { clock } from "../answers.ts";
import { Base } from "../base.ts";
import { RegistrationError, type TokenSource } from "./api.ts";
import type { RegistrationEventMap } from "./events.ts";
import { languageOf, loadSession, type Session } from "./session.ts";
import { registrationSheet } from "./style.ts";
import { loadTexts, type TextKey, type Texts } from "./texts/index.ts";

/** A property that was set before the element was known to the browser. */
const kept = <T>(of: object, name: string): T | undefined => Object.getOwnPropertyDescriptor(of, name)?.value as T | undefined;

/** A change of one of these begins anew; the token is read when it is needed. */
const BEGINS = ["api-base", "lang", "msisdn", "allowed-methods", "require-tc", "jurisdictions", "identify-url", "default-country", "compact"];

/** Listeners know what they hear. */
export interface RegistrationElement {
  addEventListener<K extends keyof RegistrationEventMap>(type: K, listener: (event: RegistrationEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

export abstract class RegistrationElement extends Base {
  static readonly observedAttributes: readonly string[] = [...BEGINS, "theme-href", "widget-token"];

  /** What an element around this one knows already. */
  session: Session | null = kept(this, "session") ?? null;

  #tokenSource: TokenSource | null = kept(this, "tokenSource") ?? null;
  #texts: Partial<Texts> = kept(this, "texts") ?? {};
  #panel: HTMLElement | null = null;
  #heard = h0();
  #theme: HTMLLinkElement | null = null;
  #run: AbortController | null = null;
  #begun: Session | null = null;
  /** Stands still for want of a token. */
  #wantsToken = false;
  /** Begins anew in another language alone. @internal */
  protected sameAgain = false;

  constructor() {
    super();
    // Set before the element was known, they would hide the accessors.
    for (const name of ["tokenSource", "texts"]) Reflect.deleteProperty(this, name);
  }

  /** Sentences that the page replaces. */
  get texts(): Partial<Texts> {
    return this.#texts;
  }

  set texts(texts: Partial<Texts>) {
    // Frameworks make the same anew each time they render.
    const isSame = JSON.stringify(texts) === JSON.stringify(this.#texts);
    this.#texts = texts;
    if (!isSame && this.#run) this.#begin(true);
  }

  /** Gives the token of this moment, instead of the attribute `widget-token`: asked anew when one has run out. */
  get tokenSource(): TokenSource | null {
    return this.#tokenSource;
  }

  set tokenSource(source: TokenSource | null) {
    this.#tokenSource = source;
    if (this.#wantsToken) this.begin();
  }

  connectedCallback(): void {
    if (!this.#panel) {
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [registrationSheet()];
      this.#panel = h("div", { class: this.panelClass, attrs: { part: this.panelClass } });
      this.#heard = h("div", { class: "heard", attrs: { role: "status" } });
      root.append(this.#panel, this.#heard);
      this.#dress();
    }
    // Whoever has put it into the page sets its properties next.
    queueMicrotask(() => this.isConnected && this.#run === null && this.begin());
  }

  disconnectedCallback(): void {
    this.#run?.abort();
    this.#run = null;
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected || !this.#panel) return;
    if (name === "theme-href") this.#dress();
    else if (name === "widget-token") this.#wantsToken && this.begin();
    else this.#begin(name === "lang");
  }

  /** Begins anew, as when the element comes into the page. */
  begin(): void {
    this.#begin(false);
  }

  #begin(sameAgain: boolean): void {
    this.sameAgain = sameAgain;
    this.#run?.abort();
    const run = new AbortController();
    this.#run = run;
    this.#wantsToken = false;
    void this.#start(run.signal);
  }

  async #start(signal: AbortSignal): Promise<void> {
    try {
      this.#begun = this.session ?? (await this.load(signal));
      if (signal.aborted) return;
      this.#panel?.setAttribute("lang", this.#begun.language);
      await this.start(this.#begun, signal);
    } catch (error) {
      if (!signal.aborted) await this.fail(error);
    }
  }

  /** What has to be known before anything else. @internal */
  protected async load(signal: AbortSignal): Promise<Session> {
    this.show(this.wait());
    return loadSession(this, (refused) => this.#token(refused), this.texts, signal);
  }

  #token(refused: boolean): string | Promise<string> {
    if (this.#tokenSource) return this.#tokenSource(refused);
    // The attribute has no other one to give.
    return refused ? "" : (this.getAttribute("widget-token") ?? "");
  }

  /** A style sheet of the page's choice, inside: `:host { --countersign-accent: … }`. */
  #dress(): void {
    const href = this.getAttribute("theme-href");
    this.#theme?.remove();
    this.#theme = null;
    if (!href || !this.shadowRoot) return;
    this.#theme = h("link", { attrs: { rel: "stylesheet", href } });
    this.shadowRoot.prepend(this.#theme);
  }

  /** @internal */
  protected get panelClass(): "panel" | "steps" {
    return "panel";
  }

  /** What the element does once it knows everything beforehand. @internal */
  protected abstract start(session: Session, signal: AbortSignal): void | Promise<void>;

  /** Replaces what is seen. @internal */
  protected show(...nodes: (Node | null)[]): void {
    if (this.#panel) fill(this.#panel, ...nodes);
  }

  /** For screen readers. @internal */
  protected voice(text: string): void {
    this.#heard.textContent = text;
  }

  /** @internal */
  protected emit(name: string, detail: unknown): boolean {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }

  /** A sentence. @internal */
  protected t(key: TextKey, values: Record<string, string | number> = {}): string {
    const texts = this.#begun?.texts;
    return texts ? fillPlaces(texts[key], values) : "";
  }

  /** A turning ring with a word for those who do not see it. @internal */
  protected wait(): HTMLElement {
    const ring = h("div", { class: "row", attrs: { part: "busy" } }, h("span", { class: "busy" }));
    if (this.#begun) ring.append(h("span", null, this.t("loading")));
    return ring;
  }

  /** The sentence that a fault is told in. @internal */
  protected faultText(error: unknown): string {
    const { code, retryAfter } = error instanceof RegistrationError ? error : { code: "internal", retryAfter: undefined };
    switch (code) {
      case "offline":
        return this.t("offline");
      case "too_many_requests":
        return retryAfter === undefined ? this.t("tooManyOnly") : this.t("tooMany", { time: clock(retryAfter) });
      case "no_token":
      case "invalid_token":
        return this.t("tokenOver");
      case "number_not_verified":
        return this.t("notVerified");
      case "number_not_allowed":
        return this.t("numberNotAllowed");
      case "origin_not_allowed":
      case "insufficient_scope":
        return this.t("notAllowed");
      default:
        return this.t("internal");
    }
  }

  /** Nothing goes on: says why, and offers to begin anew. @internal */
  protected async fail(error: unknown): Promise<void> {
    const code = error instanceof RegistrationError ? error.code : "internal";
    if (!(error instanceof RegistrationError)) console.error(error);
    this.#wantsToken = code === "no_token" || code === "invalid_token";
    if (!this.#begun) {
      const language = languageOf(this);
      const texts = await loadTexts(language, this.texts);
      this.#panel?.setAttribute("lang", language);
      // Enough to speak with; everything else comes when it begins anew.
      this.#begun = { texts, language } as Session;
    }
    if (!this.emit("countersign-error", { code, message: error instanceof Error ? error.message : String(error) })) return this.show();
    this.show(
      this.faultLine(this.faultText(error)),
      h("div", { class: "row" }, button(this.t(this.#wantsToken ? "reload" : "tryAgain"), () => this.begin(), look("secondary", "again"))),
    );
  }

  /** @internal */
  protected faultLine(text: string, id?: string): HTMLElement {
    const line = h("p", { class: "fault", attrs: { part: "error", role: "alert" } });
    if (id) line.id = id;
    if (text) line.append(icon("warning"), h("span", null, text));
    return line;
  }

  /** @internal */
  protected sandboxNote(session: Session): HTMLElement | null {
    return session.settings.sandbox ? h("p", { class: "sandbox", attrs: { part: "sandbox" } }, this.t("sandbox")) : null;
  }
}

function h0(): HTMLElement {
  return globalThis.document ? h("div") : (null as never);
}

/** Class and part of a button. */
export function look(kind: "primary" | "secondary" | "plain", name: string): { class: string; attrs: { part: string } } {
  return { class: kind, attrs: { part: `button ${kind} ${name}` } };
}

/** A heading that focus can be sent to. */
export function heading(text: string): HTMLElement {
  return h("h2", { attrs: { part: "title", tabindex: -1 } }, text);
}
