/** No account yet: what this is, and how to start. */

import type { App } from "../app.ts";
import { button, h } from "@countersign/page/dom";
import { icon, mark } from "../icons.ts";
import { Screen, note, title } from "../screen.ts";
import { languageField } from "./settings.ts";
import { ScanScreen } from "./scan.ts";

/** A tab of a phone that keeps home-screen apps apart from its browser: keys made here would be missing there. */
function mustInstall(): boolean {
  return "standalone" in navigator && navigator.standalone === false;
}

export class WelcomeScreen extends Screen {
  protected override readonly look = "welcome";

  /** `reason`: `link` when a link came to a phone that has no account; `add` for a further account. */
  constructor(
    app: App,
    private readonly reason: "link" | "add" | null,
  ) {
    super(app);
  }

  protected override draw(): void {
    if (mustInstall()) this.#install();
    else if (this.reason === "add")
      this.fill(
        this.top(() => this.app.accounts()),
        h("div", { class: "body" }, title(this.app.t("addAccount")), this.#form()),
      );
    else this.#welcome();
  }

  #welcome(): void {
    const { app } = this;
    this.fill(
      this.top(null, languageField(app, "end")),
      h(
        "div",
        { class: "body" },
        h("div", { class: "hero" }, mark("big")),
        title(app.t("welcomeTitle")),
        h("p", { class: "lead" }, app.t("welcomeText")),
        this.reason === "link" && note("alert", app.t("welcomeNoAccount")),
        h(
          "ul",
          { class: "points" },
          h("li", null, icon("key"), h("span", null, app.t("welcomePointHalf"))),
          h("li", null, icon("person"), h("span", null, app.t("welcomePointSee"))),
          h("li", null, icon("blocked"), h("span", null, app.t("welcomePointRefuse"))),
        ),
        h("h2", { class: "push" }, app.t("activateTitle")),
        this.#form(),
      ),
    );
  }

  #form(): HTMLElement {
    const { app } = this;
    const fault = h("p", { class: "fault", id: "activation-fault", attrs: { role: "alert" } });
    const input = h("input", {
      id: "activation",
      attrs: {
        type: "text",
        autocomplete: "off",
        autocapitalize: "off",
        autocorrect: "off",
        spellcheck: "false",
        enterkeyhint: "go",
        maxlength: 2000,
        "aria-describedby": "activation-fault activation-how",
      },
    });
    const go = () => {
      const value = input.value.trim();
      if (value === "") {
        input.focus();
        return;
      }
      const read = app.engine.readLink(value);
      if (read.kind === "ACTIVATION") app.enrol(read.code);
      else {
        fault.textContent = app.t("activateUnreadable");
        input.setAttribute("aria-invalid", "true");
        input.focus();
      }
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") go();
    });
    return h(
      "div",
      { class: "stack" },
      h("p", { class: "quiet", id: "activation-how" }, app.t("welcomeHow")),
      h("div", { class: "field" }, h("label", { attrs: { for: "activation" } }, app.t("activateLabel")), input, fault),
      button(app.t("next"), go, { class: "button main" }),
      button(icon("scan"), () => app.show(new ScanScreen(app)), { class: "button" }, app.t("homeScan")),
    );
  }

  #install(): void {
    const { app } = this;
    const step = (n: number, text: string) =>
      h("li", null, h("span", { class: "number", attrs: { "aria-hidden": "true" } }, String(n)), h("span", null, text));
    this.fill(
      this.top(null, languageField(app, "end")),
      h(
        "div",
        { class: "body" },
        h("div", { class: "hero" }, mark("big")),
        title(app.t("installTitle")),
        h("p", { class: "lead" }, app.t("installText")),
        h(
          "ol",
          { class: "points" },
          step(1, app.t("installStep1")),
          step(2, app.t("installStep2")),
          step(3, app.t("installStep3")),
        ),
      ),
    );
  }
}
