/** Signing a file that was dropped: the way, the steps, and what to take home. */

import { type Format, type Kept, Refusal, type SignedFile, type Step, type Transaction, type Way, bank } from "./api.ts";
import { cancel, deviceLink } from "./device-link.ts";
import { button, fill, h, icon } from "@countersign/page/dom";
import { size, takeFiles } from "@countersign/page/files";
import { failure } from "./failure.ts";
import type { BankPhone } from "./phone-frame.ts";
import { samplePdf, sampleText } from "./sample.ts";
import type { BankState } from "./state.ts";
import { clearError, say, showError } from "./voice.ts";
import { whoAnswers } from "./who.ts";

const STEPS: Record<Step["name"], string> = {
  certificate: "The signing certificate is asked for and checked",
  ask: "The digest goes to the phone",
  person: "The person decides, with PIN2",
  check: "The signature is checked",
  timeStamp: "A time-stamp proves when",
  status: "The responder says that the certificate is good",
  file: "The signed file is made, and checked as anybody would",
};

const WAYS: readonly { readonly way: Way; readonly label: string; readonly hint: string }[] = [
  { way: "notification", label: "Notification", hint: "To the account that is logged in." },
  { way: "deviceLink", label: "QR code", hint: "For the account that is logged in; the phone scans it." },
  { way: "linked", label: "QR code, any account", hint: "Whoever scans chooses the account and signs at once: a linked signature." },
];

const FORMATS: Record<Format, { readonly label: string; readonly hint: string }> = {
  pdf: { label: "Signed PDF", hint: "The document itself, with the signature inside: PDF readers show who signed." },
  asice: { label: "Container", hint: "An .asice file with the file and its signature inside, as for every other kind of file." },
};

export class BankSign extends HTMLElement {
  state!: BankState;
  phone!: BankPhone;
  #way: Way | null = null;
  #format: Format | null = null;
  #busy = false;
  #painted = "";
  #broken: string | null = null;

  connectedCallback(): void {
    this.state.addEventListener("change", () => this.#paint());
    this.#paint();
  }

  async #keep(file: File | undefined): Promise<void> {
    const { state } = this;
    if (!file) return;
    clearError();
    const limit = state.about?.fileBytesMax ?? 0;
    if (file.size > limit) {
      showError(new Refusal(413, `The file is larger than ${limit >> 20} MB.`));
      return;
    }
    try {
      state.file = await bank.keep(file);
      state.signing = null;
      this.#format = null;
      this.#broken = null;
      say(`${file.name} is ready to be signed.`);
      state.changed();
    } catch (error) {
      showError(error);
    }
  }

