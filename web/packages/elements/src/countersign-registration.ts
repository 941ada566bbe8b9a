/**
 * `<countersign-registration api-base="…" widget-token="…">`: number, code, overview and terms, each when its turn comes.
 *
 * Attributes are those of the elements inside: `api-base`, `widget-token`, `msisdn`, `default-country`, `jurisdictions`,
 * `allowed-methods`, `require-tc` (people are led to terms that wait; `false`: terms are not looked for), `identify-url`, `lang`,
 * `theme-href`.
 *
 * | Event | Detail |
 * |---|---|
 * | `countersign-step` | `{ step }`: `phone`, `status`, `terms` |
 * | `countersign-done` | the answer of the API, when there is nothing left to do |
 * | every event of the elements inside | as there |
 *
 * Parts: those of the elements inside, by the same names.
 */

import { RegistrationElement } from "./registration/registration-element.ts";
import type { Session } from "./registration/session.ts";
import { BEGIN, next, type Progress, type StepEvent } from "./registration/steps.ts";
import type { TermsEnd } from "./registration/terms-flow.ts";
import type { TextKey } from "./registration/texts/index.ts";

const TAGS = { phone: "countersign-phone-check", status: "countersign-status", terms: "countersign-terms" } as const;

const PARTS = [
  "panel", "title", "hint", "label", "input", "time", "error", "sandbox", "button", "primary", "secondary", "plain", "busy", "headline",
  "facts", "fact", "todo", "action", "qes", "terms", "tick", "risk", "consent", "end",
].join(", ");

export class CountersignRegistration extends RegistrationElement {
  #session!: Session;
  #progress: Progress = BEGIN;

  /** @internal */
  protected override get panelClass(): "panel" | "steps" {
    return "steps";
  }

  /** @internal */
  protected start(session: Session, signal: AbortSignal): void {
    this.#session = session;
    // In another language everything else stays as it was.
    if (!this.sameAgain) this.#progress = BEGIN;
    const on = <T>(name: string, event: (detail: T) => StepEvent | null) =>
      this.shadowRoot?.addEventListener(name, (fired) => {
        const made = event((fired as CustomEvent<T>).detail);
        // After those who listen outside: they may take the event for themselves.
        if (made) queueMicrotask(() => !signal.aborted && !fired.defaultPrevented && this.#go(made));
      }, { signal });
    on<{ msisdn: string }>("countersign-verified", ({ msisdn }) => ({ type: "verified", msisdn }));
    on<{ termsWait: boolean }>("countersign-status", ({ termsWait }) => ({ type: "shown", termsWait, leads: session.allowed.leadsToTerms }));
    on<{ action: string }>("countersign-action", ({ action }) => (action === "accept-terms" ? { type: "to-terms" } : null));
    on<{ end: TermsEnd | "nothing" }>("countersign-terms-closed", ({ end }) => ({ type: "terms-ended", end }));
    this.shadowRoot?.addEventListener("countersign-error", (event) => {
      if ((event as CustomEvent<{ code: string }>).detail.code !== "number_not_verified") return;
      event.preventDefault();
      this.#go({ type: "not-verified" });
    }, { signal });
    this.#show();
  }

  #go(event: StepEvent): void {
    const before = this.#progress;
    this.#progress = next(before, event);
    if (this.#progress !== before) this.#show(event.type === "not-verified");
  }

  #show(again = false): void {
    const { step, msisdn, ended } = this.#progress;
    const element = document.createElement(TAGS[step]) as RegistrationElement & { ended?: TermsEnd | null; problem?: TextKey | null };
    element.session = this.#session;
    element.ended = ended;
    element.problem = again ? "notVerified" : null;
    element.setAttribute("exportparts", PARTS);
    for (const name of ["default-country", "jurisdictions"]) {
      const value = this.getAttribute(name);
      if (value !== null) element.setAttribute(name, value);
    }
    const number = msisdn ?? this.getAttribute("msisdn");
    if (number !== null) element.setAttribute("msisdn", number);
    this.show(element);
    this.emit("countersign-step", { step });
  }
}
