/** How something ended: one layout, every end. */

import type { Problem } from "../../engine/types.ts";
import type { App } from "../app.ts";
import { type Child, button, h } from "@countersign/page/dom";
import { type IconName, icon } from "../icons.ts";
import { problemText } from "../problems.ts";
import { Screen, title } from "../screen.ts";

export interface Outcome {
  readonly mood: "good" | "bad" | "plain" | "login" | "sign";
  readonly icon: IconName;
  readonly title: () => string;
  readonly text: () => string;
  /** Further paragraphs, small. */
  readonly more?: () => readonly string[];
  /** Counts down to this time. */
  readonly until?: Date;
  /** The way back to the e-service. */
  readonly callback?: string | null;
  readonly actions?: () => readonly Child[];
}

/** How long the result is seen before the browser goes back to the e-service, in ms. */
const BACK_AFTER = 900;

export class OutcomeScreen extends Screen {
  protected override readonly look = "outcome";
  #left = false;

  override get interruptible(): boolean {
    return !this.outcome.callback;
  }

  constructor(
    app: App,
    private readonly outcome: Outcome,
  ) {
    super(app);
  }

  protected override draw(): void {
    const { app, outcome } = this;
    const callback = outcome.callback ?? null;
    const body = h(
      "div",
      { class: "body" },
      h("div", { class: `seal ${outcome.mood}` }, icon(outcome.icon)),
      title(outcome.title()),
      h("p", { class: "lead" }, outcome.text()),
    );
    if (outcome.until) body.append(this.#countdown(outcome.until));
    for (const text of outcome.more?.() ?? []) body.append(h("p", { class: "quiet" }, text));
    const foot = h("div", { class: "foot" });
    if (callback) {
      body.append(h("p", { class: "quiet" }, app.t("backSoon", { host: hostOf(callback) })));
      foot.append(
        h(
          "a",
          { class: "button main", attrs: { href: callback, target: app.framed ? "_top" : false, rel: "noreferrer" } },
          app.t("backToService"),
        ),
      );
    }
    for (const action of outcome.actions?.() ?? []) if (action) foot.append(action);
    foot.append(
      button(app.t(outcome.actions || callback ? "toHome" : "done"), () => app.home(), {
        class: callback || outcome.actions ? "button" : "button main",
      }),
    );
    this.fill(this.top(null), body, foot);
    if (callback && !this.#left) {
      this.#left = true;
      this.later(BACK_AFTER, () => app.leaveTo(callback));
    }
  }

  #countdown(until: Date): HTMLElement {
    const clock = h("p", { class: "clock", attrs: { role: "timer" } });
    const show = () => {
      const left = until.getTime() - Date.now();
      clock.textContent = left > 0 ? duration(left) : this.app.t("lockedOver");
    };
    show();
    this.every(1000, show);
    return h(
      "div",
      { class: "card countdown" },
      clock,
      h("p", { class: "quiet" }, this.app.t("lockedUntil", { time: this.app.tr.time(until, new Date()) })),
    );
  }
}

/** `2:59:07` or `1:05`. */
export function duration(ms: number): string {
  const all = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return "";
  }
}

/** The end that a problem is. */
export function outcomeOf(app: App, problem: Problem, pin: "PIN1" | "PIN2" | null, retry?: () => void): Outcome {
  const name = () => (pin === null ? "PIN" : app.t(pin === "PIN1" ? "pin1Name" : "pin2Name"));
  const again = () => [button(app.t("registerAgain"), () => app.registerAgain(), { class: "button main" })];
  const text = () => problemText(problem, app.tr);
  switch (problem.code) {
    case "LOCKED":
      return {
        mood: "bad",
        icon: "lock",
        title: () => app.t("lockedTitle", { pin: name() }),
        text,
        until: problem.until,
        more: () => [app.t("lockedForgotten")],
      };
    case "BLOCKED":
      return {
        mood: "bad",
        icon: "blocked",
        title: () => app.t("blockedTitle", { pin: name() }),
        text,
        actions: again,
      };
    case "CLONE_SUSPECT":
      return { mood: "plain", icon: "again", title: () => app.t("cloneTitle"), text, actions: again };
    case "UNKNOWN_DEVICE":
      return { mood: "plain", icon: "again", title: () => app.t("cloneTitle"), text, actions: again };
    case "TX_EXPIRED":
      return { mood: "plain", icon: "clock", title: () => app.t("expiredTitle"), text };
    case "TX_CANCELLED":
      return { mood: "plain", icon: "close", title: () => app.t("cancelledTitle"), text };
    case "ALREADY_DONE":
      return { mood: "plain", icon: "check", title: () => app.t("elsewhereTitle"), text };
    case "WRONG_CODE":
      return { mood: "bad", icon: "alert", title: () => app.t("wrongCodeTitle"), text };
    default: {
      const detail = "detail" in problem ? problem.detail : null;
      return {
        mood: "bad",
        icon: problem.code === "OFFLINE" ? "offline" : "alert",
        title: () => app.t("errorTitle"),
        text,
        ...(detail && { more: () => [app.t("errorDetail", { detail })] }),
        ...(retry && { actions: () => [button(app.t("tryAgain"), retry, { class: "button main" })] }),
      };
    }
  }
}
