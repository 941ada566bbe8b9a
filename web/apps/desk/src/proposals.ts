/** `<desk-proposals>`: what waits for a second person. Everything of a request is shown, and what is approved is what was shown. */

import { button, fill, h, type Child } from "@countersign/page/dom";
import { act, look, segment, type Erased, type Operator, type Proposal } from "./api.ts";
import { form, outcome, refusal } from "./field.ts";
import { erased } from "./held.ts";
import { requestRows } from "./result.ts";
import { t, told, when } from "./texts/index.ts";
import { actText, payloadOf } from "./words.ts";

export class DeskProposals extends HTMLElement {
  #operator: Operator;
  #said = h("div", { class: "found", attrs: { role: "status" } });
  #list = h("div", { class: "found" });

  constructor(operator: Operator) {
    super();
    this.#operator = operator;
  }

  connectedCallback(): void {
    this.className = "card";
    this.append(
      h("h1", null, t("proposalsTitle")),
      h("div", { class: "row" }, button(t("lookAgain"), () => void this.#load(), { id: "reload", class: "plain" })),
      this.#said,
      this.#list,
    );
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      const { proposals } = await look<{ proposals: Proposal[] }>("/proposals?state=OPEN");
      fill(this.#list, proposals.length === 0
        ? h("p", { class: "quiet" }, t("proposalsNone"))
        : h("ul", { class: "things" }, ...proposals.map((each) => this.#proposal(each))));
    } catch (error) {
      fill(this.#list, refusal(error));
    }
  }

  /** Says what was decided, and shows what still waits. */
  #decided(...said: Child[]): Child[] {
    fill(this.#said, ...said);
    void this.#load();
    return [];
  }

  #proposal(proposal: Proposal): HTMLElement {
    const { proposal: id, request } = proposal;
    const own = proposal.by === this.#operator.operator;
    return h("li", { attrs: { "data-proposal": id, "data-act": proposal.act } },
      h("p", null, h("strong", null, told(() => actText(proposal.act))), " ", h("span", { class: "chip" }, t("proposalBy", { name: proposal.by }))),
      h("p", { class: "quiet" }, t("proposalTimes", { when: when(proposal.proposed), until: when(proposal.expires) })),
      request && h("p", { class: "quiet mono" }, `${request.method} ${request.path}`),
      request && requestRows(request.body),
      ...(request && proposal.act === "upload-result" ? resultOf(request.body) : []),
      own && h("p", { class: "waits" }, t("proposalOwn")),
      h("div", { class: "row" },
        !own && form(`approve-${id}`, t("approve"), [], async () => {
          const came = await act<{ answer: unknown }>(`/proposals/${segment(id)}/approve`, { sha256: proposal.sha256 });
          return outcome(came, ({ answer }) => (proposal.act === "erase-person"
            ? this.#decided(h("p", { class: "good" }, t("approved")), ...erased(answer as Erased))
            : this.#decided(h("p", { class: "good" }, t("approved")))));
        }, { problems: { conflict: "approveOther" } }),
        form(`reject-${id}`, t(own ? "takeBack" : "reject"), [], async () => {
          const came = await act<Proposal>(`/proposals/${segment(id)}/reject`, {});
          return outcome(came, () => this.#decided(h("p", { class: "good" }, t(own ? "takenBack" : "rejected"))));
        }, { tone: "plain" }),
      ),
    );
  }
}

/** Whoever approves a partner's result reads what it says, not its base64. */
function resultOf(body: string): Child[] {
  const { result } = JSON.parse(body) as { result: string };
  const payload = payloadOf(result);
  return payload === null ? [] : [h("p", { class: "quiet" }, t("proposalResult")), requestRows(payload)];
}
