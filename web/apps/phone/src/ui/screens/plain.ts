/** The screens on which nothing is decided: one waits, one says that another tab works, one awaits the linked signature. */

import type { App } from "../app.ts";
import { button, h } from "@countersign/page/dom";
import { icon } from "../icons.ts";
import { Screen, title } from "../screen.ts";

/** Until the engine has answered; it says so only when that takes long enough to be noticed. */
export class WaitScreen extends Screen {
  protected override draw(): void {
    this.fill(this.top(null), h("div", { class: "body centre" }));
    this.later(250, () => {
      this.querySelector(".body")?.append(h("span", { class: "spin big" }), title(this.app.t("loading")));
      this.app.say(this.app.t("loading"));
    });
  }
}

export class OtherTabScreen extends Screen {
  constructor(
    app: App,
    private readonly take: () => void,
  ) {
    super(app);
  }

  protected override draw(): void {
    const { app } = this;
    this.fill(
      this.top(null),
      h(
        "div",
        { class: "body" },
        h("div", { class: "seal plain" }, icon("tabs")),
        title(app.t("tabTitle")),
        h("p", { class: "lead" }, app.t("tabText")),
      ),
      h("div", { class: "foot" }, button(app.t("tabUseHere"), this.take, { class: "button main" })),
    );
  }
}

/** How long the signature after a certificate choice is waited for, in ms. */
const LINKED_PATIENCE = 90_000;

/** After a certificate choice by link: the phone stays, and the signature comes to it. */
export class LinkedWaitScreen extends Screen {
  override get interruptible(): boolean {
    return true;
  }

  protected override draw(): void {
    const { app } = this;
    this.fill(
      this.top(null),
      h(
        "div",
        { class: "body centre" },
        h("span", { class: "spin big" }),
        title(app.t("linkedWaitTitle")),
        h("p", { class: "lead" }, app.t("linkedWaitText")),
      ),
      h(
        "div",
        { class: "foot" },
        button(app.t("cancel"), () => void app.home(), { class: "button" }),
      ),
    );
    this.later(LINKED_PATIENCE, () => app.problem({ code: "TX_EXPIRED" }, null));
  }
}
