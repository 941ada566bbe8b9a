/** *Break it*: what can go wrong, tried out, with what the bank received and what a correct e-service does. */

import { type Transaction, bank } from "./api.ts";
import { button, fill, h, icon } from "@countersign/page/dom";
import { failure } from "./failure.ts";
import { SCENARIOS, type Scenario, type Stage } from "./scenarios.ts";
import type { BankState } from "./state.ts";
import { clearError, say, showError } from "./voice.ts";

export class BankBreakIt extends HTMLElement {
  state!: BankState;
  #running: string | null = null;
  #outcome = h("div", { class: "outcome", attrs: { "aria-live": "polite" } });

  connectedCallback(): void {
    const secure = location.protocol === "https:";
    fill(
      this,
      h("div", { class: "section-head" },
        h("h2", { class: "title" }, "Break it"),
        h("p", { class: "quiet" }, "Test persons play each case. The bank is not told what will happen; what it finds is below, and above field by field."),
      ),
      h("div", { class: "break-layout" },
        h("ul", { class: "cases" }, ...SCENARIOS.map((scenario) =>
          h("li", null,
            button("", () => void this.#run(scenario), {
              class: "case", id: `break-${scenario.id}`, attrs: { disabled: scenario.needsHttps === true && !secure },
            }, h("b", null, scenario.title), h("span", null, scenario.text),
              scenario.needsHttps && !secure && h("span", { class: "chip" }, "needs https")),
          ))),
        this.#outcome,
      ),
    );
    this.#idle();
  }

  #idle(): void {
    fill(this.#outcome, h("p", { class: "placeholder" }, "Choose a case."));
  }

  async #run(scenario: Scenario): Promise<void> {
    if (this.#running) return;
    this.#running = scenario.id;
    clearError();
    this.toggleAttribute("busy", true);
    const progress = h("p", { class: "quiet busy" }, "The request is on its way…");
    fill(this.#outcome, h("div", { class: "sheet" }, h("h3", null, scenario.title), progress));
    this.#outcome.scrollIntoView({ block: "nearest", behavior: "smooth" });
    const stage: Stage = {
      logIn: async (wanted) => {
        // A log-in of its own: whoever was logged in is not any more.
        this.state.person = null;
        const started = await bank.logIn(wanted.documentNumber === undefined
          ? { way: "deviceLink" }
          : { way: "notification", documentNumber: wanted.documentNumber, ...(wanted.screen && { screen: wanted.screen }) });
        // Only shown in the panel: the bank's own box is for the person at this page.
        this.state.latest = started;
        this.state.changed();
        return started;
      },
      end: async (transaction) => {
        let now = transaction;
        while (now.state === "running") {
          now = await bank.transaction(now.id, now.version);
          this.state.latest = now;
          this.state.changed();
        }
        return now;
      },
      tell: (text) => fill(progress, text),
      wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    };
    try {
      const ended = await scenario.run(stage);
      this.#show(scenario, ended);
    } catch (error) {
      showError(error);
      this.#idle();
    }
    this.#running = null;
    this.toggleAttribute("busy", false);
  }

  #show(scenario: Scenario, ended: Transaction): void {
    const code = ended.failure?.code ?? "OK";
    const asExpected = scenario.expected.includes(code);
    // What the bank received last from the relying party API is what it had to decide on.
    const last = ended.exchanges.filter((each) => each.service === "relying party API").at(-1);
    this.#outcome.dataset["case"] = scenario.id;
    this.#outcome.dataset["code"] = code;
    say(`${scenario.title}: ${code}`);
    fill(
      this.#outcome,
      h("div", { class: "sheet" },
        h("h3", null, scenario.title),
        ended.failure ? failure(ended.failure) : h("p", { class: "note" }, "The log-in went through: that should not happen here."),
        ...(ended.notes ?? []).map((note) => h("p", { class: "note" }, note)),
        !asExpected && ended.failure && h("p", { class: "note" }, `Expected was ${scenario.expected.join(" or ")}.`),
        last && h("h4", null, `${last.method} ${last.path}: ${last.status ?? "no answer"}`),
        last && last.answer !== null && h("pre", { attrs: { tabindex: 0 } }, JSON.stringify(last.answer, null, 2)),
        h("a", { class: "more", attrs: { href: "#happened" } }, icon("chevron"), "Everything that travelled"),
      ),
    );
  }
}
