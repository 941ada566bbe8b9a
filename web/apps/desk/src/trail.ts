/** `<desk-trail>`: who did what, on which word, when; and whether the trail is as it was sealed. */

import { fill, h } from "@countersign/page/dom";
import { look, type TrailEntry } from "./api.ts";
import { button, field, form, refusal } from "./field.ts";
import { when } from "./words.ts";

interface Check {
  readonly whole: boolean;
  readonly broken?: string;
  readonly sealed: number;
  readonly last: number;
  readonly seal?: { readonly hash: string };
  readonly next?: number;
}

export class DeskTrail extends HTMLElement {
  #list = h("div", { class: "found" });
  #checked = h("div", { attrs: { role: "status" } });
  #query = new URLSearchParams();

  connectedCallback(): void {
    this.className = "card wide";
    const operator = field("trail-operator", "Operator");
    const act = field("trail-act", "Act", { placeholder: "bind-evidence" });
    const reference = field("trail-reference", "File reference");
    const subject = field("trail-subject", "Subject", { placeholder: "RAS…, PNOEE-…-Q" });
    const from = field("trail-from", "From", { type: "date" });
    const until = field("trail-until", "Before", { type: "date" });
    this.append(
      h("h1", null, "Audit trail"),
      form("search", "Search", [
        h("div", { class: "pair" }, operator.row, act.row),
        h("div", { class: "pair" }, reference.row, subject.row),
        h("div", { class: "pair" }, from.row, until.row),
      ], async () => {
        const day = (text: string) => (text ? `${text}T00:00:00Z` : "");
        const wanted = { operator: operator.value(), act: act.value(), reference: reference.value(), subject: subject.value(), from: day(from.value()), until: day(until.value()) };
        this.#query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ""));
        fill(this.#list);
        await this.#page();
        return [];
      }),
      h("div", { class: "row" }, button("Compare with the seals", () => void this.#check(), { id: "check", class: "plain" })),
      this.#checked,
      this.#list,
    );
  }

  async #page(before?: number): Promise<void> {
    const query = new URLSearchParams(this.#query);
    query.set("limit", "50");
    if (before !== undefined) query.set("before", String(before));
    const { entries, next } = await look<{ entries: TrailEntry[]; next?: number }>(`/trail?${query}`);
    this.#list.querySelector("button")?.remove();
    if (before === undefined && entries.length === 0) this.#list.append(h("p", { class: "quiet" }, "Nothing found."));
    if (entries.length > 0) this.#list.append(h("ul", { class: "trail" }, ...entries.map(row)));
    if (next !== undefined) {
      this.#list.append(button("More", () => void this.#page(next).catch((error: unknown) => this.#list.append(refusal(error))), { class: "plain" }));
    }
  }

  async #check(): Promise<void> {
    try {
      let check: Check = await look<Check>("/trail/check");
      while (check.whole && check.next !== undefined) check = await look<Check>(`/trail/check?after=${check.next}`);
      fill(this.#checked, check.whole
        ? h("p", { class: "good" }, `Whole: events 1 to ${check.sealed} of ${check.last} are as they were sealed.`)
        : h("p", { class: "bad" }, `Not whole: ${check.broken ?? ""}`),
        check.seal && h("p", { class: "quiet mono" }, `Last seal ${check.seal.hash}`));
    } catch (error) {
      fill(this.#checked, refusal(error));
    }
  }
}

function row(entry: TrailEntry): HTMLElement {
  return h("li", null,
    h("span", { class: "quiet" }, `${entry.seq}`),
    h("time", { class: "quiet", attrs: { datetime: entry.at } }, when(entry.at)),
    h("strong", null, entry.act ?? entry.kind),
    h("span", { class: "mono" }, entry.subject),
    h("span", { class: "quiet" }, [entry.operator && `by ${entry.operator}`, entry.reference && `on ${entry.reference}`].filter(Boolean).join(" ")),
  );
}
