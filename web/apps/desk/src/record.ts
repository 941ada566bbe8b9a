/** `<desk-record>`: somebody is identified. First their number, if it is to be proven, then what was found out. */

import { fill, h, type Child } from "@countersign/page/dom";
import { act, look, segment, type Evidence, type Identification } from "./api.ts";
import { button, choice, field, form, outcome, refusal } from "./field.ts";
import { qr } from "./qr.ts";
import { levelsText, standingText } from "./words.ts";

const METHODS = [
  ["in-person", "Face to face"],
  ["electronic-id", "Electronic identity"],
  ["signature", "Qualified signature"],
  ["video", "Video, with an agent"],
  ["bank", "Bank"],
  ["automatic", "Camera, without an agent"],
] as const;
const LEVELS = [["4", "4, qualified"], ["3", "3, advanced"], ["", "none"]] as const;

export class DeskRecord extends HTMLElement {
  #case: Identification | null = null;
  #proof = h("div", { class: "proof" });

  connectedCallback(): void {
    this.className = "card";
    const number = field("msisdn", "Phone number", { type: "tel", required: true, placeholder: "+41 79 123 45 67" });
    const person = field("person", "Personal identifier", { required: true, placeholder: "PNOEE-40504040001" });
    const given = field("given-name", "Given names, as in the document", { required: true });
    const surname = field("surname", "Surname, as in the document", { required: true });
    const kind = choice("document-type", "Document", [["PAS", "Passport"], ["IDC", "Identity card"], ["PNO", "Other"]]);
    const country = field("document-country", "Country of the document", { required: true, placeholder: "EE" });
    const document = field("document-number", "Number of the document", { required: true });
    const expires = field("document-expires", "Valid until", { type: "date" });
    const method = choice("method", "How", METHODS);
    const eidas = choice("eidas", "Level in the European Union", LEVELS);
    const zertes = choice("zertes", "Level in Switzerland", LEVELS);
    const reference = field("reference", "File reference", { hint: "A case number, never a name: it stays in the trail for ever." });
    const level = (value: string) => (value === "" ? null : Number(value));
    this.append(
      h("h1", null, "Record an identification"),
      form("record", "Record", [
        number.row,
        h("div", { class: "row" }, button("Have the number proven", () => void this.#begin(number.value()), { id: "begin", class: "plain" })),
        this.#proof,
        h("div", { class: "pair" }, given.row, surname.row),
        person.row,
        h("div", { class: "pair" }, kind.row, country.row),
        h("div", { class: "pair" }, document.row, expires.row),
        method.row,
        h("div", { class: "pair" }, eidas.row, zertes.row),
        reference.row,
      ], async () => {
        const came = await act<Evidence>("/evidence", {
          msisdn: number.value(),
          person: person.value().toUpperCase(),
          givenName: given.value(),
          surname: surname.value(),
          document: { type: kind.value(), country: country.value().toUpperCase(), number: document.value(), expiresOn: expires.value() || null },
          method: method.value(),
          levels: { zertes: level(zertes.value()), eidas: level(eidas.value()) },
          reference: reference.value() || null,
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
      h("p", { class: proven ? "good" : "quiet" }, proven ? "The person has shown that the number is theirs." : "The person opens this link and enters the code that is sent to the number:"),
      !proven && link && qr(link, "The link as a code for the person's phone"),
      !proven && link && h("p", null, h("a", { id: "identify-link", attrs: { href: link, target: "_blank", rel: "noopener noreferrer" } }, link)),
      !proven && button("Look again", () => void this.#again(link), { id: "look-again", class: "plain" }),
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

function recorded(evidence: Evidence): Child[] {
  return [
    h("p", { class: "good" }, `Recorded: ${evidence.evidence}`),
    h("p", { class: "quiet" }, `${levelsText(evidence.levels)}; it ${standingText(evidence)}. Now give the person a code for their phone, on the page of the person.`),
  ];
}
