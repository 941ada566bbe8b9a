/**
 * What is asked, and the answer: log in (PIN1), sign (PIN2), or show a certificate (no PIN).
 *
 * Who asks, what for, the code and the keypad are on one screen, so that nobody types a PIN for something out of sight. The
 * stranger's words stand in boxes of limited height; everything of ours keeps its place whatever they contain.
 */

import type { Approved, Presented, Problem, RefusalReason, Waiting } from "../../engine/types.ts";
import type { App } from "../app.ts";
import { type Child, button, h } from "@countersign/page/dom";
import { icon } from "../icons.ts";
import { PinPad } from "../pin-pad.ts";
import { problemOf, problemText } from "../problems.ts";
import { Screen, note, title } from "../screen.ts";
import { Stranger } from "../stranger.ts";
import { type Outcome, OutcomeScreen, duration } from "./outcome.ts";
import { LinkedWaitScreen } from "./plain.ts";

/** When the end is near enough to be said aloud, in s. */
const WARN_AT = 30;

export class ApproveScreen extends Screen {
  protected override readonly look: string;
  #pad: PinPad | null = null;
  #chosen: string | null = null;
  #answering = false;
  #listedOnce = false;
  #warned = false;

  constructor(
    app: App,
    private readonly asked: Presented,
  ) {
    super(app);
    this.look = `approve ${asked.kind === "AUTH" ? "login" : asked.kind === "SIGN" ? "sign" : "choose"}`;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#tick();
    this.every(500, () => this.#tick());
  }

  protected override draw(): void {
    const { app, asked } = this;
    const signs = asked.kind === "SIGN";
    const heading =
      asked.kind === "AUTH"
        ? app.t("loginTitle")
        : signs
          ? app.t(asked.flow === "linked" ? "linkedTitle" : "signTitle")
          : app.t("choiceTitle");
    const asks = asked.kind === "AUTH" ? app.t("loginAsks") : signs ? app.t("signAsks") : app.t("choiceAsks");
    const name = new Stranger(asked.rp, "name");
    const request = h(
      "div",
      { class: "request" },
      h("div", { class: "asker" }, h("div", { class: "who" }, name), h("p", { class: "what" }, asks), this.#who()),
      asked.resumes && note("again", app.t("pendingAnswerText")),
      this.#code(),
      this.#message(),
      asked.kind === "CERT_CHOICE" && h("p", null, app.t("choiceText")),
    );
    this.fill(
      h(
        "div",
        { class: "band" },
        icon(asked.kind === "AUTH" ? "login" : signs ? "sign" : "card"),
        title(heading),
        h(
          "span",
          { class: "time", attrs: { role: "timer", "aria-label": app.t("timeLeft") } },
          icon("clock"),
          h("span", { class: "left" }),
        ),
      ),
      request,
      ...this.#answer(),
    );
    // Long texts can be scrolled by keyboard.
    requestAnimationFrame(() => {
      if (request.scrollHeight > request.clientHeight + 1) {
        request.tabIndex = 0;
        request.setAttribute("role", "group");
        request.setAttribute("aria-label", heading);
      }
    });
  }

  #who(): Child {
    const { app, asked } = this;
    if (asked.otherAccounts.length === 0 && asked.kind !== "CERT_CHOICE") return null;
    return h("p", { class: "what" }, h("bdi", { attrs: { dir: "auto" } }, app.t("askedAs", { name: asked.who.name })));
  }

  #code(): Child {
    const { app, asked } = this;
    if (asked.code !== null) {
      // Digit by digit for a screen reader.
      return h(
        "div",
        { class: "code" },
        h("p", null, app.t("codeCompare")),
        h(
          "strong",
          null,
          h("span", { attrs: { "aria-hidden": "true" } }, asked.code),
          h("span", { class: "heard" }, [...asked.code].join(" ")),
        ),
      );
    }
    if (!asked.codes) return null;
    const pick = (code: string) => {
      this.#chosen = code;
      this.#pad?.refresh();
    };
    return h(
      "fieldset",
      { class: "code-choice" },
      h("legend", { class: "legend" }, app.t("codeChoose")),
      h(
        "div",
        { class: "codes" },
        ...asked.codes.map((code) => {
          const input = h("input", {
            attrs: {
              type: "radio",
              name: "code",
              value: code,
              "aria-label": app.t("codeOption", { code: [...code].join(" ") }),
              checked: this.#chosen === code,
            },
            on: { change: () => pick(code) },
          });
          return h("label", { class: "choice" }, input, h("span", { attrs: { "aria-hidden": "true" } }, code));
        }),
      ),
    );
  }

