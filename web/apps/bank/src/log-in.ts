/** Logging in: by QR code, by notification, on this device; and the greeting afterwards. */

import { bank } from "./api.ts";
import { cancel, deviceLink } from "./device-link.ts";
import { button, fill, h, icon, type IconName } from "@countersign/page/dom";
import { failure } from "./failure.ts";
import type { BankPhone } from "./phone-frame.ts";
import type { BankState } from "./state.ts";
import { clearError, say, showError } from "./voice.ts";
import { whoAnswers } from "./who.ts";

type Tab = "qr" | "notification" | "here";

const TABS: readonly { readonly tab: Tab; readonly label: string; readonly icon: IconName }[] = [
  { tab: "qr", label: "QR code", icon: "qr" },
  { tab: "notification", label: "Notification", icon: "bell" },
  { tab: "here", label: "This device", icon: "phone" },
];

export class BankLogIn extends HTMLElement {
  state!: BankState;
  phone!: BankPhone;
  #tab: Tab = "qr";
  #number: string | null = null;
  #busy = false;
  #painted = "";

  connectedCallback(): void {
    this.state.addEventListener("change", () => this.#paint());
    this.#paint();
  }

  async #start(): Promise<void> {
    const { state } = this;
    clearError();
    this.#busy = true;
    this.#paint();
    try {
      const started = await bank.logIn(
        this.#tab === "notification" ? { way: "notification", ...recipient(this.#who()) } : { way: "deviceLink" },
      );
      this.#busy = false;
      // The QR element asks how its session stands.
      if (started.hasLink) state.take(started);
      else void state.follow(started).catch(showError);
      say(started.verificationCode ? `Compare the code ${started.verificationCode} with your phone.` : "");
      if (started.verificationCode && state.answerer.kind === "phone") {
        this.dispatchEvent(new Event("phone-wanted", { bubbles: true }));
      }
    } catch (error) {
      this.#busy = false;
      showError(error);
    }
    this.#painted = "";
    this.#paint();
  }

