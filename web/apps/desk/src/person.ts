/** `<desk-person>`: what is held of somebody, and what can be done for them. */

import { fill, h, type Child } from "@countersign/page/dom";
import { look, Refusal, segment, type Account, type Evidence, type Operator } from "./api.ts";
import { accountCard } from "./account.ts";
import { evidenceCard } from "./evidence.ts";
import { field, form, refusal } from "./field.ts";
import { held } from "./held.ts";
import { t } from "./texts/index.ts";

/** What the cards of a person's things need. */
export interface Case {
  readonly operator: Operator;
  readonly person: string;
  readonly accounts: readonly Account[];
  /** Says this, and shows the person as they are now. */
  readonly again: (said: Child) => Child[];
}

export class DeskPerson extends HTMLElement {
  #operator: Operator;
  #who = "";
  #said = h("div", { attrs: { role: "status" } });
  #body = h("div", { class: "found" });

  constructor(operator: Operator) {
    super();
    this.#operator = operator;
  }

  connectedCallback(): void {
    this.className = "card";
    const who = field("who", t("person"), { required: true, placeholder: "PNOEE-40504040001" });
    this.append(
      h("h1", null, t("personTitle")),
      form("find", t("find"), [who], async () => {
        this.#who = who.value().toUpperCase();
        fill(this.#said);
        fill(this.#body);
        await this.#load();
        return [];
      }, { problems: { "not-found": "personUnknown" } }),
      this.#said,
      this.#body,
    );
  }

  async #load(): Promise<void> {
    const person = this.#who;
    const { evidence } = await look<{ evidence: Evidence[] }>(`/persons/${segment(person)}/evidence`);
    // A person without a phone has no accounts, which the service says with 404.
    const accounts = await look<{ accounts: Account[] }>(`/persons/${segment(person)}`).then(
      (found) => found.accounts,
      (error: unknown) => {
        if (evidence.length === 0 || !(error instanceof Refusal && error.status === 404)) throw error;
        return [];
      },
    );
    const here: Case = { operator: this.#operator, person, accounts, again: (said) => this.#again(said) };
    const list = (cards: HTMLElement[]) => (cards.length === 0 ? h("p", { class: "quiet" }, t("none")) : h("ul", { class: "things" }, ...cards));
    fill(this.#body,
      h("h2", null, t("evidence")),
      list(evidence.map((each) => evidenceCard(here, each))),
      h("h2", null, t("phones")),
      list(accounts.map((each) => accountCard(here, each))),
      h("h2", null, t("heldTitle")),
      list([held(here)]),
    );
  }

  #again(said: Child): Child[] {
    fill(this.#said, h("p", { class: "good" }, said));
    void this.#load().catch((error: unknown) => fill(this.#body, refusal(error)));
    return [];
  }
}