  #message(): Child {
    const { app, asked } = this;
    const { text } = asked;
    if (!text) return null;
    const label = app.t("strangerText");
    return h(
      "section",
      { class: "message", attrs: { "aria-label": label } },
      h("h2", null, label),
      new Stranger(text, "text", label),
      (text.altered || text.cut) &&
        h(
          "p",
          { class: "quiet" },
          icon("alert"),
          h(
            "span",
            null,
            [text.altered ? app.t("strangerAltered") : "", text.cut ? app.t("strangerCut") : ""]
              .filter(Boolean)
              .join(" "),
          ),
        ),
    );
  }

  #answer(): Child[] {
    const { app, asked } = this;
    const refusals = h(
      "div",
      { class: "answers" },
      button(app.t("refuse"), () => void this.#refuse("USER"), { class: "link" }),
      button(app.t("notMe"), () => this.#askNotMe(), { class: "link" }),
    );
    const pin = asked.pin;
    if (pin === null) {
      return [
        h(
          "div",
          { class: "foot" },
          button(app.t("choiceConfirm"), () => void this.#approve(), { class: "button main" }),
        ),
        refusals,
      ];
    }
    const key = asked.key;
    if (key && (key.state === "LOCKED" || key.state === "BLOCKED"))
      return [this.#locked(pin, key.state, key.lockedUntil), refusals];
    const login = asked.kind === "AUTH";
    this.#pad = new PinPad(app, {
      label: app.t(login ? "loginPin" : "signPin"),
      confirm: app.t(login ? "loginConfirm" : "signConfirm"),
      min: asked.pinLength.min,
      max: asked.pinLength.max,
      blocked: () => (asked.codes && this.#chosen === null ? app.t("codeChooseFirst") : null),
      onConfirm: (typed) => void this.#approve(typed),
    });
    if (key && key.triesLeft > 0 && key.triesLeft < TRIES) this.#pad.remark(this.#triesText(key.triesLeft));
    return [this.#pad, refusals];
  }

  #locked(pin: "PIN1" | "PIN2", state: "LOCKED" | "BLOCKED", until: Date | null): HTMLElement {
    const { app } = this;
    const name = app.t(pin === "PIN1" ? "pin1Name" : "pin2Name");
    const box = h("div", { class: "body locked" });
    if (state === "BLOCKED" || !until) {
      box.append(
        h(
          "div",
          { class: "note bad" },
          icon("blocked"),
          h("span", null, h("strong", null, app.t("blockedTitle", { pin: name })), h("br"), app.t("blockedText")),
        ),
      );
      return box;
    }
    const clock = h("p", { class: "clock", attrs: { role: "timer" } });
    const show = () => {
      const left = until.getTime() - Date.now();
      clock.textContent = left > 0 ? duration(left) : "";
      // Time served: the pad comes back.
      if (left <= 0) void app.open(this.asked);
    };
    show();
    this.every(1000, show);
    box.append(
      h(
        "div",
        { class: "card countdown" },
        h("h2", null, app.t("lockedTitle", { pin: name })),
        h("p", { class: "quiet" }, app.t("lockedText")),
        clock,
      ),
    );
    return box;
  }

  #triesText(triesLeft: number): string {
    const { app } = this;
    const tries = app.n("triesLeft", triesLeft);
    return triesLeft === 1 ? `${tries}. ${app.t("lastTry")}` : tries;
  }

  // Time

  #tick(): void {
    const left = this.asked.expires.getTime() - Date.now();
    const place = this.querySelector(".left");
    if (place) place.textContent = duration(left);
    if (!this.#warned && left < WARN_AT * 1000) {
      this.#warned = true;
      this.app.say(this.app.t("expiresSoon", { n: WARN_AT }));
    }
    if (left <= 0 && !this.#answering) this.#end({ code: "TX_EXPIRED" });
  }

  /** What the service lists. A request that was there and has gone was withdrawn, or answered elsewhere. */
  listed(waiting: readonly Waiting[]): void {
    const there = waiting.some((one) => one.tx === this.asked.tx);
    if (there) this.#listedOnce = true;
    else if (this.#listedOnce && !this.#answering) void this.#lookAgain();
  }

  async #lookAgain(): Promise<void> {
    try {
      const { state } = await this.app.engine.open(this.asked);
      if (this.#answering || this.signal.aborted) return;
      if (state === "CANCELLED") this.#end({ code: "TX_CANCELLED" });
      else if (state === "EXPIRED") this.#end({ code: "TX_EXPIRED" });
      else if (state === "DONE" || state === "REFUSED" || state === "FAILED") this.#end({ code: "ALREADY_DONE" });
    } catch (error) {
      const problem = problemOf(error);
      if (!this.#answering && !this.signal.aborted && problem.code !== "OFFLINE") this.#end(problem);
    }
  }

  // Answers

  async #approve(pin?: string): Promise<void> {
    const { app, asked } = this;
    if (this.#answering) return;
    this.#answering = true;
    if (this.#pad) this.#pad.busy = true;
    app.say(app.t("working"));
    try {
      const approved = await app.engine.approve(asked, pin, this.#chosen ?? undefined);
      app.decided(asked.tx);
      this.#approved(approved);
    } catch (error) {
      this.#answering = false;
      if (this.signal.aborted) return;
      this.#failed(problemOf(error));
    }
  }

  #approved(approved: Approved): void {
    const { app, asked } = this;
    if (approved.awaitsSignature) {
      app.show(new LinkedWaitScreen(app));
      return;
    }
    const outcome: Outcome =
      asked.kind === "AUTH"
        ? {
            mood: "login",
            icon: "check",
            title: () => app.t("doneLoginTitle"),
            text: () => app.t("doneLoginText"),
            callback: approved.callback,
          }
        : asked.kind === "SIGN"
          ? {
              mood: "sign",
              icon: "check",
              title: () => app.t("doneSignTitle"),
              text: () => app.t("doneSignText"),
              callback: approved.callback,
            }
          : {
              mood: "good",
              icon: "check",
              title: () => app.t("historyChoice"),
              text: () => app.t("choiceDoneText"),
              callback: approved.callback,
            };
    app.show(new OutcomeScreen(app, outcome));
  }

  #failed(problem: Problem): void {
    const { app, asked } = this;
    const pad = this.#pad;
    switch (problem.code) {
      case "WRONG_PIN": {
        const text = `${app.t("wrongPin")} ${this.#triesText(problem.triesLeft)}`;
        if (pad) {
          pad.busy = false;
          pad.fail(text);
        }
        return;
      }
      case "OFFLINE":
      case "BUSY":
      case "IN_PROGRESS":
      case "PASSKEY":
      case "STORAGE":
      case "CLOCK":
        if (pad && !(problem.code === "PASSKEY" && problem.gone)) {
          pad.busy = false;
          pad.fail(problem.code === "OFFLINE" ? app.t("errorMaybe") : problemText(problem, app.tr));
          return;
        }
        break;
      default:
        break;
    }
    app.decided(asked.tx);
    app.problem(problem, asked.pin);
  }

  #end(problem: Problem): void {
    this.app.decided(this.asked.tx);
    this.app.problem(problem, this.asked.pin);
  }

  #askNotMe(): void {
    const { app } = this;
    const dialog = h(
      "dialog",
      { class: "sheet", attrs: { "aria-labelledby": "not-me" } },
      h("h2", { id: "not-me", class: "sheet-title" }, app.t("notMeTitle")),
      h("p", null, app.t("notMeText")),
      h(
        "div",
        { class: "stack" },
        button(
          app.t("notMeConfirm"),
          () => {
            dialog.close();
            void this.#refuse("NOT_ME");
          },
          { class: "button stop" },
        ),
        button(app.t("back"), () => dialog.close(), { class: "button" }),
      ),
    );
    dialog.addEventListener("close", () => dialog.remove());
    this.append(dialog);
    dialog.showModal();
  }

  async #refuse(reason: RefusalReason): Promise<void> {
    const { app, asked } = this;
    if (this.#answering) return;
    this.#answering = true;
    if (this.#pad) this.#pad.busy = true;
    try {
      const ended = await app.engine.refuse(asked, reason);
      app.decided(asked.tx);
      const reported = reason === "NOT_ME";
      app.show(
        new OutcomeScreen(app, {
          mood: "plain",
          icon: reported ? "alert" : "close",
          title: () => app.t(reported ? "reportedTitle" : "refusedTitle"),
          text: () => app.t(reported ? "reportedText" : "refusedText"),
          callback: ended.callback,
        }),
      );
    } catch (error) {
      this.#answering = false;
      if (this.signal.aborted) return;
      const problem = problemOf(error);
      if (problem.code === "OFFLINE" || problem.code === "BUSY" || problem.code === "IN_PROGRESS") {
        if (this.#pad) {
          this.#pad.busy = false;
          this.#pad.fail(problemText(problem, app.tr));
        } else app.alert(problemText(problem, app.tr));
      } else this.#end(problem);
    }
  }
}

/** Tries before a key locks; with fewer left the pad says so from the start. */
const TRIES = 3;
