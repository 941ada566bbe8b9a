/** The page: a key first, then what it is for. */

import "./style.css";
import { button, fill, h, mark } from "@countersign/page/dom";
import { look, signIn, type Operator } from "./api.ts";
import { field, form } from "./field.ts";
import { DeskPerson } from "./person.ts";
import { DeskProposals } from "./proposals.ts";
import { DeskRecord } from "./record.ts";
import { DeskTrail } from "./trail.ts";

customElements.define("desk-person", DeskPerson);
customElements.define("desk-proposals", DeskProposals);
customElements.define("desk-record", DeskRecord);
customElements.define("desk-trail", DeskTrail);

interface View {
  readonly id: string;
  readonly label: string;
  /** Who may do this sees the view. */
  readonly act: string;
  readonly make: (operator: Operator) => HTMLElement;
}

const VIEWS: readonly View[] = [
  { id: "view-record", label: "Record", act: "record-evidence", make: () => new DeskRecord() },
  { id: "view-person", label: "Person", act: "look-up", make: (operator) => new DeskPerson(operator) },
  { id: "view-proposals", label: "Proposals", act: "look-at-proposals", make: (operator) => new DeskProposals(operator) },
  { id: "view-trail", label: "Audit", act: "read-trail", make: () => new DeskTrail() },
];

const nav = h("nav", { attrs: { "aria-label": "Desk" } });
const main = h("main", { id: "main", attrs: { tabindex: -1 } });

document.body.append(
  h("a", { class: "skip", attrs: { href: "#main" } }, "To the content"),
  h("header", { class: "top" }, h("span", { class: "brand" }, mark(), h("span", null, "Registration desk")), nav),
  main,
);
ask();

/** Who is it? Nothing of the key is kept beyond this page. */
function ask(): void {
  signIn("");
  fill(nav);
  const key = field("key", "Operator key", { type: "password", required: true, hint: "It stays in this page: a reload, or closing it, forgets it." });
  fill(main, h("section", { class: "card" }, h("h1", null, "Who is it?"), form("sign-in", "Go on", [key.row], async () => {
    signIn(key.value());
    enter(await look<Operator>("/operator"));
    return [];
  })));
  key.input.focus();
}

function enter(operator: Operator): void {
  const views = VIEWS.filter((view) => operator.acts.includes(view.act));
  const show = (view: View): void => {
    for (const each of nav.querySelectorAll("button")) each.removeAttribute("aria-current");
    nav.querySelector(`#${view.id}`)?.setAttribute("aria-current", "page");
    fill(main, view.make(operator));
    main.focus({ preventScroll: true });
  };
  fill(nav,
    ...views.map((view) => button(view.label, () => show(view), { id: view.id })),
    h("span", { class: "who" }, operator.operator),
    button("Leave", ask, { id: "leave" }),
  );
  const first = views[0];
  if (first) show(first);
  else fill(main, h("section", { class: "card" }, h("h1", null, "Nothing here is for this key"), h("p", { class: "quiet" }, `Its roles: ${operator.roles.join(", ")}.`)));
}
