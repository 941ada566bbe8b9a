/** Settings: language, appearance, devices, the words, and the end of the account. */

import type { AccountSummary, AccountView } from "../../engine/types.ts";
import { LANGUAGES, type Language } from "../../i18n/index.ts";
import type { App } from "../app.ts";
import { type Child, button, h } from "@countersign/page/dom";
import { icon } from "../icons.ts";
import { problemOf, problemText } from "../problems.ts";
import { Screen, title } from "../screen.ts";
import { type Theme, applyTheme, storeTheme, storedTheme } from "../settings-store.ts";
import { wordList } from "./enrol.ts";
import { RevokeScreen } from "./revoke.ts";

/** Each language by its own name, in its own language. */
export function languageField(app: App, className = ""): HTMLElement {
  const select = h(
    "select",
    { id: "language", attrs: { "aria-label": app.t("language") } },
    ...Object.entries(LANGUAGES).map(([code, name]) =>
      h("option", { attrs: { value: code, lang: code, selected: code === app.tr.language } }, name),
    ),
  );
  select.addEventListener("change", () => {
    void app.setLanguage(select.value as Language).then(() => document.getElementById("language")?.focus());
  });
  return h("div", { class: `field ${className}`.trim() }, select);
}

export class SettingsScreen extends Screen {
  constructor(
    app: App,
    private readonly account: AccountSummary,
    private readonly view: AccountView | null,
  ) {
    super(app);
  }

  override get interruptible(): boolean {
    return true;
  }

  protected override draw(): void {
    const { app, view } = this;
    this.fill(
      this.top(() => void app.home()),
      h(
        "div",
        { class: "body" },
        title(app.t("settingsTitle")),
        h("section", { class: "stack" }, h("h2", null, app.t("language")), languageField(app)),
        this.#theme(),
        this.#notifications(),
        view && view.devices.length > 0 && this.#devices(view),
        view &&
          view.words.length > 0 &&
          h("section", { class: "stack" }, h("h2", null, app.t("deviceWords")), wordList(view.words)),
        h(
          "section",
          { class: "stack" },
          h("h2", null, app.t("about")),
          h("p", { class: "quiet" }, app.t("aboutText")),
          h("p", { class: "quiet" }, app.t("version", { version: app.version })),
        ),
        this.account.status !== "ENDED" &&
          h(
            "div",
            { class: "rows" },
            button(
              icon("blocked"),
              () =>
                app.show(
                  new RevokeScreen(app, this.account, () => app.show(new SettingsScreen(app, this.account, view))),
                ),
              { class: "row-button danger" },
              h("span", { class: "grow" }, app.t("revokeMenu")),
              icon("chevron"),
            ),
          ),
      ),
    );
  }

  #theme(): HTMLElement {
    const { app } = this;
    const now = storedTheme();
    const option = (theme: Theme, label: string): Child =>
      h(
        "label",
        { class: "choice" },
        h("input", {
          attrs: { type: "radio", name: "theme", value: theme, checked: theme === now },
          on: {
            change: () => {
              storeTheme(theme);
              applyTheme(theme);
            },
          },
        }),
        label,
      );
    return h(
      "fieldset",
      { class: "stack" },
      h("legend", { class: "legend" }, app.t("theme")),
      h(
        "div",
        { class: "choices" },
        option("system", app.t("themeSystem")),
        option("light", app.t("themeLight")),
        option("dark", app.t("themeDark")),
      ),
    );
  }

  #notifications(): Child {
    const { app } = this;
    const push = app.push;
    if (!push) return null;
    const place = h("div", { class: "stack" });
    const show = async () => {
      const state = await push.state().catch(() => "NONE" as const);
      const turn = (on: boolean) => async () => {
        let fault: string | null = null;
        try {
          await (on ? push.turnOn() : push.turnOff());
        } catch (error) {
          fault = problemText(problemOf(error), app.tr);
        }
        await show();
        if (fault !== null) place.append(h("p", { class: "fault", attrs: { role: "alert" } }, fault));
      };
      const act =
        state === "ON"
          ? button(app.t("notificationsTurnOff"), () => void turn(false)(), { class: "button" })
          : state === "OFF"
            ? button(app.t("notificationsTurnOn"), () => void turn(true)(), { class: "button" })
            : h("p", { class: "quiet" }, app.t(state === "DENIED" ? "notificationsDenied" : "notificationsNone"));
      place.replaceChildren(act);
    };
    void show();
    return h(
      "section",
      { class: "stack" },
      h("h2", null, app.t("notifications")),
      h("p", { class: "quiet" }, app.t("notificationsText")),
      place,
    );
  }

  #devices(view: AccountView): HTMLElement {
    const { app } = this;
    return h(
      "section",
      { class: "stack" },
      h("h2", null, app.t("devices")),
      h(
        "ul",
        { class: "rows" },
        ...view.devices.map((device) =>
          h(
            "li",
            { class: "row" },
            icon("phone"),
            h(
              "span",
              { class: "grow" },
              h("bdi", { attrs: { dir: "auto" } }, device.platform),
              device.here && h("span", { class: "quiet" }, app.t("deviceThis")),
            ),
            h(
              "span",
              { class: device.state === "ACTIVE" ? "tag" : "tag bad" },
              device.state === "ACTIVE"
                ? app.t("stateActive")
                : device.state === "REVOKED"
                  ? app.t("stateRevoked")
                  : app.t("stateClone"),
            ),
          ),
        ),
      ),
    );
  }
}
