/** What just happened: what travelled, what was signed, what the bank checked. */

import type { Check, Exchange, Format, Json, Payload, Transaction } from "./api.ts";
import { fill, h, icon } from "@countersign/page/dom";
import type { BankState } from "./state.ts";

export class BankHappened extends HTMLElement {
  state!: BankState;
  #painted = "";

  connectedCallback(): void {
    this.state.addEventListener("change", () => this.#paint());
    this.#paint();
  }

  #paint(): void {
    const { latest } = this.state;
    const key = latest ? `${latest.id} ${latest.version}` : "";
    if (key === this.#painted && this.childElementCount > 0) return;
    this.#painted = key;
    // What was opened by hand stays open.
    const open = new Set([...this.querySelectorAll("details[open]")].map((each) => each.id));
    const head = h("div", { class: "section-head" },
      h("h2", { class: "title" }, "What just happened"),
      h("p", { class: "quiet" }, "Everything that travelled between the bank and the service, and every check that the bank made. A real e-service keeps this to itself."),
    );
    if (!latest) {
      fill(this, head, h("p", { class: "placeholder" }, "Nothing yet. Log in, and it is shown here while it happens."));
      return;
    }
    fill(this, head, h("div", { class: "happened" }, travelled(latest), h("div", { class: "proof" }, signed(latest), checked(latest.checks ?? []))));
    for (const each of this.querySelectorAll("details")) if (open.has(each.id)) each.open = true;
  }
}

function travelled(transaction: Transaction): HTMLElement {
  return h("section", { class: "sheet" },
    h("h3", null, "What travelled"),
    transaction.exchanges.length === 0 && h("p", { class: "quiet" }, "Nothing yet."),
    h("ol", { class: "exchanges" }, ...transaction.exchanges.map(exchange)),
  );
}

function exchange(each: Exchange, index: number): HTMLElement {
  const good = each.status === 200;
  return h("li", null,
    h("details", { id: `exchange-${index}` },
      h("summary", null,
        icon("chevron"),
        h("span", { class: "to" }, each.service),
        h("span", { class: `status ${good ? "good" : "bad"}` }, each.status === null ? "waiting" : String(each.status)),
        h("code", null, `${each.method} ${each.path}`),
      ),
      h("div", { class: "bodies" },
        each.request !== null && h("div", null, h("h4", null, "The bank sent"), body(each.request)),
        each.answer !== null && h("div", null, h("h4", null, "It received"), body(each.answer)),
      ),
    ),
  );
}

function body(value: Json): HTMLElement {
  const octets = value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, Json>) : null;
  if (octets && typeof octets["$octets"] === "number") {
    return h("p", { class: "octets" }, `${octets["kind"] as string} in DER, ${octets["$octets"]} bytes`);
  }
  return h("pre", { attrs: { tabindex: 0 } }, ...tokens(value, 0));
}

/** JSON as it is, with marks where the bank keeps something to itself. */
function tokens(value: Json, depth: number): (Node | string)[] {
  const pad = "  ".repeat(depth + 1);
  if (Array.isArray(value)) {
    if (value.length === 0) return ["[]"];
    return ["[\n", ...value.flatMap((each, index) => [pad, ...tokens(each, depth + 1), index < value.length - 1 ? ",\n" : "\n"]), "  ".repeat(depth), "]"];
  }
  if (value !== null && typeof value === "object") {
    const members = value as Record<string, Json>;
    if (typeof members["$masked"] === "string") return [masked(members)];
    const entries = Object.entries(members);
    if (entries.length === 0) return ["{}"];
    return [
      "{\n",
      ...entries.flatMap(([name, each], index) => [
        pad, h("span", { class: "name" }, JSON.stringify(name)), ": ", ...tokens(each, depth + 1), index < entries.length - 1 ? ",\n" : "\n",
      ]),
      "  ".repeat(depth), "}",
    ];
  }
  const text = JSON.stringify(value);
  return [h("span", { class: typeof value === "string" ? "text" : "word" }, text)];
}

function masked(members: Record<string, Json>): HTMLElement {
  const never = members["shown"] === "never";
  return h("span", { class: never ? "secret" : "later" },
    icon("lock"),
    `${members["$masked"] as string} ${members["length"] as number} characters, ${never ? "never leaves the bank" : "shown when the session is over"}`,
  );
}

const DIGEST_OF: Record<Format, string> = {
  asice: "The digest of the SignedInfo of an XAdES signature, which holds the digests of the file and of the signer's certificate.",
  pdf: "The digest of the signed attributes of a PAdES signature, which hold the digests of the document and of the signer's certificate.",
};

function signed(transaction: Transaction): HTMLElement {
  const { payload, kind, file, state } = transaction;
  const section = h("section", { class: "sheet" }, h("h3", null, "What was signed"));
  const say = (text: string) => section.append(h("p", { class: "quiet" }, text));
  if (payload) section.append(...fields(payload));
  else if (file) say(`${DIGEST_OF[file.format]} The phone and the service signed it together; it is not hashed again.`);
  else if (state === "failed") say("Nothing that the bank accepts.");
  else if (kind === "sign") say("A digest: what it is of is said here as soon as the file is signed.");
  else say("Eleven fields, shown here as soon as the signature over them is checked.");
  return section;
}

function fields(payload: Payload): (Node | string)[] {
  return [
    h("p", { class: "quiet" }, "The ACSP_V2 payload: eleven fields joined by |. The bank rebuilt it from what it sent itself, and the signature holds over exactly these bytes."),
    h("ol", { class: "fields" },
      ...payload.fields.map((field) =>
        h("li", null,
          h("b", null, field.name),
          h("code", null, field.value === "" ? "empty" : field.value, field.decoded && h("span", { class: "decoded" }, ` = ${field.decoded}`)),
          h("small", null, field.why),
        )),
    ),
    h("details", { id: "digest" },
      h("summary", null, icon("chevron"), `Digest and signature (${payload.hash}, ${payload.algorithm})`),
      h("h4", null, "All of it, as signed"),
      h("pre", { attrs: { tabindex: 0 } }, payload.text),
      h("h4", null, `${payload.hash} of it`),
      h("pre", { attrs: { tabindex: 0 } }, payload.digest),
      h("h4", null, "The signature"),
      h("pre", { attrs: { tabindex: 0 } }, payload.signature),
    ),
  ];
}

function checked(checks: readonly Check[]): HTMLElement {
  const icons = { passed: "check", failed: "cross", not_reached: "dash" } as const;
  const words = { passed: "passed", failed: "failed", not_reached: "not reached" } as const;
  return h("section", { class: "sheet" },
    h("h3", null, "What the bank checked"),
    checks.length === 0 && h("p", { class: "quiet" }, "No answer was there to check yet."),
    h("ol", { class: "steps checks" },
      ...checks.map((each) =>
        h("li", { class: each.result === "passed" ? "done" : each.result === "failed" ? "failed" : "waiting" },
          icon(icons[each.result]),
          h("span", null, each.check, h("span", { class: "heard" }, ` (${words[each.result]})`), each.detail ? h("small", null, each.detail) : null),
        )),
    ),
  );
}
