/** `<desk-result>`: what a partner has found out and signed becomes evidence. */

import { fill, h } from "@countersign/page/dom";
import { dropZone } from "@countersign/page/files";
import { act, type Evidence } from "./api.ts";
import { area, form, outcome } from "./field.ts";
import { recorded } from "./record.ts";
import { t } from "./texts/index.ts";
import { payloadOf, rows } from "./words.ts";

/** As long as the service reads one, in characters. */
const MAX = 16 * 1024;

/** What the service finds wrong with a result, by where. */
const WRONG = {
  "/result": () => t("resultUnreadable"),
  "/result/aud": () => t("resultAudience"),
  "/result/iat": () => t("resultStale"),
  "/result/evidence/method": () => t("resultMethod"),
  "/result/evidence/levels": () => t("resultLevels"),
  "/result/evidence/tenant": () => t("resultTenant"),
};

export class DeskResult extends HTMLElement {
  #says = h("div", { class: "found", attrs: { role: "status" } });

  connectedCallback(): void {
    this.className = "card";
    const text = area("result", t("resultText"), { required: true });
    const { zone } = dropZone("result-file", t("resultFile"), t("resultFileHint"), false, ([file]) => {
      if (!file) return;
      if (file.size > MAX) return fill(this.#says, h("p", { class: "bad" }, t("resultTooLong", { max: MAX })));
      void file.text().then((content) => {
        text.input.value = content.trim();
        this.#show(text.value());
      });
    });
    text.input.addEventListener("input", () => this.#show(text.value()));
    this.append(
      h("h1", null, t("resultTitle")),
      h("p", { class: "quiet" }, t("resultWhat")),
      form("send-result", t("resultSend"), [zone, text, this.#says],
        async () => outcome(await act<Evidence>("/results", { result: text.value() }), recorded),
        { members: WRONG, problems: { "invalid-signature": "resultSignature", conflict: "resultConflict" } }),
    );
  }

  /** Shown before it is handed in, so that nobody hands in somebody else's. */
  #show(result: string): void {
    if (result === "") return fill(this.#says);
    const payload = result.length > MAX ? null : payloadOf(result);
    if (payload === null) return fill(this.#says, h("p", { class: "bad" }, result.length > MAX ? t("resultTooLong", { max: MAX }) : t("resultNoSense")));
    fill(this.#says, h("p", { class: "quiet" }, t("resultSays")), requestRows(payload));
  }
}

/** A request, or what a result says, whole. */
export function requestRows(body: string): HTMLElement {
  return h("dl", { class: "request" }, ...rows(body).flatMap(([name, value]) => [h("dt", null, name), h("dd", null, value)]));
}
