/** A device link on the screen: the QR element, and one click that lets a phone take it. */

import type { LinkAnswer, StatusAnswer } from "@countersign/elements/qr";
import { type Transaction, bank, dev } from "./api.ts";
import { button, h, icon } from "@countersign/page/dom";
import type { BankPhone } from "./phone-frame.ts";
import type { BankState } from "./state.ts";
import { showError } from "./voice.ts";

/** The code of this transaction with its buttons; the transaction is followed through the element. */
export function deviceLink(state: BankState, phone: BankPhone, transaction: Transaction, prefer: "qr" | "link" | null): HTMLElement {
  const path = `/bank/api/transactions/${transaction.id}`;
  const element = h("countersign-qr", {
    attrs: { "link-url": `${path}/link`, "status-url": path, prefer: prefer ?? undefined },
  });
  let latest: LinkAnswer = {};
  element.addEventListener("countersign-link", (event) => {
    latest = (event as CustomEvent<LinkAnswer>).detail;
  });
  element.addEventListener("countersign-status", (event) => {
    state.take((event as CustomEvent<StatusAnswer>).detail as unknown as Transaction);
  });
  const take = button("", () => {
    const { answerer } = state;
    const link = prefer === "link" ? latest.sameDeviceLink : latest.link;
    if (link === undefined) return;
    if (answerer.kind === "phone") phone.open(link);
    else void dev.open(answerer.documentNumber, link, prefer === "link" ? "Web2App" : "QR").catch(showError);
  }, { class: "primary wide", id: "take-link" });
  const label = state.answerer.kind === "phone" ? "Scan with the phone beside" : "Let the test person scan it";
  take.append(icon("qr"), label);
  element.addEventListener("countersign-taken", () => take.remove());
  element.addEventListener("countersign-expired", () => take.remove());
  return h("div", { class: "link-box" },
    element,
    prefer !== "link" && take,
    button("Cancel", () => cancel(state, transaction.id), { class: "plain" }),
  );
}

export function cancel(state: BankState, id: string): void {
  state.drop(id);
  bank.cancel(id).catch(() => undefined);
}
