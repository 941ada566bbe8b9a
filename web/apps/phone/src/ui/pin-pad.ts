/**
 * `<cs-pin-pad>`: a keypad of buttons. There is no input element, so nothing fills it in, learns it or pastes into it.
 *
 * It shows one dot for each digit and never the digit, gives no hint of how long the PIN is, and never sends by itself. The
 * digits live here until they are confirmed or the pad goes, and are not in the page.
 */

import type { App } from "./app.ts";
import { button, h } from "@countersign/page/dom";
import { icon } from "./icons.ts";

export interface PadOptions {
  /** What the digits are: "PIN1 for logging in". */
  readonly label: string;
  readonly confirm: string;
  readonly min: number;
  readonly max: number;
  readonly onConfirm: (pin: string) => void;
  /** A reason why it cannot be confirmed yet, or null. */
  readonly blocked?: () => string | null;
}

export class PinPad extends HTMLElement {
  #digits: string[] = [];
  #busy = false;
  #remark: string | null = null;
  #end = new AbortController();
  readonly #label = h("span", { class: "pad-label" });
  readonly #entered = h("span", { class: "entered", attrs: { role: "img" } });
  readonly #fault = h("span", { class: "pad-fault", attrs: { role: "alert" } });
  readonly #confirm: HTMLButtonElement;

  constructor(
    private readonly app: App,
    private readonly options: PadOptions,
  ) {
    super();
    this.#confirm = button("", () => this.#submit(), { class: "button confirm" });
  }

  connectedCallback(): void {
    this.#end = new AbortController();
    // Digits of a keyboard work wherever the focus is, as long as nothing else wants them.
    document.addEventListener("keydown", (event) => this.#key(event), { signal: this.#end.signal });
    const digit = (n: number) =>
      button(String(n), () => this.#type(String(n)), {
        class: "key",
        attrs: { "aria-label": this.app.t("padDigit", { n }), "data-digit": n },
      });
    const erase = button(icon("erase"), () => this.#erase(), {
      class: "key bare erase",
      attrs: { "aria-label": this.app.t("padErase"), "data-key": "erase" },
    });
    const keys = h("div", { class: "keys", attrs: { role: "group", "aria-label": this.options.label } });
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 9]) keys.append(digit(n));
    const zero = digit(0);
    zero.classList.add("zero");
    keys.append(zero, erase, this.#confirm);
    const field = h("div", { class: "dots" }, icon("sign"), this.#label, this.#fault, this.#entered);
    this.replaceChildren(field, keys);
    this.#show();
  }

  disconnectedCallback(): void {
    this.#end.abort();
    this.#digits = [];
  }

  /** While the answer is awaited. */
  set busy(busy: boolean) {
    this.#busy = busy;
    this.setAttribute("aria-busy", String(busy));
    this.#show();
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** Empties the pad and says why. */
  fail(reason: string): void {
    this.clear();
    this.#fault.textContent = reason;
    this.#show();
    this.classList.remove("wrong");
    // The next frame, so that the movement starts again.
    requestAnimationFrame(() => this.classList.add("wrong"));
  }

  /** Says something in place of the label, such as how many tries are left. */
  remark(text: string): void {
    this.#remark = text;
    this.#show();
  }

  clear(): void {
    this.#digits = [];
    this.#fault.textContent = "";
    this.#show();
  }

  /** Looks again at whether it may be confirmed. */
  refresh(): void {
    this.#show();
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]"))
      return;
    const target = event.target as Element | null;
    if (target?.closest("input, textarea, select")) {
      // Radio buttons have no use for digits.
      if (!(target instanceof HTMLInputElement && target.type === "radio")) return;
    }
    if (/^[0-9]$/.test(event.key)) {
      event.preventDefault();
      if (!event.repeat) {
        this.#type(event.key);
        this.#flash(event.key);
      }
    } else if (event.key === "Backspace") {
      event.preventDefault();
      this.#erase();
    } else if (event.key === "Enter" && !target?.closest("button, a")) {
      event.preventDefault();
      this.#submit();
    }
  }

  #flash(digit: string): void {
    const key = this.querySelector(`[data-digit="${digit}"]`);
    key?.classList.add("pressed");
    setTimeout(() => key?.classList.remove("pressed"), 90);
  }

  #type(digit: string): void {
    if (this.#busy || this.#digits.length >= this.options.max) return;
    this.#digits.push(digit);
    this.#fault.textContent = "";
    this.classList.remove("wrong");
    this.#show();
    this.app.say(this.app.n("digitsEntered", this.#digits.length));
  }

  #erase(): void {
    if (this.#busy || this.#digits.length === 0) return;
    this.#digits.pop();
    this.#show();
    this.app.say(
      this.#digits.length === 0 ? this.app.t("padCleared") : this.app.n("digitsEntered", this.#digits.length),
    );
  }

  #submit(): void {
    if (this.#busy || this.#digits.length < this.options.min) return;
    const reason = this.options.blocked?.() ?? null;
    if (reason !== null) {
      this.app.alert(reason);
      return;
    }
    const pin = this.#digits.join("");
    this.#digits = [];
    this.#show();
    this.options.onConfirm(pin);
  }

  #show(): void {
    const count = this.#digits.length;
    this.#entered.replaceChildren(...Array.from({ length: count }, () => h("i")));
    this.#entered.hidden = count === 0;
    this.#entered.setAttribute("aria-label", this.app.n("digitsEntered", count));
    this.#label.textContent = count === 0 && this.#fault.textContent === "" ? (this.#remark ?? this.options.label) : "";
    const ready = !this.#busy && count >= this.options.min;
    this.#confirm.setAttribute("aria-disabled", String(!ready));
    // On a low screen it is a key with an icon; the words are for screen readers then.
    const words = h("span", { class: "words-of" }, this.#busy ? this.app.t("loading") : this.options.confirm);
    this.#confirm.replaceChildren(this.#busy ? h("span", { class: "spin" }) : icon("check", "on-key"), words);
  }
}
