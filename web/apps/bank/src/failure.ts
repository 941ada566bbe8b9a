/** What went wrong, and what a correct e-service does then. */

import type { Failure } from "./api.ts";
import { h, icon } from "@countersign/page/dom";

export function failure(fault: Failure): HTMLElement {
  return h("div", { class: "failure", attrs: { role: "status" } },
    h("div", { class: "failure-head" }, icon("cross"), h("strong", null, fault.title), h("code", { class: "chip" }, fault.code)),
    h("p", null, h("b", null, "What the bank received: "), `${fault.detail}.`),
    h("p", null, h("b", null, "What a correct e-service does: "), fault.advice),
  );
}
