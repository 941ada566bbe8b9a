/** One key: its state, its certificate, and the change of its PIN. */

import type { AccountSummary, CertificateView, KeyState, KeyUse, KeyView } from "../../engine/types.ts";
import type { App } from "../app.ts";
import { button, h } from "@countersign/page/dom";
import { icon } from "../icons.ts";
import { Screen, note, title } from "../screen.ts";
import { duration } from "./outcome.ts";
import { PinChangeScreen } from "./pin-change.ts";

/** The word for a state, and whether it is one to worry about. */
export function keyState(app: App, state: KeyState): { text: string; tag: "tag" | "tag bad" | "tag plain" } {
  switch (state) {
    case "ACTIVE":
      return { text: app.t("stateActive"), tag: "tag" };
    case "PENDING":
      return { text: app.t("statePending"), tag: "tag plain" };
    case "LOCKED":
      return { text: app.t("stateLocked"), tag: "tag bad" };
    case "BLOCKED":
      return { text: app.t("stateBlocked"), tag: "tag bad" };
    case "CLONE_SUSPECT":
      return { text: app.t("stateClone"), tag: "tag bad" };
    case "REVOKED":
      return { text: app.t("stateRevoked"), tag: "tag bad" };
    case "EXPIRED":
      return { text: app.t("stateExpired"), tag: "tag bad" };
  }
}

/** A certificate in short: whose, by whom, from when to when. */
export function certificateCard(app: App, use: KeyUse, certificate: CertificateView): HTMLElement {
  const login = use === "AUTH";
  return h(
    "section",
    { class: `card certificate ${login ? "login" : "sign"}` },
    h("h2", null, icon(login ? "login" : "sign"), app.t(login ? "certLogin" : "certSign")),
    h("p", { class: "holder" }, h("bdi", { attrs: { dir: "auto" } }, commonName(certificate))),
    h("p", { class: "quiet" }, app.t("certUntil", { date: app.tr.date(certificate.notAfter) })),
    h("p", { class: "quiet" }, app.t("certIssuer", { name: certificate.issuer })),
  );
}

function commonName(certificate: CertificateView): string {
  return certificate.subject.find((part) => part.name === "CN")?.value ?? "";
}

export class KeyScreen extends Screen {
  constructor(
    app: App,
    private readonly account: AccountSummary,
    private readonly key: KeyView,
  ) {
    super(app);
  }

  override get interruptible(): boolean {
    return true;
  }

  protected override draw(): void {
    const { app, key } = this;
    const login = key.use === "AUTH";
    const state = keyState(app, key.state);
    const pin = app.t(login ? "pin1Name" : "pin2Name");
    const body = h(
      "div",
      { class: `body ${login ? "login" : "sign"}` },
      title(app.t(login ? "keyLogin" : "keySign")),
      h(
        "div",
        { class: "rows" },
        h(
          "div",
          { class: "row" },
          icon(login ? "login" : "sign"),
          h("span", { class: "grow" }, pin, h("span", { class: "quiet" }, app.n("triesLeft", key.triesLeft))),
          h("span", { class: state.tag }, state.text),
        ),
      ),
    );
    if (key.state === "LOCKED" && key.lockedUntil) body.append(this.#lock(key.lockedUntil));
    if (key.state === "BLOCKED") body.append(note("blocked", app.t("blockedText"), true));
    if (key.pinChangeOpen) body.append(note("again", app.t("pinChangeOpenText")));
    if (key.certificate) body.append(h("h2", null, app.t("certificates")), this.#details(key.certificate));
    const foot = h("div", { class: "foot" });
    if (key.state === "ACTIVE") {
      const label = key.pinChangeOpen ? app.t("pinChangeFinish") : app.t(login ? "pinChange1" : "pinChange2");
      foot.append(
        button(label, () => app.show(new PinChangeScreen(app, this.account.id, key.use, key.pinChangeOpen)), {
          class: "button",
        }),
      );
    }
    this.fill(
      this.top(() => void app.home()),
      body,
      foot,
    );
  }

  #lock(until: Date): HTMLElement {
    const clock = h("strong", { attrs: { role: "timer" } });
    const show = () => {
      const left = until.getTime() - Date.now();
      clock.textContent = left > 0 ? duration(left) : this.app.t("lockedOver");
    };
    show();
    this.every(1000, show);
    return h("p", { class: "note bad" }, icon("lock"), h("span", null, this.app.t("lockedText"), " ", clock));
  }

  #details(certificate: CertificateView): HTMLElement {
    const { app } = this;
    const row = (name: string, value: string, long = false) =>
      h(
        "div",
        null,
        h("dt", { class: "quiet" }, name),
        h("dd", { class: long ? "long" : "" }, h("bdi", { attrs: { dir: "auto" } }, value)),
      );
    return h(
      "dl",
      { class: "card details" },
      ...certificate.subject.map((part) =>
        row(SUBJECT[part.name] ? app.t(SUBJECT[part.name]!) : part.name, part.value),
      ),
      row(app.t("certIssuedBy"), certificate.issuer),
      row(app.t("certFrom"), app.tr.date(certificate.notBefore)),
      row(app.t("certTo"), app.tr.date(certificate.notAfter)),
      row(app.t("certNumber"), certificate.serialNumber, true),
    );
  }
}

/** The names of attributes of a subject that people have words for; others are shown by their short name. */
const SUBJECT: Record<
  string,
  "subjectName" | "subjectGiven" | "subjectSurname" | "subjectCountry" | "personalCode" | undefined
> = {
  CN: "subjectName",
  GN: "subjectGiven",
  givenName: "subjectGiven",
  SN: "subjectSurname",
  surname: "subjectSurname",
  C: "subjectCountry",
  serialNumber: "personalCode",
};
