/** Home: whether all is well, what was decided lately, and the way to scan. */

import type { AccountSummary, AccountView, KeyView, RecentApproval } from "../../engine/types.ts";
import type { App } from "../app.ts";
import { type Child, button, h } from "@countersign/page/dom";
import { icon } from "../icons.ts";
import { problemOf } from "../problems.ts";
import { Screen, note, title } from "../screen.ts";
import { KeyScreen, keyState } from "./key.ts";
import { ScanScreen } from "./scan.ts";
import { SettingsScreen } from "./settings.ts";

/** So many decisions are listed. */
const RECENT = 5;

export class HomeScreen extends Screen {
  protected override readonly look = "home";
  #view: AccountView | null = null;
  #fault: string | null = null;

  constructor(
    app: App,
    private readonly summary: AccountSummary,
  ) {
    super(app);
  }

  override get interruptible(): boolean {
    return true;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const end = this.app.engine.onChange(() => void this.refresh());
    this.signal.addEventListener("abort", end);
    void this.refresh();
  }

  /** Asks the engine again. */
  async refresh(): Promise<void> {
    try {
      this.#view = await this.app.engine.account(this.summary.id);
      this.#fault = null;
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code === "UNKNOWN_DEVICE" || problem.code === "CLONE_SUSPECT") {
        if (!this.signal.aborted) this.app.problem(problem, null);
        return;
      }
      this.#fault = this.app.t("errorOffline");
    }
    if (!this.signal.aborted) this.draw();
  }

  protected override draw(): void {
    const { app, summary } = this;
    const view = this.#view;
    const kept = this.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset["keep"]
      : undefined;
    const end: Child[] = [
      h(
        "span",
        { class: "end" },
        button(icon("person"), () => app.accounts(), {
          class: "icon-button",
          attrs: { "aria-label": app.t("switchAccount"), "data-keep": "accounts" },
        }),
        button(icon("settings"), () => app.show(new SettingsScreen(app, summary, view)), {
          class: "icon-button",
          attrs: { "aria-label": app.t("settingsTitle"), "data-keep": "settings" },
        }),
      ),
    ];
    const name = view ? `${view.givenName} ${view.surname}`.trim() || summary.name : summary.name;
    const body = h(
      "div",
      { class: "body" },
      h(
        "div",
        { class: "person" },
        nameTitle(name || app.t("accountOf", { number: summary.documentNumber })),
        h("p", { class: "quiet mono" }, summary.documentNumber),
      ),
      ...this.#state(view),
    );
    if (view) {
      body.append(h("div", { class: "rows keys-list" }, ...view.keys.map((key) => this.#key(view, key))));
      body.append(h("section", { class: "stack" }, h("h2", null, app.t("homeRecent")), this.#recent(view.recent)));
    }
    this.fill(
      this.top(null, ...end),
      body,
      h(
        "div",
        { class: "foot" },
        button(
          icon("scan"),
          () => app.show(new ScanScreen(app)),
          { class: "button main", attrs: { "data-keep": "scan" } },
          app.t("homeScan"),
        ),
      ),
    );
    if (kept) this.querySelector<HTMLElement>(`[data-keep="${kept}"]`)?.focus();
  }

  #state(view: AccountView | null): Child[] {
    const { app } = this;
    if (this.#fault) return [note("offline", this.#fault)];
    if (!view) return [];
    switch (view.state) {
      case "CERTIFIED":
        if (view.stale) return [note("offline", app.t("homeStale", { time: app.tr.time(view.asOf, new Date()) }))];
        return view.keys.every((key) => key.state === "ACTIVE")
          ? [
              h(
                "p",
                { class: "ready" },
                h("span", { class: "light" }),
                h("strong", null, app.t("homeReady")),
                " ",
                h("span", { class: "quiet" }, app.t("homeReadyText")),
              ),
            ]
          : [];
      case "PENDING_RA":
      case "DRAFT":
        return [note("clock", app.t("pendingText"))];
      case "REVOKED":
        return [this.#ended(app.t("revokedTitle"), app.t("revokedText"))];
      case "CLONE_SUSPECT":
        return [this.#ended(app.t("cloneTitle"), app.t("cloneText"))];
    }
  }

  #ended(heading: string, text: string): HTMLElement {
    const { app } = this;
    return h(
      "section",
      { class: "card stack" },
      h("h2", null, heading),
      h("p", null, text),
      button(app.t("registerAgain"), () => void app.registerAgain(), { class: "button" }),
    );
  }

  #key(view: AccountView, key: KeyView): HTMLElement {
    const { app } = this;
    const login = key.use === "AUTH";
    const state = keyState(app, key.state);
    return button(
      icon(login ? "login" : "sign", login ? "tint-login" : "tint-sign"),
      () => app.show(new KeyScreen(app, view, key)),
      { class: "row-button", attrs: { "data-keep": key.use } },
      h(
        "span",
        { class: "grow" },
        app.t(login ? "loginPin" : "signPin"),
        h(
          "span",
          { class: "quiet" },
          key.state === "ACTIVE"
            ? app.n("triesLeft", key.triesLeft)
            : key.lockedUntil && key.state === "LOCKED"
              ? app.t("lockedUntil", { time: app.tr.time(key.lockedUntil, new Date()) })
              : null,
        ),
        key.notAfter && h("span", { class: "quiet" }, app.t("certUntil", { date: app.tr.date(key.notAfter) })),
      ),
      h("span", { class: state.tag }, state.text),
      icon("chevron"),
    );
  }

  #recent(recent: readonly RecentApproval[]): HTMLElement {
    const { app } = this;
    if (recent.length === 0) return h("p", { class: "quiet" }, app.t("homeRecentNone"));
    return h(
      "ul",
      { class: "rows" },
      ...recent.slice(0, RECENT).map((one) => {
        const kind = one.kind === "AUTH" ? "historyLogin" : one.kind === "SIGN" ? "historySign" : "historyChoice";
        const outcome =
          one.outcome === "APPROVED"
            ? "historyApproved"
            : one.outcome === "REFUSED"
              ? "historyRefused"
              : "historyNotMe";
        const name = h("bdi", { class: "clip", attrs: { dir: "auto" } });
        name.textContent = one.rp.text;
        return h(
          "li",
          { class: "row" },
          icon(
            one.kind === "AUTH" ? "login" : one.kind === "SIGN" ? "sign" : "card",
            one.kind === "AUTH" ? "tint-login" : one.kind === "SIGN" ? "tint-sign" : "",
          ),
          h(
            "span",
            { class: "grow" },
            name,
            h("span", { class: "quiet" }, `${app.t(kind)}, ${app.tr.moment(one.at, new Date())}`),
          ),
          h("span", { class: one.outcome === "APPROVED" ? "tag" : "tag plain" }, app.t(outcome)),
        );
      }),
    );
  }
}

function nameTitle(name: string): HTMLElement {
  const heading = title("");
  heading.append(h("bdi", { attrs: { dir: "auto" } }, name));
  return heading;
}
