/** *Point your own app here*: the lines for each language, to copy. */

import { button, fill, h, icon } from "@countersign/page/dom";
import { SNIPPETS, type Snippet, type Values } from "./snippets.ts";
import { type BankState, USUAL } from "./state.ts";
import { say } from "./voice.ts";

export class BankPointHere extends HTMLElement {
  state!: BankState;
  #chosen = SNIPPETS[0]!;

  connectedCallback(): void {
    let known = "";
    this.state.addEventListener("change", () => {
      const now = JSON.stringify(this.#values());
      if (now !== known) this.#paint();
      known = now;
    });
    this.#paint();
  }

  #values(): Values {
    const { about } = this.state;
    return {
      origin: location.origin,
      secure: location.protocol === "https:" ? location.origin : (about?.secureOrigin ?? "https://localhost:8443"),
      uuid: about?.relyingPartyUUID ?? "",
      name: about?.relyingPartyName ?? "",
      scheme: about?.scheme ?? "",
      document: USUAL,
    };
  }

  #paint(): void {
    const values = this.#values();
    const panel = h("div", { id: "snippet", class: "sheet snippet", attrs: { role: "tabpanel", tabindex: 0 } });
    const tabs = SNIPPETS.map((snippet) =>
      h("button", {
        id: `snippet-${snippet.id}`,
        attrs: { type: "button", role: "tab", "aria-controls": "snippet" },
        on: { click: () => choose(snippet) },
      }, snippet.label));
    const choose = (snippet: Snippet) => {
      this.#chosen = snippet;
      SNIPPETS.forEach((each, index) => {
        tabs[index]!.setAttribute("aria-selected", String(each === snippet));
        tabs[index]!.tabIndex = each === snippet ? 0 : -1;
      });
      panel.setAttribute("aria-labelledby", `snippet-${snippet.id}`);
      show(panel, snippet, snippet.code(values));
    };
    const list = h("div", {
      class: "tablist",
      attrs: { role: "tablist", "aria-label": "Language" },
      on: {
        keydown: (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (!step) return;
          event.preventDefault();
          const next = (SNIPPETS.indexOf(this.#chosen) + step + SNIPPETS.length) % SNIPPETS.length;
          choose(SNIPPETS[next]!);
          tabs[next]!.focus();
        },
      },
    }, ...tabs);
    fill(
      this,
      h("div", { class: "section-head" },
        h("h2", { class: "title" }, "Point your own app here"),
        h("p", { class: "quiet" }, "Everywhere the same four things: the address, the relying party, the name of the environment, and our CAs in place of the real ones."),
      ),
      h("dl", { class: "facts four" },
        h("dt", null, "Address"), h("dd", null, h("code", null, `${values.origin}/smart-id-rp/v3/`)),
        h("dt", null, "Relying party"), h("dd", null, h("code", null, values.name), " ", h("code", null, values.uuid)),
        h("dt", null, "Scheme name"), h("dd", null, h("code", null, values.scheme)),
        h("dt", null, "Trust"), h("dd", null, h("a", { attrs: { href: "/trust" } }, "/trust"), " as PEM, DER, PKCS#12 and JKS"),
      ),
      list,
      panel,
    );
    choose(this.#chosen);
  }
}

function show(panel: HTMLElement, snippet: Snippet, code: string): void {
  const copy = button("Copy", () => {
    navigator.clipboard.writeText(code).then(
      () => {
        copy.lastChild!.textContent = "Copied";
        say("Copied.");
      },
      () => say("The browser does not let this page copy. Select the text instead."),
    );
  }, { class: "secondary small" }, icon("copy"));
  fill(
    panel,
    h("div", { class: "snippet-head" }, h("p", null, h("b", null, snippet.library)), copy),
    h("p", { class: "quiet" }, snippet.note),
    h("pre", { attrs: { tabindex: 0 } }, code),
  );
}
