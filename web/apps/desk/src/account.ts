/** An account of a person: its phone, its keys, the lock of a PIN, its end. */

import { h } from "@countersign/page/dom";
import { act, segment, type Account, type Key } from "./api.ts";
import { choice, drawer, form, outcome, reference } from "./field.ts";
import type { Case } from "./person.ts";
import { t, told, when } from "./texts/index.ts";
import { accountText, certificateText, keyText } from "./words.ts";

export function accountCard(here: Case, account: Account): HTMLElement {
  const id = account.documentNumber;
  return h("li", { attrs: { "data-account": id, "data-state": account.state } },
    h("p", null, h("strong", null, id), " ", h("span", { class: `chip ${account.state}` }, told(() => accountText(account.state)))),
    h("p", { class: "quiet" }, t("accountLine", { level: () => certificateText(account.level), when: when(account.created) })),
    ...account.devices.map((device) => h("p", { class: "quiet" }, t("deviceLine", { platform: device.platform, words: device.words.join(" ") }))),
    h("ul", { class: "keys" }, ...account.keys.map((key) => h("li", { class: "quiet" }, keyLine(key)))),
    ...account.keys.filter((key) => key.state === "LOCKED").map((key) => unlockDrawer(here, id, key)),
    account.state !== "REVOKED" && revokeDrawer(here, id),
  );
}

function pinOf(key: Key): string {
  return key.use === "AUTH" ? "PIN1" : "PIN2";
}

function keyLine(key: Key): Text {
  const [pin, state] = [pinOf(key), () => keyText(key.state)];
  return key.notAfter ? t("keyLineUntil", { pin, state, when: when(key.notAfter) }) : t("keyLine", { pin, state });
}

function unlockDrawer({ operator, again }: Case, account: string, key: Key): HTMLElement {
  const file = reference(`unlock-reference-${key.use}-${account}`, { required: true, member: "/evidence" });
  return drawer(operator, "unlock-key", t("unlockTitle", { pin: pinOf(key) }),
    h("p", { class: "quiet" }, t("unlockWhat")),
    form(`unlock-${key.use}-${account}`, t("unlock"), [file], async () =>
      outcome(await act<Account>(`/accounts/${segment(account)}/unlock`, { use: key.use, evidence: file.value() }), () => again(t("unlocked"))),
    { problems: { conflict: "unlockConflict" } }),
  );
}

function revokeDrawer({ operator, again }: Case, account: string): HTMLElement {
  const reason = choice(`revoke-reason-${account}`, t("why"), [
    ["keyCompromise", t("revokeLost")],
    ["cessationOfOperation", t("revokeWanted")],
    ["affiliationChanged", t("revokeChanged")],
    ["privilegeWithdrawn", t("revokeWrong")],
  ]);
  const file = reference(`revoke-reference-${account}`, { member: "/evidence" });
  return drawer(operator, "revoke-account", t("revokeTitle"),
    h("p", { class: "quiet" }, t("revokeWhat")),
    form(`revoke-${account}`, t("end"), [reason, file], async () => {
      const body = { reason: reason.value(), evidence: file.value() || null };
      return outcome(await act<Account>(`/accounts/${segment(account)}/revoke`, body), () => again(t("ended")));
    }, { tone: "danger", sure: () => t("revokeSure", { account }) }),
  );
}
