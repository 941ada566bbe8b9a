/** `<desk-person>`: what is held of somebody, and what can be done for them. */

import { fill, h, type Child } from "@countersign/page/dom";
import { act, look, segment, type Account, type Activation, type Device, type Evidence, type Operator } from "./api.ts";
import { choice, drawer, field, form, outcome, refusal } from "./field.ts";
import { qr } from "./qr.ts";
import { accountText, levelsText, standingText, when } from "./words.ts";

const REASONS = [
  ["keyCompromise", "The phone is lost, or in other hands"],
  ["cessationOfOperation", "The person wants it"],
  ["affiliationChanged", "The person's data have changed"],
  ["privilegeWithdrawn", "It should not have been issued"],
] as const;

export class DeskPerson extends HTMLElement {
  #operator: Operator;
  #who = "";
  #body = h("div", { class: "found" });

  constructor(operator: Operator) {
    super();
    this.#operator = operator;
  }

  connectedCallback(): void {
    this.className = "card";
    const who = field("who", "Personal identifier", { required: true, placeholder: "PNOEE-40504040001" });
    this.append(
      h("h1", null, "A person"),
      form("find", "Look up", [who.row], async () => {
        this.#who = who.value().toUpperCase();
        await this.#load();
        return [];
      }),
      this.#body,
    );
  }

