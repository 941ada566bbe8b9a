/** Enrolment: from an activation code to two keys and their certificates. */

import type { AccountId, EnrolProgress, EnrolStep, Enrolled, KeyUse, PinFault } from "../../engine/types.ts";
import type { App } from "../app.ts";
import { type Child, button, h } from "@countersign/page/dom";
import { icon } from "../icons.ts";
import { PinPad } from "../pin-pad.ts";
import { problemOf, problemText } from "../problems.ts";
import { Screen, note, title } from "../screen.ts";
import { certificateCard } from "./key.ts";

/** Lengths of a PIN, in digits: the service's, known before it is asked. */
export const PIN_LENGTH: Record<KeyUse, { min: number; max: number }> = {
  AUTH: { min: 4, max: 12 },
  SIGN: { min: 5, max: 12 },
};

/** What a person is told of a PIN that cannot be chosen. */
export function faultText(app: App, fault: PinFault, use: KeyUse): string {
  switch (fault) {
    case "NOT_DIGITS":
    case "TOO_SHORT":
      return app.t("weakShort", { n: PIN_LENGTH[use].min });
    case "TOO_LONG":
      return app.t("weakLong", { n: PIN_LENGTH[use].max });
    case "WEAK":
      return app.t("weakGuessed");
    case "SAME":
      return app.t("weakSame");
  }
}

type Stage =
  | { readonly at: "PIN"; readonly use: KeyUse; readonly first: string | null }
  | { readonly at: "PASSKEY" }
  | { readonly at: "KEYS"; readonly progress: EnrolProgress | null; readonly fault: string | null }
  | { readonly at: "WORDS"; readonly enrolled: Enrolled }
  | { readonly at: "DIFFER"; readonly enrolled: Enrolled }
  | { readonly at: "PENDING"; readonly enrolled: Enrolled }
  | { readonly at: "READY"; readonly enrolled: Enrolled };

const STEPS = 5;

export class EnrolFlow extends Screen {
  #stage: Stage;
  #pin1 = "";
  #pin2 = "";
  #resume: AccountId | null = null;
  #code: string | null = null;
  #announced = "";

  static begin(app: App, code: string): EnrolFlow {
    const flow = new EnrolFlow(app, { at: "PIN", use: "AUTH", first: null });
    flow.#code = code;
    return flow;
  }

  /** An enrolment that stopped midway. */
  static resume(app: App, account: AccountId): EnrolFlow {
    const flow = new EnrolFlow(app, { at: "PIN", use: "AUTH", first: null });
    flow.#resume = account;
    return flow;
  }

  /** Use `begin` or `resume`. */
  constructor(app: App, stage: Stage) {
    super(app);
    this.#stage = stage;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#pin1 = this.#pin2 = "";
  }