  /** Whom a notification goes to. */
  #who(): string {
    const { answerer, ownPhone } = this.state;
    if (answerer.kind === "person") return answerer.documentNumber;
    return this.#number ?? ownPhone?.documentNumber ?? "";
  }

  #paint(): void {
    const { state } = this;
    const { logIn, person } = state;
    // What a change of this would change on the screen; a code that is scanned must not be drawn anew.
    const key = JSON.stringify([
      person, logIn?.id, logIn?.state, logIn?.verificationCode, logIn?.notes, logIn?.way === "notification" && logIn.steps,
      state.answerer, state.hasPhone, state.persons.length, state.ownPhone, this.#tab, this.#busy,
    ]);
    if (key === this.#painted) return;
    this.#painted = key;
    if (person) fill(this, this.#greeting());
    else if (logIn?.state === "running") fill(this, ...this.#running());
    else fill(this, ...this.#choice());
  }

  #greeting(): HTMLElement {
    const person = this.state.person!;
    const name = `${person.givenName} ${person.surname}`;
    const row = (label: string, value: string) => [h("dt", null, label), h("dd", null, value)];
    return h("section", { class: "sheet greeting" },
      h("p", { class: "quiet" }, "Logged in"),
      h("h1", { attrs: { tabindex: -1 } }, `Welcome, ${name}`),
      h("dl", { class: "facts" },
        ...row("Number", person.identifier),
        ...(person.dateOfBirth ? row("Born", person.dateOfBirth) : []),
        ...row("Account", person.documentNumber),
        ...row("Certificate", person.certificateLevel.toLowerCase()),
        ...row("Came by", person.flow),
      ),
      button("Log out", () => void this.state.logOut().catch(showError), { class: "secondary" }),
    );
  }

  #running(): HTMLElement[] {
    const { state } = this;
    const logIn = state.logIn!;
    const checking = logIn.steps.some((step) => step.name === "check" && step.state === "running");
    const byLink = logIn.way !== "notification";
    const inside = byLink
      ? deviceLink(state, this.phone, logIn, this.#tab === "here" ? "link" : "qr")
      : h("div", { class: "waiting" },
          logIn.verificationCode && !checking
            ? h("div", { class: "code" },
                h("p", null, "The phone must show this code"),
                h("strong", null, logIn.verificationCode),
              )
            : null,
          h("p", { class: "quiet busy" }, checking ? "Checking the answer…" : "Waiting for the phone…"),
          button("Cancel", () => cancel(state, logIn.id), { class: "plain" }),
        );
    return [
      h("section", { class: "sheet" },
        h("h1", null, byLink && this.#tab === "qr" ? "Scan this code with your phone" : "Go on with your phone"),
        h("p", { class: "quiet" }, `It will ask: “${logIn.text}”`),
        inside,
        ...(logIn.notes ?? []).map((note) => h("p", { class: "note" }, note)),
      ),
    ];
  }

  #choice(): HTMLElement[] {
    const { state } = this;
    const { logIn } = state;
    return [
      h("section", { class: "sheet" },
        h("h1", null, "Log in"),
        logIn?.failure ? failure(logIn.failure) : h("p", { class: "quiet" }, "No password: your phone holds one half of a key, the service the other."),
        h("div", { class: "segments tabs", attrs: { role: "group", "aria-label": "How to log in" } },
          ...TABS.map(({ tab, label, icon: name }) =>
            button(label, () => {
              this.#tab = tab;
              this.#paint();
              document.getElementById(`tab-${tab}`)?.focus();
            }, { id: `tab-${tab}`, attrs: { "aria-pressed": this.#tab === tab ? "true" : "false" } }, icon(name))),
        ),
        whoAnswers(state, "log-in"),
        ...this.#details(),
      ),
    ];
  }

  #details(): (HTMLElement | null)[] {
    const { state } = this;
    const go = (label: string, disabled = false) =>
      button(this.#busy ? "One moment…" : label, () => void this.#start(), {
        class: "primary wide", id: "log-in", attrs: { disabled: disabled || this.#busy },
      });
    switch (this.#tab) {
      case "qr":
        return [
          h("p", { class: "quiet" }, "The code changes every second. A photograph of it is worth nothing."),
          go("Log in"),
        ];
      case "notification": {
        if (state.answerer.kind === "person") return [go("Send a notification")];
        const input = h("input", {
          id: "number",
          attrs: { type: "text", value: this.#who(), placeholder: "PNOEE-40504040001", autocomplete: "off", spellcheck: "false", autocapitalize: "characters" },
          on: { input: () => { this.#number = input.value.trim(); } },
        });
        return [
          h("label", { class: "field" }, h("span", null, "Your personal or document number"), input),
          state.ownPhone ? null : h("p", { class: "quiet" }, "Get a test phone first: it comes with a number."),
          go("Send a notification"),
        ];
      }
      case "here": {
        if (location.protocol === "https:") {
          return [
            h("p", { class: "quiet" }, "The app opens, and leads this browser back here with a proof that it is the one that left."),
            go("Log in on this device"),
          ];
        }
        const secure = state.about?.secureOrigin;
        return [
          h("p", { class: "note" }, "The way back from the phone leads over https, so this page has to be open there too."),
          secure
            ? h("a", { class: "button primary wide", attrs: { href: `${secure}/` } }, `Open ${secure}`)
            : h("p", { class: "quiet" }, "This server listens on no https address: start it without --tls-listen off."),
          secure ? h("p", { class: "quiet" }, "Its certificate comes from the development root, which is at /trust: browsers warn until they know it.") : null,
        ];
      }
    }
  }
}

/** A document number has a part more than a personal one. */
function recipient(text: string): { documentNumber: string } | { person: string } {
  return /-[A-Z0-9]{4}-N?Q$/.test(text) ? { documentNumber: text } : { person: text };
}
