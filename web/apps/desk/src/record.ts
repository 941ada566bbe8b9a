/** `<desk-record>`: somebody is identified. First their number, if it is to be proven, then what was found out. */

import { button, fill, h, type Child } from "@countersign/page/dom";
import { act, look, segment, type Evidence, type Identification } from "./api.ts";
import { choice, field, form, outcome, reference, refusal } from "./field.ts";
import { qr } from "./qr.ts";
import { t, type PlainKey } from "./texts/index.ts";
import { levelsText, standingText } from "./words.ts";

const METHODS = [
  ["in-person", "methodInPerson"],
  ["electronic-id", "methodElectronicId"],
  ["signature", "methodSignature"],
  ["video", "methodVideo"],
  ["bank", "methodBank"],
  ["automatic", "methodAutomatic"],
] as const;
const LEVELS = [["4", "level4"], ["3", "level3"], ["", "levelNone"]] as const;
const DOCUMENTS = [["PAS", "documentPassport"], ["IDC", "documentCard"], ["PNO", "documentOther"]] as const;

export class DeskRecord extends HTMLElement {
  #case: Identification | null = null;
  #proof = h("div", { class: "proof" });

  connectedCallback(): void {
    this.className = "card";
    const number = field("msisdn", t("number"), { type: "tel", required: true, placeholder: "+41 79 123 45 67", member: "/msisdn" });
    const person = field("person", t("person"), { required: true, placeholder: "PNOEE-40504040001", member: "/person" });
    const given = field("given-name", t("givenNamesExact"), { required: true, member: "/givenName" });
    const surname = field("surname", t("surnameExact"), { required: true, member: "/surname" });
    const kind = choice("document-type", t("document"), texted(DOCUMENTS));
    const country = field("document-country", t("documentCountry"), { required: true, placeholder: "EE", member: "/document/country" });
    const document = field("document-number", t("documentNumber"), { required: true, member: "/document/number" });
    const expires = field("document-expires", t("documentExpires"), { type: "date", member: "/document/expiresOn" });
    const method = choice("method", t("method"), texted(METHODS), { member: "/method" });
    const eidas = choice("eidas", t("levelEidas"), texted(LEVELS), { member: "/levels/eidas" });
    const zertes = choice("zertes", t("levelZertes"), texted(LEVELS), { member: "/levels/zertes" });
    const file = reference("reference");
    const level = (value: string) => (value === "" ? null : Number(value));
    this.append(
      h("h1", null, t("recordTitle")),
      form("record", t("record"), [
        number,
        h("div", { class: "row" }, button(t("begin"), () => void this.#begin(number.value()), { id: "begin", class: "plain" })),
        this.#proof,
        [given, surname],
        person,
        [kind, country],
        [document, expires],
        method,
        [eidas, zertes],
        file,
      ], async () => {
        const came = await act<Evidence>("/evidence", {
          msisdn: number.value(),
          person: person.value().toUpperCase(),
          givenName: given.value(),
          surname: surname.value(),
          document: { type: kind.value(), country: country.value().toUpperCase(), number: document.value(), expiresOn: expires.value() || null },
          method: method.value(),
          levels: { zertes: level(zertes.value()), eidas: level(eidas.value()) },
          reference: file.value() || null,
          identification: this.#case?.identification ?? null,
        });
        return outcome(came, recorded);
      }),
    );
  }

  async #begin(number: string): Promise<void> {
    try {
      const came = await act<Identification>("/identifications", { msisdn: number });
      this.#case = came.done ?? null;
      this.#shown(this.#case?.link);
    } catch (error) {
      fill(this.#proof, refusal(error));
    }
  }

  #shown(link?: string): void {
    const here = this.#case;
    if (!here) return;
    const proven = here.state === "PROVEN";
    fill(this.#proof,
      h("p", { class: proven ? "good" : "quiet" }, t(proven ? "proven" : "proveBy")),
      !proven && link && qr(link),
      !proven && link && h("p", null, h("a", { id: "identify-link", attrs: { href: link, target: "_blank", rel: "noopener noreferrer" } }, link)),
      !proven && button(t("lookAgain"), () => void this.#again(link), { id: "look-again", class: "plain" }),
    );
  }

  async #again(link?: string): Promise<void> {
    if (!this.#case) return;
    try {
      this.#case = await look<Identification>(`/identifications/${segment(this.#case.identification)}`);
      this.#shown(link);
    } catch (error) {
      fill(this.#proof, refusal(error));
    }
  }
}

/** Evidence was recorded: what it is, and what comes next. */
export function recorded(evidence: Evidence): Child[] {
  return [
    h("p", { class: "good" }, t("recorded", { evidence: evidence.evidence })),
    h("p", { class: "quiet" }, t("recordedNext", { levels: () => levelsText(evidence.levels), standing: () => standingText(evidence) })),
  ];
}

function texted(options: readonly (readonly [string, PlainKey])[]): [string, Child][] {
  return options.map(([value, key]) => [value, t(key)]);
}
