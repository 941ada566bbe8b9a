/**
 * `<countersign-terms api-base="…" widget-token="…" msisdn="…">`: the terms that wait for a person, and their acceptance with the
 * app, or with password and one-time code on the service's own page in a frame.
 *
 * | Attribute | |
 * |---|---|
 * | `msisdn` | the number; its holder has to have entered a code |
 * | `jurisdictions` | only the terms of these are shown; the others are not accepted |
 * | `api-base`, `widget-token`, `lang`, `theme-href` | as of `<countersign-phone-check>` |
 *
 * | Event | Detail |
 * |---|---|
 * | `countersign-accepted` | `{ msisdn, downgrade: false }` |
 * | `countersign-downgraded` | `{ msisdn, downgrade: true }`: accepted, and the level is now 3 |
 * | `countersign-declined` | `{ msisdn, error }`: not accepted, and why (`TermsError`) |
 * | `countersign-terms-closed` | `{ end }`: the person goes on, after an end or because there was nothing to accept |
 * | `countersign-error` | `{ code, message }`; cancel it to show nothing |
 *
 * Parts: those of `<countersign-phone-check>`, and `terms`, `tick`, `risk`, `consent`, `end`.
 */

import { button, h, icon } from "@countersign/page/dom";
import { pause } from "./base.ts";
import { RegistrationError } from "./registration/api.ts";
import type { Jurisdiction, OfferedTerms } from "./registration/answers.ts";
import { heading, look, RegistrationElement } from "./registration/registration-element.ts";
import type { Session } from "./registration/session.ts";
import {
  bestText, decided, END_TEXTS, isConsentDone, isOwnPage, mayBeginAgain, missing, offered, POLL_EVERY, polled, refused,
  type TermsEnd, type TermsFlow,
} from "./registration/terms-flow.ts";

/** What the page of password and code may do: send its form, and tell that it is done (registration reference, 6). */
const SANDBOX = "allow-forms allow-scripts allow-same-origin";

type Choosing = Extract<TermsFlow, { at: "choosing" }>;
type Waiting = Extract<TermsFlow, { at: "waiting" }>;

export class CountersignTerms extends RegistrationElement {
  #session!: Session;
  #signal!: AbortSignal;
  #flow: TermsFlow = { at: "loading" };
  /** Ends the wait for the next poll. */
  #hurry: AbortController | null = null;

  /** @internal */
  protected async start(session: Session, signal: AbortSignal): Promise<void> {
    this.#session = session;
    this.#signal = signal;
    this.#flow = { at: "loading" };
    await this.#look(false);
  }

