/** `<signing-check>`: whether the signatures in a file hold. The report is the service's own page, in a frame. */

import { fill, h, icon } from "@countersign/page/dom";
import { dropZone, size } from "@countersign/page/files";
import { Refusal, validate, type Report } from "./api.ts";
import { levelText } from "./words.ts";

const FRAME = "signing-report";

export class SigningCheck extends HTMLElement {
  #verdict = h("div", { class: "verdict", attrs: { role: "status" } });
  #report = h("div", { class: "report" });
  #turn = 0;

  connectedCallback(): void {
    this.className = "card";
    this.append(
      h("h1", null, "Check a signed file"),
      dropZone("signed-file", "Drop a signed file, or choose it", "A container (.asice, .asics) or a PDF. Nothing of it is kept.", false, ([file]) => {
        if (file) void this.#check(file);
      }).zone,
      this.#verdict,
      this.#report,
    );
  }

  async #check(file: File): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    fill(this.#report);
    fill(this.#verdict, h("p", { class: "quiet" }, `Checking ${file.name} (${size(file.size)})…`), h("progress", { attrs: { "aria-label": "Checking" } }));
    try {
      const report = await validate(file);
      if (turn !== this.#turn) return;
      fill(this.#verdict, ...verdict(file.name, report));
      this.#show(file);
    } catch (error) {
      if (turn !== this.#turn) return;
      if (!(error instanceof Refusal)) console.error(error);
      const text = error instanceof Refusal ? error.message : "The page has made a mistake. Please load it again.";
      fill(this.#verdict, h("p", { class: "bad" }, icon("cross"), text));
    }
  }

  /** Sends the file once more, as a form into a frame: there the report has its own looks and its own, stricter policy. */
  #show(file: File): void {
    const input = h("input", { attrs: { type: "file", name: "file", hidden: true } });
    const chosen = new DataTransfer();
    chosen.items.add(file);
    input.files = chosen.files;
    const form = h("form", { attrs: { method: "post", enctype: "multipart/form-data", action: "/validation/v1/reports", target: FRAME, hidden: true } }, input);
    const frame = h("iframe", { attrs: { name: FRAME, title: `Validation report of ${file.name}` } });
    fill(this.#report, frame, form);
    form.submit();
  }
}

function verdict(name: string, report: Report): Node[] {
  const { signaturesCount: all, validSignaturesCount: valid, errors } = report;
  const holds = all > 0 && valid === all && errors.length === 0;
  const head = all === 0
    ? errors.length > 0 ? "This is no signed file that can be read" : "There is no signature in it"
    : holds ? (all === 1 ? "The signature holds" : `All ${all} signatures hold`) : `${valid} of ${all} signatures hold`;
  return [
    h("p", { class: holds ? "good" : "bad" }, icon(holds ? "check" : "cross"), h("strong", null, head)),
    h("p", { class: "quiet name" }, name),
    h("ul", { class: "signers" },
      ...report.signatures.map((each) =>
        h("li", { class: each.indication === "TOTAL-PASSED" ? "" : "bad" },
          icon(each.indication === "TOTAL-PASSED" ? "check" : "cross"),
          h("span", { class: "name" }, each.signedBy ?? "Nobody that can be named"),
          h("span", { class: "chip" }, each.indication === "TOTAL-PASSED" ? levelText(each.signatureFormat) : each.indication),
        ),
      ),
    ),
    ...errors.slice(0, 1).map((finding) => h("p", { class: "quiet" }, `Expected ${finding.expected}, found ${finding.found}.`)),
  ];
}
