/**
 * `<countersign-qes-info>`: what a qualified signature is, in plain words. `compact`: folded until somebody wants to know.
 *
 * Needs no token. Attributes: `lang`, `compact`, `theme-href`. Parts: `panel`, `title`, `points`.
 */

import { h } from "@countersign/page/dom";
import { heading, RegistrationElement } from "./registration/registration-element.ts";
import { languageOf, type Session } from "./registration/session.ts";
import { loadTexts, type TextKey } from "./registration/texts/index.ts";

const POINTS: readonly TextKey[] = ["qesHand", "qesWho", "qesChange", "qesAdvanced", "qesOperator"];

export class CountersignQesInfo extends RegistrationElement {
  /** @internal */
  protected override get panelClass(): "panel" | "steps" {
    return this.hasAttribute("compact") ? "steps" : "panel";
  }

  /** Asks nobody. @internal */
  protected override async load(): Promise<Session> {
    const language = languageOf(this);
    return { texts: await loadTexts(language, this.texts), language } as Session;
  }

  /** @internal */
  protected start(): void {
    const points = h("ul", { class: "points", attrs: { part: "points" } }, ...POINTS.map((key) => h("li", null, this.t(key))));
    if (this.hasAttribute("compact")) this.show(h("details", null, h("summary", { attrs: { part: "title" } }, this.t("qesTitle")), points));
    else this.show(heading(this.t("qesTitle")), points);
  }
}