  get #msisdn(): string {
    return this.getAttribute("msisdn") ?? "";
  }

  /** Asks what there is to accept. `risk`: it is known already that the level would go down. */
  async #look(risk: boolean): Promise<void> {
    const { api, allowed } = this.#session;
    this.show(this.wait());
    try {
      const offer = allowed.asksForTerms ? await api.terms(this.#msisdn, this.#signal) : null;
      const status = offer !== null && !risk ? await api.status(this.#msisdn, this.#signal) : null;
      // Evidence that is bound to something else than the person has now: that is what a mismatch says.
      this.#become(offered(offer, risk || (status?.signingStatus.startsWith("MIS") ?? false)));
    } catch (error) {
      await this.#stopped(error);
    }
  }

  #become(flow: TermsFlow): void {
    const before = this.#flow;
    this.#flow = flow;
    switch (flow.at) {
      case "loading":
        return this.show(this.wait());
      case "nothing":
        return this.#nothing();
      case "choosing":
        return this.#choose(flow, before.at === "waiting" || before.at === "ended");
      case "waiting":
        // The page of password and code stays where it is while the person types.
        if (before.at === "waiting" && before.consentUrl === flow.consentUrl) return;
        return this.#wait(flow);
      case "ended":
        return this.#end(flow.end);
    }
  }

  #nothing(): void {
    this.show(
      heading(this.t("termsTitle")),
      h("p", null, this.t("nothingToAccept")),
      h("div", { class: "row" }, button(this.t("toOverview"), () => this.emit("countersign-terms-closed", { end: "nothing" }), look("secondary", "close"))),
    );
  }

  #choose(flow: Choosing, focus: boolean): void {
    const { offer, risk } = flow;
    const { jurisdictions } = this.#session;
    const editions: readonly OfferedTerms[] = offer.terms.length > 0
      ? offer.terms.filter(({ jurisdiction }) => jurisdictions.includes(jurisdiction))
      : jurisdictions.map((jurisdiction) => ({ jurisdiction, version: "", texts: [] }));
    const ticks = editions.map(({ jurisdiction }) => ({ jurisdiction, box: h("input", { attrs: { type: "checkbox" } }) }));
    const knows = h("input", { attrs: { type: "checkbox" } });
    const fault = this.faultLine("", "fault");
    const buttons: HTMLButtonElement[] = [];
    const send = (accepts: Record<Jurisdiction, boolean>) => {
      for (const each of buttons) each.disabled = true;
      void this.#decide(flow, { accepts, knowsTheRisk: risk && knows.checked });
    };
    const chosen = () => ticks.filter(({ box }) => box.checked);
    buttons.push(
      button(this.t("accept"), () => {
        const problem = missing(chosen().length, risk, knows.checked);
        if (problem === null) return send({ zertes: chosen().some((tick) => tick.jurisdiction === "zertes"), eidas: chosen().some((tick) => tick.jurisdiction === "eidas") });
        fault.replaceChildren(...this.faultLine(this.t(problem)).childNodes);
        (problem === "riskNeeded" ? knows : ticks[0]?.box)?.focus();
      }, look("primary", "accept")),
      button(this.t("decline"), () => send({ zertes: false, eidas: false }), look("secondary", "decline")),
    );
    const title = heading(this.t("termsTitle"));
    this.show(
      title,
      h("p", { class: "hint", attrs: { part: "hint" } }, this.t("termsIntro")),
      ...editions.map((edition, index) => this.#edition(edition, ticks[index]!.box)),
      h("p", null, h("a", { attrs: { href: this.#page(offer.link), target: "_blank", rel: "noopener noreferrer" } }, this.t("termsPage"))),
      risk
        ? h("div", { class: "risk", attrs: { part: "risk" } }, h("p", null, this.t("riskWhy")), h("label", { class: "tick" }, knows, h("span", null, this.t("risk"))))
        : null,
      fault,
      h("div", { class: "row" }, ...buttons),
    );
    if (risk && focus) this.voice(this.t("riskWhy"));
    if (focus) title.focus();
  }

  #edition({ jurisdiction, version, texts }: OfferedTerms, box: HTMLInputElement): HTMLElement {
    const { language } = this.#session;
    const best = bestText(texts, language);
    const link = best && h("li", null,
      h("a", { attrs: { href: best.url, hreflang: best.language, target: "_blank", rel: "noopener noreferrer" } },
        this.t("termsText", { version }), best.language === language ? "" : ` (${best.language})`));
    return h("fieldset", { attrs: { part: "terms" } },
      h("legend", null, this.t(jurisdiction)),
      link ? h("ul", null, link) : null,
      h("label", { class: "tick", attrs: { part: "tick" } }, box, h("span", null, this.t("termsAccept", { jurisdiction: this.t(jurisdiction) }))),
    );
  }

  /** The page with the terms, in the person's language. */
  #page(link: string): string {
    const url = new URL(link);
    url.searchParams.set("lang", this.#session.language);
    return url.href;
  }

  async #decide(flow: Choosing, decision: { accepts: Record<Jurisdiction, boolean>; knowsTheRisk: boolean }): Promise<void> {
    try {
      await this.#session.api.decide(flow.offer.token, decision, this.#signal);
      this.#become(decided(flow));
      await this.#follow(flow.offer.token);
    } catch (error) {
      await this.#stopped(error);
    }
  }

  /** Asks how it goes on until it has ended. */
  async #follow(token: string): Promise<void> {
    while (this.#flow.at === "waiting" && !this.#signal.aborted) {
      try {
        const next = polled(this.#flow, await this.#session.api.poll(token, this.#signal));
        if (next === "again") return await this.#look(true);
        this.#become(next);
      } catch (error) {
        if (this.#signal.aborted) return;
        // A poll that did not get through says nothing: the service goes on by itself.
        if (!(error instanceof RegistrationError && error.isPassing)) throw error;
      }
      if (this.#flow.at !== "waiting") return;
      this.#hurry = new AbortController();
      await pause(POLL_EVERY, AbortSignal.any([this.#signal, this.#hurry.signal]));
    }
  }

  #wait({ consentUrl, offer }: Waiting): void {
    if (consentUrl !== null) return this.#consent(consentUrl);
    const title = heading(this.t("waitingApp"));
    this.show(
      title,
      h("div", { class: "row" }, h("span", { class: "busy" }), h("p", { class: "hint", attrs: { part: "hint" } }, this.t("waitingAppHint"))),
      offer.terms.length > 0 ? null : h("p", null, h("a", { attrs: { href: this.#page(offer.link), target: "_blank", rel: "noopener noreferrer" } }, this.t("termsPage"))),
    );
    this.voice(this.t("waitingApp"));
    title.focus();
  }

  #consent(consentUrl: string): void {
    const title = heading(this.t("consentTitle"));
    const tab = h("p", null, h("a", { attrs: { href: consentUrl, target: "_blank", rel: "noopener" } }, this.t("consentTab")));
    // The page of another service is not shown in a frame, where nobody sees whose it is.
    if (!isOwnPage(consentUrl, this.#session.api.base)) {
      this.show(title, h("p", { class: "hint", attrs: { part: "hint" } }, new URL(consentUrl).host), tab);
      this.voice(this.t("consentTitle"));
      title.focus();
      return;
    }
    const frame = h("iframe", { attrs: { src: consentUrl, sandbox: SANDBOX, title: this.t("consentFrame"), part: "consent" } });
    const done = (event: MessageEvent): void => {
      if (isConsentDone(event, frame.contentWindow, consentUrl)) this.#hurry?.abort();
    };
    addEventListener("message", done, { signal: this.#signal });
    this.show(title, frame, tab);
    this.voice(this.t("consentTitle"));
    title.focus();
  }

  #end(end: TermsEnd): void {
    const fine = !mayBeginAgain(end);
    const line = h("p", { class: `end ${fine ? "good" : "act"}`, attrs: { part: "end", tabindex: -1 } }, icon(fine ? "check" : "cross"), h("span", null, this.t(END_TEXTS[end])));
    this.show(
      heading(this.t("termsTitle")),
      line,
      h("div", { class: "row" },
        button(this.t("toOverview"), () => this.emit("countersign-terms-closed", { end }), look(fine ? "primary" : "secondary", "close")),
        fine ? null : button(this.t("tryAgain"), () => void this.#look(end === "downgrade_not_acknowledged"), look("plain", "again")),
      ),
    );
    line.focus();
    this.voice(this.t(END_TEXTS[end]));
    const msisdn = this.#msisdn;
    if (end === "accepted") this.emit("countersign-accepted", { msisdn, downgrade: false });
    else if (end === "downgraded") this.emit("countersign-downgraded", { msisdn, downgrade: true });
    else this.emit("countersign-declined", { msisdn, error: end });
  }

  async #stopped(error: unknown): Promise<void> {
    if (this.#signal.aborted) return;
    const gone = error instanceof RegistrationError && ["token_expired", "unknown_token", "already_decided"].includes(error.code);
    if (gone) this.#become(refused(error.code));
    else await this.fail(error);
  }
}
