/** What a person is told of each problem, in one list. */

import { PhoneError, type Problem } from "../engine/types.ts";
import type { Translation } from "../i18n/index.ts";

/** The problem inside an error. The engine throws nothing else; what does come otherwise is our own mistake. */
export function problemOf(error: unknown): Problem {
  if (error instanceof PhoneError) return error.problem;
  // Which kind of error, never its message: that may quote a value.
  return { code: "UNEXPECTED", detail: error instanceof Error ? error.name : "unknown" };
}

/** A sentence for a problem that has no screen of its own. */
export function problemText(problem: Problem, tr: Translation): string {
  switch (problem.code) {
    case "WRONG_PIN":
      return `${tr.t("wrongPin")} ${tr.n("triesLeft", problem.triesLeft)}`;
    case "LOCKED":
      return tr.t("lockedText");
    case "BLOCKED":
      return tr.t("blockedText");
    case "CLONE_SUSPECT":
      return tr.t("cloneText");
    case "TX_EXPIRED":
      return tr.t("expiredText");
    case "TX_CANCELLED":
      return tr.t("cancelledText");
    case "ALREADY_DONE":
      return tr.t("elsewhereText");
    case "WRONG_CODE":
      return tr.t("wrongCodeText");
    case "IN_PROGRESS":
      return tr.t("errorBusy");
    case "OFFLINE":
      return tr.t("errorOffline");
    case "BUSY":
      return tr.t("errorWait");
    case "UPGRADE_REQUIRED":
      return tr.t("errorUpgrade");
    case "UNKNOWN_DEVICE":
      return tr.t("errorUnknownDevice");
    case "ACTIVATION_INVALID":
      return tr.t("activateInvalid");
    case "KEY_REFUSED":
      return tr.t("errorKeyRefused");
    case "LINK_INVALID":
      return tr.t("linkInvalid");
    case "LINK_STALE":
      return tr.t("linkStale");
    case "LINK_TAKEN":
      return tr.t("linkTaken");
    case "LINK_NO_CALLBACK":
      return tr.t("linkNoWayBack");
    case "LINK_UNREADABLE":
      return tr.t("scanForeign");
    case "WRONG_PERSON":
      return tr.t("linkOther");
    case "NO_INTERACTION":
      return tr.t("errorInteraction");
    case "MALFORMED_TRANSACTION":
      return tr.t("errorMalformed");
    case "PIN_NOT_ALLOWED":
      return problem.fault === "SAME" ? tr.t("weakSame") : tr.t("weakGuessed");
    case "PASSKEY":
      return tr.t(problem.gone ? "errorPasskeyGone" : "errorPasskey");
    case "STORAGE":
      return tr.t("errorStorage");
    case "CLOCK":
      return tr.t("errorClock");
    case "NOT_FOUND":
      return tr.t("linkGone");
    case "UNEXPECTED":
      return tr.t("errorText");
  }
}
