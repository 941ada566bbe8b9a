/** The password of the number that some evidence is for: where it stands, a link to set one, its end. */

import { fill, h, type Child } from "@countersign/page/dom";
import { act, look, segment, type Evidence, type Password } from "./api.ts";
import { drawer, form, outcome, reference, refusal } from "./field.ts";
import type { Case } from "./person.ts";
import { t, when } from "./texts/index.ts";

/** `open`: the evidence has not ended. It is asked for when the drawer is opened. */
export function passwordDrawer({ operator }: Case, evidence: Evidence, open: boolean): HTMLElement {
  const id = evidence.evidence;
  const path = `/evidence/${segment(id)}/password`;
  const standing = h("div", { class: "found" });
  const ending = h("div", { class: "found" });
  const shown = (password: Password): void => {
    fill(standing, h("p", { attrs: { "data-password": password.state } }, passwordText(evidence.msisdn, password)));
    const there = password.state === "ACTIVE" || password.state === "LOCKED";
    fill(ending, there && end());
  };
  const load = async (): Promise<void> => {
    try {
      shown(await look<Password>(path));
    } catch (error) {
      fill(standing, refusal(error));
    }
  };
  const invite = (): HTMLElement => {
    const file = reference(`invite-reference-${id}`);
    return drawer(operator, "invite-to-password", t("actInvitePassword"),
      h("p", { class: "quiet" }, t("passwordWhat")),
      form(`invite-${id}`, t("passwordInvite"), [file], async () =>
        outcome(await act<Password>(path, { reference: file.value() || null }), (password) => {
          shown(password);
          return [h("p", { class: "good" }, password.linkUntil ? t("passwordSent", { when: when(password.linkUntil) }) : t("done"))];
        }), { problems: { unavailable: "passwordNoGateway", conflict: "passwordConflict" } }),
    );
  };
  const end = (): HTMLElement => {
    const file = reference(`end-password-reference-${id}`);
    return drawer(operator, "end-password", t("actEndPassword"),
      h("p", { class: "quiet" }, t("passwordEndWhat")),
      form(`end-password-${id}`, t("passwordEnd"), [file], async () =>
        outcome(await act<Password>(`${path}/end`, { reference: file.value() || null }), (password) => {
          shown(password);
          return [];
        }), { tone: "danger", sure: () => t("passwordSure", { number: evidence.msisdn }), problems: { conflict: "passwordConflict" } }),
    );
  };
  const whole = drawer(operator, "look-up", t("passwordTitle"), standing, open && invite(), ending);
  whole.addEventListener("toggle", () => {
    if (whole.open) void load();
  });
  return whole;
}

function passwordText(number: string, { state, set, lockedUntil }: Password): Child {
  switch (state) {
    case "NONE": return t("passwordNone", { number });
    case "ACTIVE": return t("passwordActive", { number, when: when(set ?? "") });
    case "LOCKED": return t("passwordLocked", { number, when: when(lockedUntil ?? "") });
    case "ENDED": return t("passwordEnded", { number });
  }
}