  #may(wanted: string): boolean {
    return this.#operator.acts.includes(wanted);
  }

  async #load(): Promise<void> {
    const { evidence } = await look<{ evidence: Evidence[] }>(`/persons/${segment(this.#who)}/evidence`);
    // A person without a phone has no accounts, which the service says with 404.
    const accounts = await look<{ accounts: Account[] }>(`/persons/${segment(this.#who)}`).then(
      (found) => found.accounts,
      (error: unknown) => {
        if (evidence.length === 0) throw error;
        return [];
      },
    );
    fill(this.#body,
      h("h2", null, "Evidence"),
      evidence.length === 0 ? h("p", { class: "quiet" }, "None.") : h("ul", { class: "things" }, ...evidence.map((each) => this.#evidence(each, accounts))),
      h("h2", null, "Phones"),
      accounts.length === 0 ? h("p", { class: "quiet" }, "None.") : h("ul", { class: "things" }, ...accounts.map((each) => this.#account(each))),
    );
  }

  #again(): Child[] {
    void this.#load().catch((error: unknown) => fill(this.#body, refusal(error)));
    return [h("p", { class: "good" }, "Done.")];
  }

  #evidence(evidence: Evidence, accounts: readonly Account[]): HTMLElement {
    const open = evidence.state === "WAITING" || evidence.state === "IN_FORCE";
    const devices = accounts.filter((each) => each.state === "CERTIFIED").flatMap((each) => each.devices);
    return h("li", { attrs: { "data-evidence": evidence.evidence, "data-state": evidence.state } },
      h("p", null, h("strong", null, evidence.evidence), " ", h("span", { class: `chip ${evidence.state}` }, standingText(evidence))),
      h("p", { class: "quiet" }, `${levelsText(evidence.levels)} until ${evidence.qualifiedUntil} · number ${evidence.msisdn} · recorded by ${evidence.by}, ${when(evidence.recorded)}`),
      open && this.#may("issue-activation") && this.#code(evidence),
      evidence.state === "WAITING" && this.#may("bind-evidence") && devices.map((device) => this.#bind(evidence, device))[0],
      open && this.#may("end-evidence") && this.#end(evidence),
    );
  }

  #code(evidence: Evidence): HTMLElement {
    const id = evidence.evidence;
    const given = field(`given-${id}`, "Given names", { required: true, hint: "Letter for letter as recorded." });
    const surname = field(`surname-${id}`, "Surname", { required: true });
    const level = choice(`level-${id}`, "Certificates", [["QUALIFIED", "qualified (level 4)"], ["ADVANCED", "advanced (level 3)"]]);
    return drawer("Give a code for a phone", form(`activate-${id}`, "Make a code", [h("div", { class: "pair" }, given.row, surname.row), level.row], async () => {
      const body = { person: evidence.person, givenName: given.value(), surname: surname.value(), level: level.value(), delivery: "LINK", evidence: id };
      return outcome(await act<Activation>("/activations", body), (code) => [
        h("p", null, "The person opens this on their phone, within 15 minutes. It is shown this once."),
        qr(code.link, "The link as a code for the person's phone"),
        h("p", null, h("a", { class: "activation", attrs: { href: code.link, target: "_blank", rel: "noopener noreferrer" } }, code.link)),
        h("p", { class: "quiet" }, `Account ${code.documentNumber}, until ${when(code.expires)}. Then look the person up again and compare the words.`),
      ]);
    }));
  }

  /** The words of phone and desk are compared, and only then is the phone bound. */
  #bind(evidence: Evidence, device: Device): HTMLElement {
    const id = evidence.evidence;
    const same = h("input", { id: `same-${id}`, attrs: { type: "checkbox", required: true } });
    const reference = field(`bind-reference-${id}`, "File reference");
    return drawer("Compare the words and bind the phone",
      h("p", { class: "words", attrs: { "aria-label": "The words that the phone must show" } }, device.words.join(" ")),
      form(`bind-${id}`, "Bind this phone", [
        h("label", { class: "check", attrs: { for: `same-${id}` } }, same, "The phone in the person's hand shows the same four words."),
        reference.row,
      ], async () => {
        const body = { deviceId: device.deviceId, reference: reference.value() || null };
        return outcome(await act<Evidence>(`/evidence/${segment(id)}/bind`, body), () => this.#again());
      }),
    );
  }

  #end(evidence: Evidence): HTMLElement {
    const id = evidence.evidence;
    const reasons: (readonly [string, string])[] = [["withdrawn", "It is not wanted any more"]];
    if (this.#may("end-evidence-as-wrong")) reasons.push(["wrong", "It is wrong: another person, a false document"]);
    const reason = choice(`end-reason-${id}`, "Why", reasons);
    const reference = field(`end-reference-${id}`, "File reference");
    return drawer("End this evidence",
      h("p", { class: "quiet" }, "What was issued on it ends with it, for good."),
      form(`end-${id}`, "End it", [reason.row, reference.row], async () =>
        outcome(await act<Evidence>(`/evidence/${segment(id)}/end`, { reason: reason.value(), reference: reference.value() || null }), () => this.#again()), "danger"),
    );
  }

  #account(account: Account): HTMLElement {
    const id = account.documentNumber;
    const reason = choice(`revoke-reason-${id}`, "Why", REASONS);
    const reference = field(`revoke-reference-${id}`, "File reference");
    return h("li", { attrs: { "data-account": id, "data-state": account.state } },
      h("p", null, h("strong", null, id), " ", h("span", { class: `chip ${account.state}` }, accountText(account.state))),
      h("p", { class: "quiet" }, `${account.level.toLowerCase()} certificates · since ${when(account.created)}`),
      ...account.devices.map((device) => h("p", { class: "quiet" }, `${device.platform} · words: ${device.words.join(" ")}`)),
      h("ul", { class: "keys" }, ...account.keys.map((key) => h("li", { class: "quiet" }, `${key.use === "AUTH" ? "PIN1" : "PIN2"}: ${key.state.toLowerCase()}${key.notAfter ? `, certificate until ${when(key.notAfter)}` : ""}`))),
      account.state !== "REVOKED" && this.#may("revoke-account") && drawer("End this account",
        h("p", { class: "quiet" }, "The phone, its keys and its certificates end for good."),
        form(`revoke-${id}`, "End it", [reason.row, reference.row], async () =>
          outcome(await act<Account>(`/accounts/${segment(id)}/revoke`, { reason: reason.value(), evidence: reference.value() || null }), () => this.#again()), "danger")),
    );
  }
}
