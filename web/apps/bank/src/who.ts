/** The choice of who answers: the phone beside the page, or a test person whose phone is simulated. */

import { button, h } from "@countersign/page/dom";
import { type BankState, USUAL } from "./state.ts";

/** The control, for as long as the state does not change; `place` keeps two of them apart. */
export function whoAnswers(state: BankState, place: "log-in" | "sign"): HTMLElement {
  const { answerer, hasPhone } = state;
  const choose = (kind: "phone" | "person") => {
    state.answerer = kind === "phone" ? { kind } : { kind, documentNumber: USUAL };
    state.changed();
    document.getElementById(`${place}-${kind}`)?.focus();
  };
  const option = (kind: "phone" | "person", label: string, disabled: boolean) =>
    button(label, () => choose(kind), {
      id: `${place}-${kind}`,
      attrs: { "aria-pressed": answerer.kind === kind ? "true" : "false", disabled },
    });
  return h("div", { class: "who" },
    h("div", { class: "segments", attrs: { role: "group", "aria-label": "Who answers" } },
      option("phone", "The phone beside", hasPhone !== true),
      option("person", "A test person", state.persons.length === 0),
    ),
    answerer.kind === "person" && picker(state, place, answerer.documentNumber),
  );
}

function picker(state: BankState, place: string, chosen: string): HTMLElement {
  const select = h("select", {
    id: `${place}-test-person`,
    on: {
      change: () => {
        state.answerer = { kind: "person", documentNumber: select.value };
        state.changed();
        document.getElementById(`${place}-test-person`)?.focus();
      },
    },
  });
  for (const person of state.persons) {
    const option = h("option", { attrs: { value: person.documentNumber, selected: person.documentNumber === chosen } },
      `${person.documentNumber} · ${person.outcome}`);
    select.append(option);
  }
  return h("label", { class: "field" }, h("span", null, "Test person: the decisions are a script, the phone and its keys are real"), select);
}
