/**
 * `<countersign-phone-check api-base="…" widget-token="…">`: a mobile number, and the code that is sent to it.
 *
 * | Attribute | |
 * |---|---|
 * | `api-base` | where the service is: `https://id.example.org`; without it, the page's own origin |
 * | `widget-token` | the token that your server has got for this page |
 * | `msisdn` | the number to begin with; the person can still change it, unless the token is for one number |
 * | `default-country` | whose number one without country code is: `CH` |
 * | `lang` | `de`, `fr`, `it`, `en`, `et`, `lv`, `lt`, `ru`; without it, the page's, else the browser's |
 * | `theme-href` | a style sheet that sets `--countersign-*` for `:host` |
 *
 * | Event | Detail |
 * |---|---|
 * | `countersign-code-sent` | `{ msisdn }` |
 * | `countersign-verified` | `{ msisdn }`: its holder has entered the code |
 * | `countersign-error` | `{ code, message }`; cancel it to show nothing |
 *
 * Parts: `panel`, `title`, `hint`, `label`, `input`, `time`, `error`, `sandbox`, `button`, `primary`, `secondary`, `plain`.
 */

import { button, h } from "@countersign/page/dom";
import { clock } from "./answers.ts";
import { RegistrationError } from "./registration/api.ts";
import { codeNow, codeRefused, codeSent, codeUnderWay, readCode, secondsUntil, type CodeEntry } from "./registration/code-entry.ts";
import { readNumber, showNumber } from "./registration/phone-number.ts";
import { heading, look, RegistrationElement } from "./registration/registration-element.ts";
import type { Session } from "./registration/session.ts";
import type { TextKey } from "./registration/texts/index.ts";

const now = () => performance.now();

export class CountersignPhoneCheck extends RegistrationElement {
  /** What is said above the first entry: why the number is asked for again. */
  problem: TextKey | null = (Reflect.get(this, "problem") as TextKey | undefined) ?? null;
  #session!: Session;
  #signal!: AbortSignal;

  /** @internal */
  protected start(session: Session, signal: AbortSignal): void {
    this.#session = session;
    this.#signal = signal;
    this.#askNumber(this.getAttribute("msisdn") ?? "", false, this.problem === null ? "" : this.t(this.problem));
  }

