/** Evidence of a person: a code for a phone on it, the phone that is bound to it, the password of its number, its end. */

import { h } from "@countersign/page/dom";
import { act, segment, type Activation, type Device, type Evidence } from "./api.ts";
import { choice, drawer, field, form, outcome, reference } from "./field.ts";
import { passwordDrawer } from "./password.ts";
import type { Case } from "./person.ts";
import { qr } from "./qr.ts";
import { t, told, when } from "./texts/index.ts";
import { levelsText, standingText } from "./words.ts";

export function evidenceCard(here: Case, evidence: Evidence): HTMLElement {
  const open = evidence.state === "WAITING" || evidence.state === "IN_FORCE";
  const [device] = here.accounts.filter((each) => each.state === "CERTIFIED").flatMap((each) => each.devices);
  const line = t("evidenceLine", {
    levels: () => levelsText(evidence.levels), until: evidence.qualifiedUntil, number: evidence.msisdn, by: evidence.by, when: when(evidence.recorded),
  });
  return h("li", { attrs: { "data-evidence": evidence.evidence, "data-state": evidence.state } },
    h("p", null, h("strong", null, evidence.evidence), " ", h("span", { class: `chip ${evidence.state}` }, told(() => standingText(evidence)))),
    h("p", { class: "quiet" }, line),
    open && codeDrawer(here, evidence),
    evidence.state === "WAITING" && device && bindDrawer(here, evidence, device),
    passwordDrawer(here, evidence, open),
    open && endDrawer(here, evidence),
  );
}

function codeDrawer({ operator }: Case, { evidence: id, person }: Evidence): HTMLElement {
  const given = field(`given-${id}`, t("givenNames"), { required: true, hint: t("codeExact"), member: "/givenName" });
  const surname = field(`surname-${id}`, t("surname"), { required: true, member: "/surname" });
  const level = choice(`level-${id}`, t("codeLevel"), [["QUALIFIED", t("codeQualified")], ["ADVANCED", t("codeAdvanced")]]);
  return drawer(operator, "issue-activation", t("codeTitle"), form(`activate-${id}`, t("codeMake"), [[given, surname], level], async () => {
    const body = { person, givenName: given.value(), surname: surname.value(), level: level.value(), delivery: "LINK", evidence: id };
    return outcome(await act<Activation>("/activations", body), (code) => [
      h("p", null, t("codeGiven")),
      qr(code.link),
      h("p", null, h("a", { class: "activation", attrs: { href: code.link, target: "_blank", rel: "noopener noreferrer" } }, code.link)),
      h("p", { class: "quiet" }, t("codeThen", { account: code.documentNumber, when: when(code.expires) })),
    ]);
  }, { problems: { conflict: "codeConflict" } }));
}

/** The words of phone and desk are compared, and only then is the phone bound. */
function bindDrawer({ operator, again }: Case, { evidence: id }: Evidence, device: Device): HTMLElement {
  const same = h("input", { id: `same-${id}`, attrs: { type: "checkbox", required: true } });
  const file = reference(`bind-reference-${id}`);
  return drawer(operator, "bind-evidence", t("bindTitle"),
    h("p", { class: "quiet" }, t("bindWords")),
    h("p", { class: "words" }, device.words.join(" ")),
    form(`bind-${id}`, t("bind"), [h("label", { class: "check", attrs: { for: `same-${id}` } }, same, h("span", null, t("bindSame"))), file], async () => {
      const body = { deviceId: device.deviceId, reference: file.value() || null };
      return outcome(await act<Evidence>(`/evidence/${segment(id)}/bind`, body), () => again(t("bound")));
    }),
  );
}

function endDrawer({ operator, again }: Case, { evidence: id }: Evidence): HTMLElement {
  const mayAsWrong = operator.acts.includes("end-evidence-as-wrong");
  const reason = choice(`end-reason-${id}`, t("why"), [["withdrawn", t("endWithdrawn")], ...(mayAsWrong ? [["wrong", t("endWrong")] as const] : [])]);
  const file = reference(`end-reference-${id}`);
  return drawer(operator, "end-evidence", t("endTitle"),
    h("p", { class: "quiet" }, t("endWhat")),
    form(`end-${id}`, t("end"), [reason, file], async () => {
      const body = { reason: reason.value(), reference: file.value() || null };
      return outcome(await act<Evidence>(`/evidence/${segment(id)}/end`, body), () => again(t("ended")));
    }, { tone: "danger", sure: () => t("endSure") }),
  );
}