  #go(stage: Stage): void {
    this.#stage = stage;
    this.draw();
    this.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }

  protected override draw(): void {
    const stage = this.#stage;
    this.className = "screen";
    switch (stage.at) {
      case "PIN":
        return this.#drawPin(stage.use, stage.first);
      case "PASSKEY":
        return this.#drawPasskey();
      case "KEYS":
        return this.#drawKeys(stage.progress, stage.fault);
      case "WORDS":
        return this.#drawWords(stage.enrolled);
      case "DIFFER":
        return this.#drawDiffer(stage.enrolled);
      case "PENDING":
        return this.#drawPending(stage.enrolled);
      case "READY":
        return this.#drawReady(stage.enrolled);
    }
  }

  #progressBar(step: number): HTMLElement {
    const label = this.app.t("step", { n: step, total: STEPS });
    const bar = h("div", { class: "steps", attrs: { role: "img", "aria-label": label } });
    for (let n = 1; n <= STEPS; n++) bar.append(h("i", { class: n <= step ? "past" : "" }));
    return bar;
  }

  // PINs

  #drawPin(use: KeyUse, first: string | null, problem = ""): void {
    const { app } = this;
    const [one, length] = [use === "AUTH", PIN_LENGTH[use]];
    const again = first !== null;
    this.className = `screen pin-screen ${one ? "login" : "sign"}`;
    const heading = again
      ? app.t(one ? "pin1RepeatTitle" : "pin2RepeatTitle")
      : app.t(one ? "pin1ChooseTitle" : "pin2ChooseTitle");
    const text = again
      ? app.t("pinRepeatText")
      : one
        ? app.t("pin1ChooseText", { n: length.min })
        : app.t("pin2ChooseText", { n: length.min });
    const pad: PinPad = new PinPad(app, {
      label: app.t(one ? "pin1Name" : "pin2Name"),
      confirm: app.t("next"),
      ...length,
      onConfirm: (pin) => this.#typed(use, first, pin, pad),
    });
    const back = () => {
      if (again) this.#go({ at: "PIN", use, first: null });
      else if (!one) this.#go({ at: "PIN", use: "AUTH", first: null });
      else void app.home();
    };
    this.fill(
      this.top(back, this.#progressBar(one ? 1 : 2)),
      h("div", { class: "band" }, icon(one ? "login" : "sign"), title(heading)),
      h(
        "div",
        { class: "request" },
        this.#resume !== null && one && !again && note("again", app.t("unfinishedText")),
        h("p", null, text),
        !again && h("p", { class: "quiet" }, app.t("pinNeverStored")),
      ),
      pad,
      h("div", { class: "answers" }),
    );
    if (problem) pad.fail(problem);
  }

  #typed(use: KeyUse, first: string | null, pin: string, pad: PinPad): void {
    const { app } = this;
    if (first === null) {
      const fault = use === "AUTH" ? app.engine.weakPin(pin, use) : app.engine.weakPin(pin, use, this.#pin1);
      if (fault) pad.fail(faultText(app, fault, use));
      else this.#go({ at: "PIN", use, first: pin });
      return;
    }
    if (first !== pin) {
      this.#stage = { at: "PIN", use, first: null };
      this.#drawPin(use, null, app.t("pinDiffers"));
      return;
    }
    if (use === "AUTH") {
      this.#pin1 = pin;
      this.#go({ at: "PIN", use: "SIGN", first: null });
    } else {
      this.#pin2 = pin;
      void this.#afterPins();
    }
  }

  // Passkey

  async #afterPins(): Promise<void> {
    const possible = await this.app.engine.passkeyAvailable().catch(() => false);
    if (possible) this.#go({ at: "PASSKEY" });
    else void this.#make(false);
  }

  #drawPasskey(): void {
    const { app } = this;
    this.fill(
      this.top(() => this.#go({ at: "PIN", use: "SIGN", first: null }), this.#progressBar(2)),
      h(
        "div",
        { class: "body" },
        h("div", { class: "seal plain" }, icon("lock")),
        title(app.t("passkeyTitle")),
        h("p", { class: "lead" }, app.t("passkeyText")),
        note("alert", app.t("passkeyLoss")),
      ),
      h(
        "div",
        { class: "foot" },
        button(app.t("passkeyYes"), () => void this.#make(true), { class: "button main" }),
        button(app.t("passkeyNo"), () => void this.#make(false), { class: "button" }),
      ),
    );
  }

  // Keys

  async #make(passkey: boolean): Promise<void> {
    this.#go({ at: "KEYS", progress: null, fault: null });
    const { app } = this;
    try {
      const enrolled = await app.engine.enrol({
        ...(this.#resume !== null ? { resume: this.#resume } : { activationCode: this.#code ?? "" }),
        pin1: this.#pin1,
        pin2: this.#pin2,
        passkey,
        onProgress: (progress) => {
          this.#resume = progress.account;
          this.#stage = { at: "KEYS", progress, fault: null };
          this.#showProgress(progress);
        },
      });
      this.#pin1 = this.#pin2 = "";
      app.account = enrolled.account;
      void app.push?.renew();
      this.#go({ at: "WORDS", enrolled });
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code === "PIN_NOT_ALLOWED") {
        this.#stage = { at: "PIN", use: problem.use, first: null };
        this.#drawPin(problem.use, null, faultText(app, problem.fault, problem.use));
        return;
      }
      if (problem.code === "WRONG_PIN" && problem.use) {
        this.#stage = { at: "PIN", use: problem.use, first: null };
        this.#drawPin(problem.use, null, `${app.t("wrongPin")} ${app.n("triesLeft", problem.triesLeft)}`);
        return;
      }
      if (
        problem.code === "ACTIVATION_INVALID" ||
        problem.code === "CLONE_SUSPECT" ||
        problem.code === "UNKNOWN_DEVICE"
      ) {
        app.problem(problem, null);
        return;
      }
      this.#retry = () => void this.#make(passkey);
      this.#go({ at: "KEYS", progress: null, fault: problemText(problem, app.tr) });
    }
  }

  #retry: (() => void) | null = null;

  #drawKeys(progress: EnrolProgress | null, fault: string | null): void {
    const { app } = this;
    if (fault !== null) {
      this.fill(
        this.top(null, this.#progressBar(3)),
        h(
          "div",
          { class: "body" },
          h("div", { class: "seal bad" }, icon("alert")),
          title(app.t("keysFailedTitle")),
          h("p", { class: "lead" }, fault),
          h("p", { class: "quiet" }, app.t("keysFailedText")),
        ),
        h(
          "div",
          { class: "foot" },
          button(app.t("tryAgain"), () => this.#retry?.(), { class: "button main" }),
          button(app.t("cancel"), () => void app.home(), { class: "button" }),
        ),
      );
      return;
    }
    this.fill(
      this.top(null, this.#progressBar(3)),
      h(
        "div",
        { class: "body" },
        title(app.t("keysTitle")),
        h("p", { class: "lead" }, app.t("keysText")),
        h(
          "div",
          {
            class: "meter",
            attrs: {
              role: "progressbar",
              "aria-label": app.t("keysTitle"),
              "aria-valuemin": 0,
              "aria-valuemax": 100,
              "aria-valuenow": 0,
            },
          },
          h("i"),
        ),
        h(
          "ul",
          { class: "rows" },
          keyRow("login", app.t("keyLogin"), "auth"),
          keyRow("sign", app.t("keySign"), "sign"),
          keyRow("card", app.t("certificates"), "certificates"),
        ),
        h("div", { class: "words-box" }),
      ),
    );
    this.#showProgress(progress);
  }

  #showProgress(progress: EnrolProgress | null): void {
    const { app } = this;
    const meter = this.querySelector(".meter");
    if (!meter) return;
    const fraction = progress?.fraction ?? 0;
    meter.setAttribute("aria-valuenow", String(Math.round(fraction * 100)));
    const bar = meter.querySelector<HTMLElement>("i");
    if (bar) bar.style.inlineSize = `${Math.round(fraction * 1000) / 10}%`;
    const step: EnrolStep = progress?.step ?? "ACTIVATE";
    const rank = RANK[step];
    const state = (make: EnrolStep, prove: EnrolStep, ready: number): string => {
      if (rank >= ready) return app.t("keyReady");
      if (step === prove) return app.t("keyProving");
      return step === make ? app.t("keyMaking") : app.t("keyWaiting");
    };
    this.#showState("auth", state("KEY_AUTH", "PROOF_AUTH", RANK.KEY_SIGN), rank >= RANK.KEY_SIGN);
    this.#showState("sign", state("KEY_SIGN", "PROOF_SIGN", RANK.CERTIFICATES), rank >= RANK.CERTIFICATES);
    const certificates =
      rank >= RANK.DONE
        ? app.t("keyReady")
        : app.t(step === "CERTIFICATES" ? "keysCertifying" : step === "ACTIVATE" ? "keysActivating" : "keyWaiting");
    this.#showState("certificates", certificates, rank >= RANK.DONE);
    if (step !== this.#announced) {
      this.#announced = step;
      app.say(`${Math.round(fraction * 100)} %`);
    }
  }

  #showState(row: string, text: string, ready: boolean): void {
    const place = this.querySelector(`[data-row="${row}"]`);
    if (!place) return;
    place.textContent = text;
    place.className = ready ? "tag" : "tag plain";
  }

  // Words

  #drawWords(enrolled: Enrolled): void {
    const { app } = this;
    this.fill(
      this.top(null, this.#progressBar(4)),
      h(
        "div",
        { class: "body" },
        title(app.t("wordsTitle")),
        h("p", { class: "lead" }, app.t("wordsText")),
        wordList(enrolled.words),
        h("p", { class: "quiet" }, app.t("wordsAlone")),
      ),
      h(
        "div",
        { class: "foot" },
        button(
          app.t("wordsSame"),
          () => this.#go({ at: enrolled.state === "CERTIFIED" ? "READY" : "PENDING", enrolled }),
          { class: "button main" },
        ),
        button(app.t("wordsDiffer"), () => this.#go({ at: "DIFFER", enrolled }), { class: "button" }),
      ),
    );
  }

  #drawDiffer(enrolled: Enrolled): void {
    const { app } = this;
    const stop = async () => {
      try {
        await app.engine.revoke(enrolled.account, "ACCOUNT");
        await app.registerAgain();
      } catch (error) {
        app.problem(problemOf(error), null, () => void stop());
      }
    };
    this.fill(
      this.top(() => this.#go({ at: "WORDS", enrolled })),
      h(
        "div",
        { class: "body" },
        h("div", { class: "seal bad" }, icon("alert")),
        title(app.t("wordsDifferTitle")),
        h("p", { class: "lead" }, app.t("wordsDifferText")),
      ),
      h(
        "div",
        { class: "foot" },
        button(app.t("revokeMenu"), () => void stop(), { class: "button stop" }),
      ),
    );
  }

  #drawPending(enrolled: Enrolled): void {
    const { app } = this;
    this.fill(
      this.top(null, this.#progressBar(4)),
      h(
        "div",
        { class: "body" },
        h("div", { class: "seal plain" }, icon("clock")),
        title(app.t("pendingTitle")),
        h("p", { class: "lead" }, app.t("pendingText")),
        wordList(enrolled.words),
      ),
      h(
        "div",
        { class: "foot" },
        button(app.t("toHome"), () => void app.home(), { class: "button" }),
      ),
    );
    this.every(5000, () => {
      app.engine.account(enrolled.account).then(
        (account) => {
          if (account.state === "CERTIFIED" && this.#stage.at === "PENDING") this.#go({ at: "READY", enrolled });
        },
        () => undefined,
      );
    });
  }

  #drawReady(enrolled: Enrolled): void {
    const { app } = this;
    const cards = h("div", { class: "stack" });
    this.fill(
      this.top(null, this.#progressBar(5)),
      h(
        "div",
        { class: "body" },
        h("div", { class: "seal good" }, icon("check")),
        title(app.t("readyTitle")),
        h("p", { class: "lead" }, app.t("readyText")),
        cards,
        !enrolled.persisted && note("alert", app.t("notPersisted")),
      ),
      h(
        "div",
        { class: "foot" },
        button(app.t("readyButton"), () => void app.home(), { class: "button main" }),
      ),
    );
    app.engine.account(enrolled.account).then(
      (account) => {
        for (const key of account.keys)
          if (key.certificate) cards.append(certificateCard(app, key.use, key.certificate));
      },
      () => undefined,
    );
  }
}

/** The order of the steps. */
const RANK: Record<EnrolStep, number> = {
  ACTIVATE: 0,
  WORDS: 1,
  KEY_AUTH: 2,
  PROOF_AUTH: 3,
  KEY_SIGN: 4,
  PROOF_SIGN: 5,
  CERTIFICATES: 6,
  DONE: 7,
};

function keyRow(name: "login" | "sign" | "card", label: string, row: string): Child {
  return h(
    "li",
    { class: "row" },
    icon(name),
    h("span", { class: "grow" }, label),
    h("span", { class: "tag plain", attrs: { "data-row": row } }),
  );
}

/** Words in their order, numbered. They are of no language: to be read out as they are written. */
export function wordList(words: readonly string[]): HTMLElement {
  return h("ol", { class: "words", attrs: { translate: "no" } }, ...words.map((word) => h("li", null, word)));
}
