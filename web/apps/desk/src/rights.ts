/** `<desk-rights>`: what a key is for, and what it is not for. */

import { h } from "@countersign/page/dom";
import type { Operator } from "./api.ts";
import { t, told } from "./texts/index.ts";
import { actText } from "./words.ts";

export class DeskRights extends HTMLElement {
  constructor(readonly operator: Operator, readonly isEmpty: boolean) {
    super();
  }

  connectedCallback(): void {
    this.className = "card";
    const { operator, roles, acts, fourEyes, others } = this.operator;
    const name = (act: string) => h("span", null, told(() => actText(act)));
    this.append(
      h("h1", null, t("rightsTitle")),
      this.isEmpty ? h("p", { class: "waits" }, t("rightsNothing")) : "",
      h("p", null, t("rightsRoles", { name: operator, roles: roles.join(", ") })),
      h("h2", null, t("rightsMay")),
      h("ul", { class: "rights" }, ...acts.map((act) => h("li", null, name(act), fourEyes.includes(act) && h("span", { class: "chip" }, t("rightsTwo"))))),
    );
    if (others.length > 0) {
      this.append(
        h("h2", null, t("rightsOthers")),
        h("ul", { class: "rights" }, ...others.map(({ act, roles: takes }) => h("li", null, name(act), h("span", { class: "quiet" }, t("rightsTakes", { roles: takes.join(", ") }))))),
      );
    }
  }
}
