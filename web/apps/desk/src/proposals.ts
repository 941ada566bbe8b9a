/** `<desk-proposals>`: what waits for a second person. Everything of a request is shown, and what is approved is what was shown. */

import { fill, h } from "@countersign/page/dom";
import { act, look, segment, type Operator, type Proposal } from "./api.ts";
import { button, form, outcome, refusal } from "./field.ts";
import { actText, rows, when } from "./words.ts";

export class DeskProposals extends HTMLElement {
  #operator: Operator;
  #list = h("div", { class: "found" });

  constructor(operator: Operator) {
    super();
    this.#operator = operator;
  }

  connectedCallback(): void {
    this.className = "card";
    this.append(
      h("h1", null, "Waiting for a second person"),
      h("div", { class: "row" }, button("Look again", () => void this.#load(), { id: "reload", class: "plain" })),
      this.#list,
    );
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      const { proposals } = await look<{ proposals: Proposal[] }>("/proposals?state=OPEN");
      fill(this.#list, proposals.length === 0
        ? h("p", { class: "quiet" }, "Nothing waits.")
        : h("ul", { class: "things" }, ...proposals.map((each) => this.#proposal(each))));
    } catch (error) {
      fill(this.#list, refusal(error));
    }
  }

  #proposal(proposal: Proposal): HTMLElement {
    const { proposal: id, request } = proposal;
    const own = proposal.by === this.#operator.operator;
    const decided = () => {
      // Said first, so that it is heard before the list changes.
      setTimeout(() => void this.#load(), 1500);
    };
    return h("li", { attrs: { "data-proposal": id, "data-act": proposal.act } },
      h("p", null, h("strong", null, actText(proposal.act)), " ", h("span", { class: "chip" }, `by ${proposal.by}`)),
      h("p", { class: "quiet" }, `${when(proposal.proposed)}, waits until ${when(proposal.expires)}`),
      request && h("p", { class: "quiet mono" }, `${request.method} ${request.path}`),
      request && h("dl", { class: "request" }, ...rows(request.body).flatMap(([name, value]) => [h("dt", null, name), h("dd", null, value)])),
      own && h("p", { class: "waits" }, "You have proposed this: somebody else has to approve it."),
      h("div", { class: "row" },
        !own && form(`approve-${id}`, "Approve", [], async () => {
          const came = await act<{ proposal: Proposal }>(`/proposals/${segment(id)}/approve`, { sha256: proposal.sha256 });
          decided();
          return outcome(came, () => [h("p", { class: "good" }, "Approved and done.")]);
        }),
        form(`reject-${id}`, own ? "Take back" : "Reject", [], async () => {
          const came = await act<Proposal>(`/proposals/${segment(id)}/reject`, {});
          decided();
          return outcome(came, () => [h("p", { class: "good" }, own ? "Taken back." : "Rejected.")]);
        }, "plain"),
      ),
    );
  }
}
