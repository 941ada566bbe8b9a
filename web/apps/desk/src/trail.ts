/** `<desk-trail>`: who did what, on which word, when; and whether the trail is as it was sealed. */

import { button, fill, h } from "@countersign/page/dom";
import { look, type TrailEntry } from "./api.ts";
import { field, form, refusal } from "./field.ts";
import { t, told, when } from "./texts/index.ts";

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
    const operator = field("trail-operator", t("trailOperator"));
    const act = field("trail-act", t("trailAct"), { placeholder: "bind-evidence" });
    const file = field("trail-reference", t("reference"));
    const subject = field("trail-subject", t("trailSubject"), { placeholder: "RAS…, PNOEE-…-Q" });
    const from = field("trail-from", t("trailFrom"), { type: "date" });
    const until = field("trail-until", t("trailBefore"), { type: "date" });
    this.append(
      h("h1", null, t("trailTitle")),
      form("search", t("trailSearch"), [[operator, act], [file, subject], [from, until]], async () => {
        const day = (text: string) => (text ? `${text}T00:00:00Z` : "");
        const wanted = { operator: operator.value(), act: act.value(), reference: file.value(), subject: subject.value(), from: day(from.value()), until: day(until.value()) };
        this.#query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ""));
        fill(this.#list);
        await this.#page();
        return [];
      }),
      h("div", { class: "row" }, button(t("trailCheck"), () => void this.#check(), { id: "check", class: "plain" })),
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
    if (before === undefined && entries.length === 0) this.#list.append(h("p", { class: "quiet" }, t("trailNothing")));
    if (entries.length > 0) this.#list.append(h("ul", { class: "trail" }, ...entries.map(row)));
    if (next !== undefined) {
      this.#list.append(button(t("trailMore"), () => void this.#page(next).catch((error: unknown) => this.#list.append(refusal(error))), { class: "plain" }));
    }
  }

  async #check(): Promise<void> {
    try {
      let check: Check = await look<Check>("/trail/check");
      while (check.whole && check.next !== undefined) check = await look<Check>(`/trail/check?after=${check.next}`);
      fill(this.#checked, check.whole
        ? h("p", { class: "good" }, t("trailWhole", { sealed: check.sealed, last: check.last }))
        : h("p", { class: "bad" }, t("trailBroken", { broken: check.broken ?? "" })),
        check.seal && h("p", { class: "quiet mono" }, t("trailSeal", { hash: check.seal.hash })));
    } catch (error) {
      fill(this.#checked, refusal(error));
    }
  }
}

/** Acts and kinds are the trail's own words in every language: it is searched by them. */
function row({ seq, at, kind, subject, operator, act, reference }: TrailEntry): HTMLElement {
  return h("li", null,
    h("span", { class: "quiet" }, `${seq}`),
    h("time", { class: "quiet", attrs: { datetime: at } }, told(when(at))),
    h("strong", null, act ?? kind),
    h("span", { class: "mono" }, subject),
    h("span", { class: "quiet" }, operator && t("trailBy", { name: operator }), operator && reference && " ", reference && t("trailOn", { reference })),
  );
}
