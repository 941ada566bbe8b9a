/** The documented test persons, to search. */

import { button, fill, h } from "@countersign/page/dom";
import { matching } from "./search.ts";
import type { BankState } from "./state.ts";

export class BankPersons extends HTMLElement {
  state!: BankState;
  #count = -1;
  #rows = h("tbody");
  #found = h("p", { class: "quiet", attrs: { role: "status" } });

  connectedCallback(): void {
    this.state.addEventListener("change", () => this.#paint());
    this.#paint();
  }

  #paint(): void {
    const { persons } = this.state;
    if (persons.length === this.#count) return;
    this.#count = persons.length;
    const search = h("input", {
      id: "search",
      attrs: { type: "search", placeholder: "PNOLV, REFUSED, under 18…", autocomplete: "off", spellcheck: "false" },
      on: { input: () => this.#list(search.value) },
    });
    fill(
      this,
      h("div", { class: "section-head" },
        h("h2", { class: "title" }, "Test persons"),
        h("p", { class: "quiet" }, "PIN1 is 1234 and PIN2 is 12345 for all of them; their keys are public. They answer notifications by themselves, and scan when they are told to."),
      ),
      h("label", { class: "field" }, h("span", null, "Search"), search),
      this.#found,
      h("div", { class: "table", attrs: { tabindex: 0, role: "region", "aria-label": "Test persons" } },
        h("table", null,
          h("thead", null, h("tr", null, ...["Document number", "Ends with", "Name and remark", "Try"].map((name) => h("th", { attrs: { scope: "col" } }, name)))),
          this.#rows,
        )),
    );
    this.#list("");
  }

  #list(query: string): void {
    const found = matching(this.state.persons, query);
    this.#found.textContent = `${found.length} of ${this.state.persons.length}`;
    this.#rows.replaceChildren(...found.map((person) =>
      h("tr", null,
        h("td", null, h("code", null, person.documentNumber)),
        h("td", null, h("span", { class: `chip ${person.outcome === "OK" ? "good" : "bad"}` }, person.outcome.replace("/", " "))),
        h("td", { class: "quiet" }, [`${person.givenName} ${person.surname}`, person.remark].filter(Boolean).join(", ")),
        h("td", null, button("Use", () => {
          this.state.answerer = { kind: "person", documentNumber: person.documentNumber };
          this.state.changed();
          document.getElementById("bank")?.scrollIntoView({ behavior: "smooth" });
        }, { class: "secondary small", attrs: { "aria-label": `Use ${person.documentNumber}` } })),
      )));
  }
}