  #askNumber(typed: string, focus: boolean, problem = ""): void {
    const input = h("input", { id: "number", attrs: { type: "tel", autocomplete: "tel", inputmode: "tel", part: "input", maxlength: 32, "aria-describedby": "number-hint fault", value: typed } });
    const fault = this.faultLine(problem, "fault");
    const send = button(this.t("sendCode"), () => void this.#send(input, fault, send), look("primary", "send"));
    this.show(
      heading(this.t("numberTitle")),
      this.sandboxNote(this.#session),
      h("div", null,
        h("label", { class: "name", attrs: { for: "number", part: "label" } }, this.t("numberLabel")),
        input,
      ),
      h("p", { id: "number-hint", class: "hint", attrs: { part: "hint" } }, this.t("numberHint")),
      fault,
      h("div", { class: "row" }, send),
    );
    onEnter(input, send);
    if (focus) input.focus();
  }

  async #send(input: HTMLInputElement, fault: HTMLElement, send: HTMLButtonElement): Promise<void> {
    const number = readNumber(input.value, this.getAttribute("default-country"));
    if (number === null) return this.#complain(input, fault, this.t("numberInvalid"));
    send.disabled = true;
    const entry = await this.#sent(number, (error) => {
      send.disabled = false;
      this.#complain(input, fault, this.faultText(error));
    });
    if (entry) this.#askCode(number, entry);
  }

  /** Has a code sent; `refused` is told when there is none that could be entered. */
  async #sent(number: string, refused: (error: unknown) => void): Promise<CodeEntry | null> {
    const { api, settings } = this.#session;
    try {
      await api.sendCode(number, this.#signal);
      this.emit("countersign-code-sent", { msisdn: number });
      return codeSent(settings, now());
    } catch (error) {
      if (this.#signal.aborted) return null;
      const underWay = error instanceof RegistrationError ? codeUnderWay(error, settings, now()) : null;
      if (underWay) return underWay;
      if (this.#mustStop(error)) await this.fail(error);
      else refused(error);
      return null;
    }
  }

  #askCode(number: string, first: CodeEntry): void {
    let entry = first;
    const input = h("input", { id: "code", class: "code", attrs: { type: "text", autocomplete: "one-time-code", inputmode: "numeric", part: "input", maxlength: 16, "aria-describedby": "sent fault", spellcheck: "false" } });
    const fault = this.faultLine("", "fault");
    const left = h("p", { class: "time", attrs: { part: "time" } });
    const check = button(this.t("checkCode"), () => void confirm(), look("primary", "check"));
    const resend = button("", () => void again(), look("secondary", "resend"));
    const sentence = first.endsAt === null ? "codeUnderWay" : "codeSentTo";
    const title = heading(this.t("codeTitle"));
    this.show(
      title,
      h("p", { id: "sent", class: "hint", attrs: { part: "hint" } }, this.t(sentence, { number: showNumber(number) })),
      h("div", null, h("label", { class: "name", attrs: { for: "code", part: "label" } }, this.t("codeLabel")), input),
      left,
      fault,
      h("div", { class: "row" }, check, resend, button(this.t("otherNumber"), () => this.#askNumber(showNumber(number), true), look("plain", "other"))),
    );
    onEnter(input, check);
    this.voice(this.t(sentence, { number: showNumber(number) }));

    const paint = (): void => {
      const wait = secondsUntil(entry.resendAt, now());
      resend.textContent = wait > 0 ? this.t("resendIn", { time: clock(wait) }) : this.t("resend");
      resend.disabled = wait > 0;
      check.disabled = entry.isOver;
      left.textContent = entry.isOver || entry.endsAt === null ? "" : this.t("codeTimeLeft", { time: clock(secondsUntil(entry.endsAt, now())) });
    };
    const become = (changed: CodeEntry): void => {
      entry = changed;
      if (entry.problem) this.#complain(input, fault, this.t(entry.problem, { n: entry.attemptsLeft ?? 0 }));
      paint();
    };
    const tick = (): void => {
      if (this.#signal.aborted || !input.isConnected) return;
      const later = codeNow(entry, now());
      if (later === entry) paint();
      else become(later);
      setTimeout(tick, 1000);
    };
    const confirm = async (): Promise<void> => {
      const code = readCode(input.value);
      if (code === null) return this.#complain(input, fault, this.t("codeInvalid"));
      check.disabled = true;
      try {
        await this.#session.api.checkCode(number, code, this.#signal);
        this.emit("countersign-verified", { msisdn: number });
      } catch (error) {
        if (this.#signal.aborted) return;
        const refused = error instanceof RegistrationError ? codeRefused(entry, error) : null;
        if (refused) become(refused);
        else if (this.#mustStop(error)) await this.fail(error);
        else {
          this.#complain(input, fault, this.faultText(error));
          paint();
        }
      }
    };
    const again = async (): Promise<void> => {
      resend.disabled = true;
      const sent = await this.#sent(number, (error) => {
        this.#complain(input, fault, this.faultText(error));
        paint();
      });
      if (!sent) return;
      entry = sent;
      this.#calm(input, fault);
      input.value = "";
      input.focus();
      this.voice(this.t("codeSentTo", { number: showNumber(number) }));
      paint();
    };
    tick();
    input.focus();
  }

  #complain(input: HTMLInputElement, fault: HTMLElement, text: string): void {
    fault.replaceChildren(...this.faultLine(text).childNodes);
    input.setAttribute("aria-invalid", "true");
    input.focus();
    input.select();
  }

  #calm(input: HTMLInputElement, fault: HTMLElement): void {
    fault.replaceChildren();
    input.removeAttribute("aria-invalid");
  }

  /** Whether nothing on this page helps: the token is no good, or the page is not the client's. */
  #mustStop(error: unknown): boolean {
    return !(error instanceof RegistrationError) || ["invalid_token", "no_token", "origin_not_allowed", "insufficient_scope"].includes(error.code);
  }
}

function onEnter(input: HTMLInputElement, press: HTMLButtonElement): void {
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing && !press.disabled) press.click();
  });
}
