/** The change of a PIN: the present one, the new one twice. */

import type { AccountId, KeyUse } from "../../engine/types.ts";
import type { App } from "../app.ts";
import { h } from "@countersign/page/dom";
import { icon } from "../icons.ts";
import { PinPad } from "../pin-pad.ts";
import { problemOf, problemText } from "../problems.ts";
import { Screen, note, title } from "../screen.ts";
import { PIN_LENGTH, faultText } from "./enrol.ts";
import { OutcomeScreen } from "./outcome.ts";

type Step = "OLD" | "NEW" | "REPEAT";

export class PinChangeScreen extends Screen {
  protected override readonly look: string;
  #step: Step = "OLD";
  #old = "";
  #fresh = "";
  #pad: PinPad | null = null;

  /** `open`: a change that stopped midway; the same PINs finish it. */
  constructor(
    app: App,
    private readonly account: AccountId,
    private readonly use: KeyUse,
    private readonly open: boolean,
  ) {
    super(app);
    this.look = `pin-screen ${use === "AUTH" ? "login" : "sign"}`;
  }

  static done(app: App, use: KeyUse): OutcomeScreen {
    const pin = () => app.t(use === "AUTH" ? "pin1Name" : "pin2Name");
    return new OutcomeScreen(app, {
      mood: "good",
      icon: "check",
      title: () => app.t("pinChangeDone", { pin: pin() }),
      text: () => app.t("pinChangeDoneText"),
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#old = this.#fresh = "";
  }

  protected override draw(): void {
    this.#drawStep("");
  }

  #go(step: Step, fault = ""): void {
    this.#step = step;
    this.#drawStep(fault);
    this.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }

  #drawStep(fault: string): void {
    const { app, use } = this;
    const pin = app.t(use === "AUTH" ? "pin1Name" : "pin2Name");
    const step = this.#step;
    const ask = app.t(step === "OLD" ? "pinChangeOld" : step === "NEW" ? "pinChangeNew" : "pinChangeRepeat", { pin });
    const pad = new PinPad(app, {
      label: pin,
      confirm: app.t("next"),
      ...PIN_LENGTH[use],
      onConfirm: (typed) => this.#typed(typed),
    });
    this.#pad = pad;
    const back = () => {
      if (step === "OLD") void app.home();
      else this.#go("OLD");
    };
    this.fill(
      this.top(back),
      h("div", { class: "band" }, icon(use === "AUTH" ? "login" : "sign"), title(app.t("pinChangeTitle", { pin }))),
      h(
        "div",
        { class: "request" },
        this.open && note("again", app.t("pinChangeOpenText")),
        h("p", { attrs: { role: "status" } }, h("strong", null, ask)),
        step === "NEW" &&
          h(
            "p",
            { class: "quiet" },
            app.t(use === "AUTH" ? "pin1ChooseText" : "pin2ChooseText", { n: PIN_LENGTH[use].min }),
          ),
        step === "OLD" && h("p", { class: "quiet" }, app.t("lockedForgotten")),
      ),
      pad,
      h("div", { class: "answers" }),
    );
    if (fault) pad.fail(fault);
  }

  #typed(pin: string): void {
    const { app, use } = this;
    if (this.#step === "OLD") {
      this.#old = pin;
      this.#go("NEW");
    } else if (this.#step === "NEW") {
      const fault = app.engine.weakPin(pin, use);
      if (fault) this.#go("NEW", faultText(app, fault, use));
      else if (pin === this.#old) this.#go("NEW", app.t("pinChangeSame"));
      else {
        this.#fresh = pin;
        this.#go("REPEAT");
      }
    } else if (pin !== this.#fresh) {
      this.#go("NEW", app.t("pinDiffers"));
    } else void this.#change();
  }

  async #change(): Promise<void> {
    const { app, use } = this;
    if (this.#pad) this.#pad.busy = true;
    app.say(app.t("pinChangeWorking"));
    try {
      await app.engine.changePin(this.account, use, this.#old, this.#fresh);
      app.show(PinChangeScreen.done(app, use));
    } catch (error) {
      if (this.signal.aborted) return;
      const problem = problemOf(error);
      switch (problem.code) {
        case "WRONG_PIN":
          this.#go("OLD", `${app.t("wrongPin")} ${app.n("triesLeft", problem.triesLeft)}`);
          return;
        case "PIN_NOT_ALLOWED":
          this.#go("NEW", faultText(app, problem.fault, use));
          return;
        case "OFFLINE":
        case "BUSY":
        case "IN_PROGRESS":
          // The same PINs again: the engine finishes what was begun.
          this.#go("REPEAT", problemText(problem, app.tr));
          return;
        default:
          app.problem(problem, use === "AUTH" ? "PIN1" : "PIN2");
      }
    }
  }
}
