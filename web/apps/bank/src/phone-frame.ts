/** The phone beside the page: the real app in a frame, or, where this program has none, a word about that. */

import { type Activation, dev } from "./api.ts";
import { button, fill, h, icon } from "@countersign/page/dom";
import type { BankState } from "./state.ts";
import { say, showError } from "./voice.ts";

const HOME = "/phone/";

export class BankPhone extends HTMLElement {
  state!: BankState;
  #frame: HTMLIFrameElement | null = null;
  #wasThere: boolean | null = null;

  connectedCallback(): void {
    this.state.addEventListener("change", () => this.#paint());
    this.#paint();
  }

  /** Lets the phone scan or open a link. The value stays behind `#`: it reaches no server. */
  open(link: string): void {
    this.#go(`#link=${encodeURIComponent(link)}`);
    this.dispatchEvent(new Event("phone-wanted", { bubbles: true }));
  }

  #go(fragment: string): void {
    const frame = this.#frame;
    if (!frame) return;
    // The app takes a new fragment without loading again; only where it is elsewhere, its address says so.
    try {
      if (frame.contentWindow?.location.pathname.startsWith(HOME)) {
        frame.contentWindow.location.hash = fragment;
        return;
      }
    } catch {
      // Of another origin: not for us to look into.
    }
    frame.src = `${HOME}${fragment}`;
  }

  async activate(): Promise<void> {
    try {
      const given: Activation = await dev.activation();
      this.state.setOwnPhone({ documentNumber: given.documentNumber, person: given.person });
      this.#go(new URL(given.link, location.href).hash);
      this.dispatchEvent(new Event("phone-wanted", { bubbles: true }));
      say("The phone has its activation code. Follow it there.");
    } catch (error) {
      showError(error);
    }
  }

  #paint(): void {
    const { hasPhone, ownPhone } = this.state;
    if (hasPhone === this.#wasThere && hasPhone !== true) return;
    if (hasPhone === true && this.#frame) {
      this.querySelector(".phone-person")?.replaceChildren(ownPhone ? ownPhone.person : "no account yet");
      return;
    }
    this.#wasThere = hasPhone;
    if (hasPhone !== true) {
      fill(
        this,
        h("div", { class: "phone-shell empty" },
          icon("phone"),
          h("p", null, hasPhone === null ? "Looking for the phone…" : "This program was built without the phone app."),
          hasPhone === false && h("p", { class: "quiet" }, "A test person with a simulated phone can answer instead: choose one where the bank asks who answers."),
        ),
      );
      return;
    }
    this.#frame = h("iframe", { attrs: { src: HOME, title: "The phone", allow: "camera; publickey-credentials-get; publickey-credentials-create" } });
    fill(
      this,
      h("div", { class: "phone-head" },
        h("div", null,
          h("h2", null, "Your phone"),
          h("p", { class: "quiet phone-person" }, ownPhone ? ownPhone.person : "no account yet"),
        ),
        button("Get a test phone", () => void this.activate(), { class: "secondary", id: "get-phone" }, icon("phone")),
      ),
      h("div", { class: "phone-shell" }, this.#frame),
    );
  }
}
