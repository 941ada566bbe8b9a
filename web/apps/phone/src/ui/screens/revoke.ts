/** The end of an account, asked twice. It takes no PIN: stopping must be easy. */

import type { AccountSummary } from "../../engine/types.ts";
import type { App } from "../app.ts";
import { button, h } from "@countersign/page/dom";
import { icon } from "../icons.ts";
import { problemOf, problemText } from "../problems.ts";
import { Screen, title } from "../screen.ts";
import { OutcomeScreen } from "./outcome.ts";

export class RevokeScreen extends Screen {
  constructor(
    app: App,
    private readonly account: AccountSummary,
    private readonly back: () => void,
  ) {
    super(app);
  }

  protected override draw(): void {
    const { app } = this;
    const fault = h("p", { class: "fault", attrs: { role: "alert" } });
    const stop = button(app.t("revokeConfirm"), () => void go(), { class: "button stop", attrs: { disabled: true } });
    const go = async () => {
      stop.disabled = true;
      try {
        await app.engine.revoke(this.account.id, "ACCOUNT");
        app.show(
          new OutcomeScreen(app, {
            mood: "plain",
            icon: "blocked",
            title: () => app.t("revokeDoneTitle"),
            text: () => app.t("revokedText"),
            actions: () => [button(app.t("removeAccount"), () => void app.registerAgain(), { class: "button main" })],
          }),
        );
      } catch (error) {
        stop.disabled = false;
        fault.textContent = problemText(problemOf(error), app.tr);
      }
    };
    const tick = h("input", { attrs: { type: "checkbox" } });
    tick.addEventListener("change", () => (stop.disabled = !tick.checked));
    this.fill(
      this.top(this.back),
      h(
        "div",
        { class: "body" },
        h("div", { class: "seal bad" }, icon("blocked")),
        title(app.t("revokeTitle")),
        h("p", { class: "lead" }, app.t("revokeText")),
        h("p", { class: "quiet" }, app.t("revokeStays")),
        h(
          "p",
          { class: "quiet" },
          h("bdi", { attrs: { dir: "auto" } }, this.account.name),
          ", ",
          h("span", { class: "mono" }, this.account.documentNumber),
        ),
        h("label", { class: "tick push" }, tick, h("span", null, app.t("revokeTick"))),
        fault,
      ),
      h("div", { class: "foot" }, stop, button(app.t("revokeKeep"), this.back, { class: "button" })),
    );
  }
}
