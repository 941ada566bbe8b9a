/**
 * `<countersign-status api-base="…" widget-token="…" msisdn="…">`: whether the holder of a number may sign, and what to do now.
 *
 * | Attribute | |
 * |---|---|
 * | `msisdn` | the number; its holder has to have entered a code (`<countersign-phone-check>`) |
 * | `jurisdictions` | `zertes`, `eidas`: only these are shown |
 * | `allowed-methods` | `MID`, `SAS`: what your service takes; never more than the operator has set |
 * | `require-tc` | `false`: terms are not looked for |
 * | `identify-url` | where people get identified; without it, as the operator has set |
 * | `api-base`, `widget-token`, `lang`, `theme-href` | as of `<countersign-phone-check>` |
 *
 * | Event | Detail |
 * |---|---|
 * | `countersign-status` | the answer of the API (`RegistrationStatus`), each time it comes |
 * | `countersign-action` | `{ action, signingStatus }`: `accept-terms`, `identify`, `retry`; cancel it to do something else |
 * | `countersign-done` | the answer, when there is nothing left to do |
 * | `countersign-error` | `{ code, message }`; cancel it to show nothing |
 *
 * Parts: those of `<countersign-phone-check>`, and `headline`, `facts`, `fact`, `todo`, `action`, `qes`.
 */

import { button, h, icon, type IconName } from "@countersign/page/dom";
import { clock } from "./answers.ts";
import { pause } from "./base.ts";
import { advise, type Advice, type NextAction, type Tone } from "./registration/advice.ts";
import { RegistrationError } from "./registration/api.ts";
import type { RegistrationStatus, TermsOffer } from "./registration/answers.ts";
import { backOff, TRIES_MAX } from "./registration/narrow.ts";
import { showNumber } from "./registration/phone-number.ts";
import { heading, look, RegistrationElement } from "./registration/registration-element.ts";
import type { Session } from "./registration/session.ts";
import { isDone } from "./registration/steps.ts";
import type { TermsEnd } from "./registration/terms-flow.ts";
import { END_TEXTS, mayBeginAgain } from "./registration/terms-flow.ts";

const ICONS: Readonly<Record<Tone, IconName>> = { good: "check", limited: "dash", act: "cross", unknown: "wait" };

export class CountersignStatus extends RegistrationElement {
  /** How an acceptance of terms has just ended, to be said above all else. */
  ended: TermsEnd | null = (Reflect.get(this, "ended") as TermsEnd | undefined) ?? null;
  #session!: Session;
  #signal!: AbortSignal;
  #tries = 0;

  /** @internal */
  protected async start(session: Session, signal: AbortSignal): Promise<void> {
    this.#session = session;
    this.#signal = signal;
    this.#tries = 0;
    await this.#ask(false);
  }

