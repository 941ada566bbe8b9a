/** Several accounts in one phone: which is looked at, and which answers. */

import type { AccountId, AccountSummary } from "../../engine/types.ts";
import type { App } from "../app.ts";
import { button, h } from "@countersign/page/dom";
import { icon } from "../icons.ts";
import { Screen, title } from "../screen.ts";
import { WelcomeScreen } from "./welcome.ts";

function row(app: App, account: AccountSummary, end: HTMLElement | null, onClick: () => void): HTMLElement {
  return button(
    icon("person"),
    onClick,
    { class: "row-button" },
    h(
      "span",
      { class: "grow" },
      h("bdi", { attrs: { dir: "auto" } }, account.name || app.t("statePending")),
      h("span", { class: "quiet mono" }, account.documentNumber),
    ),
    end ?? icon("chevron"),
  );
}

export class AccountsScreen extends Screen {
  override get interruptible(): boolean {
    return true;
  }

  protected override draw(): void {
    const { app } = this;
    const list = h("div", { class: "rows" });
    this.fill(
      this.top(() => void app.home()),
      h("div", { class: "body" }, title(app.t("accountsTitle")), list),
      h(
        "div",
        { class: "foot" },
        button(icon("plus"), () => app.show(new WelcomeScreen(app, "add")), { class: "button" }, app.t("addAccount")),
      ),
    );
    app.engine.accounts().then(
      (accounts) => {
        list.replaceChildren(
          ...accounts.map((account) =>
            row(
              app,
              account,
              account.id === app.account
                ? h("span", { class: "tag" }, icon("check"), h("span", { class: "heard" }, app.t("accountCurrent")))
                : null,
              () => {
                app.account = account.id;
                void app.home();
              },
            ),
          ),
        );
      },
      () => undefined,
    );
  }
}

/** A link that several accounts could answer. */
export class ChooseAccountScreen extends Screen {
  constructor(
    app: App,
    private readonly accounts: readonly AccountSummary[],
    private readonly chosen: (account: AccountId) => void,
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
        title(app.t("choiceWhich")),
        h("p", { class: "lead" }, app.t("choiceSeveral")),
        h(
          "div",
          { class: "rows" },
          ...this.accounts.map((account) => row(app, account, null, () => this.chosen(account.id))),
        ),
      ),
      h(
        "div",
        { class: "foot" },
        button(app.t("cancel"), () => void app.home(), { class: "button" }),
      ),
    );
  }
}