  async #start(): Promise<void> {
    const { state } = this;
    clearError();
    this.#busy = true;
    this.#broken = null;
    this.#paint();
    try {
      const { answerer, file, person } = state;
      if (!file) return;
      const way = this.#chosen();
      // Somebody may sign without being logged in: their account is then named.
      const document = person || way === "linked" ? undefined : answerer.kind === "person" ? answerer.documentNumber : state.ownPhone?.documentNumber;
      const format = this.#format ?? file.usual;
      const started = await bank.sign({ way, format, ...(document !== undefined && { documentNumber: document }) });
      if (started.hasLink) state.take(started);
      else void state.follow(started).catch(showError);
      if (way === "notification" && answerer.kind === "phone") this.dispatchEvent(new Event("phone-wanted", { bubbles: true }));
    } catch (error) {
      showError(error);
    } finally {
      this.#busy = false;
      this.#paint();
    }
  }

  #chosen(): Way {
    return this.#way ?? (this.state.person ? "notification" : "linked");
  }

  /** One byte of the signed file is changed, and the bank checks what comes out. */
  async #break(transaction: Transaction, { format }: SignedFile): Promise<void> {
    try {
      const bytes = new Uint8Array(await bank.signed(transaction.id));
      const at = Math.floor(bytes.length * 0.4);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      const report = await bank.verify(format, bytes);
      const first = report.errors[0] ?? report.signatures.flatMap((signature) => signature.errors)[0];
      const valid = report.errors.length === 0 && report.signaturesCount > 0 && report.signaturesCount === report.validSignaturesCount;
      this.#broken = valid
        ? "The check did not notice: that is a fault. Please report it."
        : `Byte ${at} changed: not valid. ${first ? `${first.part.toLowerCase().replaceAll("_", " ")}: expected ${first.expected}; found ${first.found}.` : ""}`;
      say(this.#broken);
      this.#painted = "";
      this.#paint();
    } catch (error) {
      showError(error);
    }
  }

  #paint(): void {
    const { state } = this;
    const { signing } = state;
    const key = JSON.stringify([
      state.person?.documentNumber, state.file, signing?.id, signing?.state, signing?.verificationCode, signing?.steps,
      state.answerer, state.hasPhone, state.persons.length, state.ownPhone, this.#way, this.#format, this.#busy, this.#broken,
    ]);
    if (key === this.#painted) return;
    // The QR element goes on where it is while the steps beside it change.
    const element = this.querySelector("countersign-qr");
    this.#painted = key;
    if (element && signing?.state === "running" && this.dataset["shown"] === signing.id) {
      this.querySelector(".steps")?.replaceWith(steps(signing));
      return;
    }
    this.dataset["shown"] = signing?.id ?? "";
    fill(this, h("section", { class: "sheet" }, h("h2", { class: "title" }, "Sign a file"), ...this.#inside()));
  }

  #inside(): (HTMLElement | null)[] {
    const { state } = this;
    const { signing, file } = state;
    if (signing?.state === "running") return [...this.#running(signing)];
    if (signing?.state === "complete") return [...this.#done(signing)];
    return [
      signing?.failure ? failure(signing.failure) : null,
      signing?.failure ? steps(signing) : null,
      this.#drop(),
      file ? this.#formats(file) : null,
      file ? this.#ways() : null,
      file && this.#chosen() !== "notification" ? whoAnswers(state, "sign") : null,
      file ? button(this.#busy ? "One moment…" : `Sign ${file.name}`, () => void this.#start(), { class: "primary wide", id: "sign", attrs: { disabled: this.#busy } }) : null,
    ];
  }

  #drop(): HTMLElement {
    const { file, about } = this.state;
    const input = h("input", { id: "file", class: "heard", attrs: { type: "file" } });
    const zone = h("label", { class: "drop", attrs: { for: "file" } },
      icon("file"),
      h("span", null,
        h("b", null, file ? file.name : "Drop a file here, or choose one"),
        h("span", { class: "quiet" }, file ? `${size(file.bytes)} · kept for ten minutes · choose another` : `Any kind, up to ${(about?.fileBytesMax ?? 0) >> 20} MB. It stays on this server for ten minutes.`),
      ),
    );
    takeFiles(zone, input, ([dropped]) => void this.#keep(dropped));
    return h("div", { class: "drop-box" }, input, zone,
      file ? null : h("div", { class: "row" },
        button("Use a sample letter", () => void this.#keep(sampleText()), { class: "plain", id: "sample" }),
        button("Use a sample PDF", () => void this.#keep(samplePdf()), { class: "plain", id: "sample-pdf" })));
  }

  /** For PDF documents only: everything else goes into a container anyway. */
  #formats({ usual, other, notAsPdf }: Kept): HTMLElement | null {
    if (notAsPdf !== undefined) return h("p", { class: "note", id: "not-as-pdf" }, `This PDF goes into a container: ${notAsPdf}.`);
    if (other === undefined) return null;
    const chosen = this.#format ?? usual;
    return this.#choice("What to get", "format", [usual, other].map((format) => ({ id: format, label: FORMATS[format].label })), chosen, FORMATS[chosen].hint,
      (format) => {
        this.#format = format;
      });
  }

  #ways(): HTMLElement {
    const chosen = this.#chosen();
    const hint = WAYS.find(({ way }) => way === chosen)?.hint ?? "";
    const unknown = !this.state.person && this.state.answerer.kind === "phone" && !this.state.ownPhone;
    const options = WAYS.map(({ way, label }) => ({ id: way, label, disabled: way !== "linked" && unknown }));
    return this.#choice("How to sign", "way", options, chosen, hint, (way) => {
      this.#way = way;
    });
  }

  /** A row of which one is pressed, with a word about that one. */
  #choice<T extends string>(
    label: string,
    name: string,
    options: readonly { readonly id: T; readonly label: string; readonly disabled?: boolean }[],
    chosen: T,
    hint: string,
    choose: (id: T) => void,
  ): HTMLElement {
    return h("div", null,
      h("div", { class: "segments", attrs: { role: "group", "aria-label": label } },
        ...options.map((option) =>
          button(option.label, () => {
            choose(option.id);
            this.#paint();
            document.getElementById(`${name}-${option.id}`)?.focus();
          }, { id: `${name}-${option.id}`, attrs: { "aria-pressed": String(chosen === option.id), disabled: option.disabled } })),
      ),
      h("p", { class: "quiet" }, hint),
    );
  }

  #running(signing: Transaction): HTMLElement[] {
    const inside = signing.way !== "notification"
      ? deviceLink(this.state, this.phone, signing, "qr")
      : h("div", { class: "waiting" },
          signing.verificationCode
            ? h("div", { class: "code sign" }, h("p", null, "The phone must show this code"), h("strong", null, signing.verificationCode))
            : null,
          button("Cancel", () => cancel(this.state, signing.id), { class: "plain" }),
        );
    return [h("p", { class: "quiet" }, `The phone asks: “${signing.text}”`), inside, steps(signing)];
  }

  #done(signing: Transaction): (HTMLElement | null)[] {
    const file = signing.file!;
    const path = `/bank/api/transactions/${signing.id}`;
    const person = signing.person!;
    return [
      h("div", { class: "success", attrs: { role: "status" } },
        icon("check"),
        h("div", null,
          h("strong", null, `Signed by ${person.givenName} ${person.surname}`),
          h("p", { class: "quiet" }, `${file.name} · ${size(file.bytes)} · ${file.level.replace("_BASELINE_", " ")}${file.timeStamp ? ` · ${file.timeStamp.slice(0, 19).replace("T", " ")} UTC` : ""}`),
        ),
      ),
      h("div", { class: "row" },
        h("a", { class: "button primary", id: "download", attrs: { href: `${path}/file`, download: file.name } }, icon("down"), file.format === "pdf" ? "Download signed PDF" : "Download .asice"),
        h("a", { class: "button secondary", attrs: { href: `${path}/report.html`, target: "_blank", rel: "noopener" } }, "Validation report"),
        h("a", { class: "button secondary", attrs: { href: `${path}/report.json`, target: "_blank", rel: "noopener" } }, "The same as JSON"),
      ),
      h("p", { class: "quiet" }, "Anybody can check it, offline: ", h("code", null, `countersign verify ${file.name} --dev-trust`)),
      h("div", { class: "row" },
        button("Change one byte and check it", () => void this.#break(signing, file), { class: "secondary", id: "break-file" }),
        button("Sign another file", () => {
          this.state.file = null;
          this.state.signing = null;
          this.#broken = null;
          this.state.changed();
        }, { class: "plain" }),
      ),
      this.#broken ? h("p", { class: "note", id: "broken" }, this.#broken) : null,
      steps(signing),
    ];
  }
}

function steps(transaction: Transaction): HTMLElement {
  const icons = { waiting: "dash", running: "wait", done: "check", failed: "cross" } as const;
  const words = { waiting: "not yet", running: "now", done: "done", failed: "failed" } as const;
  return h("ol", { class: "steps" },
    ...transaction.steps.map((step) =>
      h("li", { class: step.state },
        icon(icons[step.state]),
        h("span", null, STEPS[step.name], h("span", { class: "heard" }, ` (${words[step.state]})`), step.detail ? h("small", null, step.detail) : null),
      )),
  );
}