  async #ask(focus: boolean): Promise<void> {
    const { api, allowed, jurisdictions } = this.#session;
    const msisdn = this.getAttribute("msisdn") ?? "";
    this.show(this.wait());
    let status: RegistrationStatus;
    let offer: TermsOffer | null = null;
    try {
      status = await api.status(msisdn, this.#signal);
      const known = status.signingStatus !== "NOT_ABLE_TO_RETRIEVE";
      // What waits to complete an identification is not in the status: it is found by asking.
      if (known && allowed.asksForTerms) offer = await api.terms(msisdn, this.#signal);
    } catch (error) {
      if (this.#signal.aborted) return;
      // A service that is busy, or a network that is gone, says as little about the person as one that did not answer.
      if (!(error instanceof RegistrationError) || !error.isPassing || error.code === "unreadable") return this.fail(error);
      status = { status: [], loa4ExpiryDate: null, signingStatus: "NOT_ABLE_TO_RETRIEVE", notFound: false };
    }
    const waits = offer !== null && (offer.terms.length === 0 || offer.terms.some(({ jurisdiction }) => jurisdictions.includes(jurisdiction)));
    this.#paint(status, waits, focus);
  }

  #paint(status: RegistrationStatus, termsWait: boolean, focus: boolean): void {
    const { allowed, jurisdictions } = this.#session;
    const advice = advise(
      { ...status, status: status.status.filter(({ jurisdiction }) => jurisdictions.includes(jurisdiction)) },
      { methods: allowed.methods, termsWait, today: new Date().toISOString().slice(0, 10), jurisdictions },
    );
    const head = h("div", { class: `head ${advice.tone}`, attrs: { part: `headline ${advice.tone}` } },
      icon(ICONS[advice.tone]),
      h("div", null, heading(this.t(advice.headline)), h("p", null, `${this.t("numberLabel")} ${showNumber(this.getAttribute("msisdn") ?? "")}`)),
    );
    const retry = h("p", { class: "time", attrs: { part: "time" } });
    this.show(
      this.#endLine(),
      head,
      this.#facts(status, advice, termsWait),
      h("div", { class: "todo", attrs: { part: "todo" } },
        h("h3", null, this.t("todoTitle")),
        h("p", null, this.#todo(advice)),
        retry,
        h("div", { class: "row" }, ...this.#buttons(advice, status)),
      ),
      this.#qes(),
    );
    this.voice(`${this.ended ? `${this.t(END_TEXTS[this.ended])} ` : ""}${this.t(advice.headline)}`);
    if (focus) head.querySelector("h2")?.focus();
    this.emit("countersign-status", { ...status, termsWait });
    if (advice.action === "retry") void this.#retryLater(retry);
    else if (isDone(status, termsWait, allowed.methods)) this.emit("countersign-done", status);
  }

  #endLine(): HTMLElement | null {
    const { ended } = this;
    if (ended === null) return null;
    const fine = !mayBeginAgain(ended);
    return h("p", { class: `end ${fine ? "good" : "act"}`, attrs: { part: "end" } }, icon(fine ? "check" : "cross"), h("span", null, this.t(END_TEXTS[ended])));
  }

  #facts(status: RegistrationStatus, advice: Advice, termsWait: boolean): HTMLElement {
    const fact = (name: string, tone: Tone | "", iconName: IconName | null, value: string) =>
      h("div", { attrs: { part: "fact" } }, h("dt", null, name), h("dd", { class: tone }, iconName ? icon(iconName) : null, h("span", null, value)));
    const unknown = advice.tone === "unknown";
    const levels = this.#session.jurisdictions.map((jurisdiction) => {
      const level = advice.levels[jurisdiction];
      if (unknown) return fact(this.t(jurisdiction), "unknown", ICONS.unknown, this.t("levelUnknown"));
      const tone = level === 4 ? "good" : level === 3 ? "limited" : "act";
      return fact(this.t(jurisdiction), tone, ICONS[tone], this.t(level === 4 ? "level4" : level === 3 ? "level3" : "level0"));
    });
    const means = [this.t(advice.means), advice.meansState ? this.t(advice.meansState) : ""].filter(Boolean).join(" · ");
    const meansTone: Tone = unknown ? "unknown" : advice.meansState === "meansWorks" ? "good" : "act";
    return h("dl", { class: "facts", attrs: { part: "facts" } },
      ...levels,
      fact(this.t("rowMeans"), meansTone, ICONS[meansTone], means),
      status.loa4ExpiryDate === null ? null : fact(this.t("rowExpiry"), "", null, this.#date(status.loa4ExpiryDate, advice.daysLeft)),
      unknown || !this.#session.allowed.asksForTerms || (status.notFound && !termsWait)
        ? null
        : fact(this.t("rowTerms"), termsWait ? "act" : "good", ICONS[termsWait ? "act" : "good"], this.t(termsWait ? "termsWait" : "termsCurrent")),
    );
  }

  #date(date: string, daysLeft: number | null): string {
    const { language } = this.#session;
    const written = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(new Date(`${date}T00:00:00Z`));
    return daysLeft !== null && daysLeft < 365 ? `${written} (${this.#inDays(daysLeft)})` : written;
  }

  #inDays(days: number): string {
    return new Intl.RelativeTimeFormat(this.#session.language, { numeric: "auto" }).format(days, "day");
  }

  #todo({ todo, daysLeft }: Advice): string {
    const { allowed, language } = this.#session;
    const means = new Intl.ListFormat(language, { type: "disjunction" }).format(
      allowed.methods.map((kind) => this.t(kind === "MID" ? "meansApp" : "meansPassword")),
    );
    return this.t(todo, { when: this.#inDays(daysLeft ?? 0), means: means || "–" });
  }

  #buttons(advice: Advice, { signingStatus }: RegistrationStatus): (HTMLElement | null)[] {
    const act = (action: NextAction) => this.emit("countersign-action", { action, signingStatus });
    const { identifyUrl } = this.#session;
    const refresh = button(this.t("refresh"), () => act("retry") && void this.#ask(true), look("plain", "refresh"));
    switch (advice.action) {
      case "accept-terms":
        return [button(this.t("actTerms"), () => act("accept-terms"), look("primary", "action")), refresh];
      case "retry":
        return [button(this.t("retry"), () => act("retry") && void this.#ask(true), look("secondary", "action"))];
      case "identify": {
        if (identifyUrl === null) return [refresh];
        const link = h("a", { class: `button ${advice.tone === "act" ? "primary" : "secondary"}`, attrs: { href: identifyUrl, part: "button action", target: "_blank", rel: "noopener" } }, this.t("actIdentify"));
        link.addEventListener("click", (event) => {
          if (!act("identify")) event.preventDefault();
        });
        return [link, refresh];
      }
      case "none":
        return [refresh];
    }
  }

  /** Asks again by itself, ever more rarely. */
  async #retryLater(line: HTMLElement): Promise<void> {
    if (this.#tries >= TRIES_MAX) return;
    const signal = this.#signal;
    for (let left = backOff(this.#tries); left > 0; left -= 1) {
      line.textContent = this.t("retryIn", { time: clock(left) });
      await pause(1000, signal);
      if (signal.aborted || !line.isConnected) return;
    }
    this.#tries += 1;
    await this.#ask(false);
  }

  #qes(): HTMLElement {
    const info = document.createElement("countersign-qes-info") as RegistrationElement;
    info.setAttribute("compact", "");
    info.setAttribute("part", "qes");
    info.setAttribute("exportparts", "panel: qes-panel");
    info.session = this.#session;
    return info;
  }
}
