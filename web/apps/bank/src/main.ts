/** The start: the parts of the page, each an element of its own, around one state. */

import "./style.css";
import "@countersign/elements/register-qr";
import { bank } from "./api.ts";
import { BankBreakIt } from "./break-it.ts";
import { button, h, icon, mark } from "@countersign/page/dom";
import { BankHappened } from "./happened.ts";
import { BankLogIn } from "./log-in.ts";
import { BankPersons } from "./persons.ts";
import { BankPhone } from "./phone-frame.ts";
import { BankPointHere } from "./point-here.ts";
import { BankSign } from "./sign.ts";
import { BankState } from "./state.ts";
import { showError, voice } from "./voice.ts";

const ELEMENTS = {
  "bank-phone": BankPhone,
  "bank-log-in": BankLogIn,
  "bank-sign": BankSign,
  "bank-happened": BankHappened,
  "bank-break-it": BankBreakIt,
  "bank-point-here": BankPointHere,
  "bank-persons": BankPersons,
};
for (const [name, element] of Object.entries(ELEMENTS)) customElements.define(name, element);

const state = new BankState();
const make = <E extends HTMLElement & { state: BankState }>(element: new () => E): E => Object.assign(new element(), { state });
const phone = make(BankPhone);
const logIn = Object.assign(make(BankLogIn), { phone });
const sign = Object.assign(make(BankSign), { phone });

/** On a narrow screen the bank and the phone take turns. */
const body = document.body;
const turn = (to: "bank" | "phone") => {
  // Each begins at its top; side by side nothing moves.
  if (body.dataset["turn"] !== to && matchMedia("(max-width: 60rem)").matches) scrollTo({ top: 0, behavior: "instant" });
  body.dataset["turn"] = to;
  for (const each of ["bank", "phone"] as const) {
    document.getElementById(`turn-${each}`)?.setAttribute("aria-pressed", String(each === to));
  }
};

body.append(
  h("a", { class: "skip", attrs: { href: "#bank" } }, "To the bank"),
  h("header", { class: "top" },
    h("a", { class: "brand", attrs: { href: "/" } }, mark(), h("span", null, "Sample Bank"), h("span", { class: "chip" }, "test")),
    h("nav", { attrs: { "aria-label": "Also here" } },
      ...(["/docs", "/trust", "/metrics"] as const).map((path) => h("a", { attrs: { href: path } }, path.slice(1))),
    ),
  ),
  h("main", null,
    h("div", { class: "stage" },
      h("div", { id: "bank", class: "bank", attrs: { tabindex: -1 } }, logIn, sign),
      h("aside", { id: "phone", class: "phone", attrs: { "aria-label": "The phone" } }, phone),
    ),
    h("div", { class: "below" },
      h("div", { id: "happened" }, make(BankHappened)),
      h("div", { id: "break-it" }, make(BankBreakIt)),
      h("div", { id: "point-here" }, make(BankPointHere)),
      h("div", { id: "persons" }, make(BankPersons)),
    ),
  ),
  h("footer", null,
    h("p", null, "This bank is an honest relying party: it knows about you what your phone has signed, and what it shows here it received over HTTP."),
    h("p", null, "May the holder of a mobile number sign at all? Ask the ", h("a", { attrs: { href: "/status" } }, "status page"), "; it knows sandbox numbers that play every answer."),
    h("p", { class: "quiet" }, "A test environment. Its keys are public and protect nothing."),
  ),
  h("nav", { class: "turns", attrs: { "aria-label": "Bank or phone" } },
    button("Bank", () => turn("bank"), { id: "turn-bank" }, icon("bank")),
    button("Phone", () => turn("phone"), { id: "turn-phone" }, icon("phone")),
  ),
  ...voice,
);
body.addEventListener("phone-wanted", () => turn("phone"));
state.addEventListener("change", () => {
  // What was waited for has come: back to the bank.
  const { latest } = state;
  if (latest && latest.state !== "running" && latest.id !== body.dataset["ended"]) {
    body.dataset["ended"] = latest.id;
    turn("bank");
  }
});
turn("bank");

void (async () => {
  await state.load();
  // The browser came back from the phone: `#transaction=…` says to what.
  const id = /^#transaction=([\w-]{16})$/.exec(location.hash)?.[1];
  if (id) {
    history.replaceState(null, "", "/");
    await state.follow(await bank.transaction(id));
  }
})().catch(showError);
