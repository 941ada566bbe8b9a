/** Fields of forms, and what comes of sending one. */

import { button, fill, h, type Child } from "@countersign/page/dom";
import { Refusal, type Done } from "./api.ts";
import { actText } from "./words.ts";

interface Options {
  readonly value?: string;
  readonly type?: string;
  readonly hint?: string;
  readonly required?: boolean;
  readonly placeholder?: string;
}

export interface Field {
  readonly row: HTMLElement;
  readonly value: () => string;
  readonly input: HTMLInputElement | HTMLSelectElement;
}

export function field(id: string, label: string, { value = "", type = "text", hint, required = false, placeholder }: Options = {}): Field {
  const input = h("input", {
    id,
    attrs: { type, value, required, placeholder, autocomplete: "off", spellcheck: "false", "aria-describedby": hint && `${id}-hint` },
  });
  const row = h("div", { class: "field" }, h("label", { attrs: { for: id } }, label), input, hint && h("p", { id: `${id}-hint`, class: "quiet" }, hint));
  return { row, input, value: () => input.value.trim() };
}

export function choice(id: string, label: string, options: readonly (readonly [string, string])[], chosen?: string): Field {
  const input = h("select", { id }, ...options.map(([value, text]) => h("option", { attrs: { value, selected: value === chosen } }, text)));
  const row = h("div", { class: "field" }, h("label", { attrs: { for: id } }, label), input);
  return { row, input, value: () => input.value };
}

/** A form. While it is sent, nothing else is; what comes of it is said below the button. */
export function form(id: string, label: string, fields: Child[], send: () => Promise<Child[]>, tone = "main"): HTMLFormElement {
  const said = h("div", { class: "said", attrs: { role: "status" } });
  const submit = h("button", { id, class: tone, attrs: { type: "submit" } }, label);
  return h("form", {
    on: {
      submit: (event) => {
        event.preventDefault();
        submit.disabled = true;
        fill(said, h("p", { class: "quiet" }, "Sending…"));
        void send()
          .then((text) => fill(said, ...text), (error: unknown) => fill(said, refusal(error)))
          .finally(() => (submit.disabled = false));
      },
    },
  }, ...fields, h("div", { class: "row" }, submit), said);
}

export function refusal(error: unknown): HTMLElement {
  if (!(error instanceof Refusal)) console.error(error);
  const text = error instanceof Refusal ? error.message : "The page has made a mistake. Please load it again.";
  return h("p", { class: "bad" }, text);
}

/** What is said of an act: that it waits for a second person, or what `then` makes of it. */
export function outcome<T>(came: Done<T>, then: (done: T) => Child[]): Child[] {
  if (came.proposed) {
    const { act, proposal } = came.proposed;
    return [h("p", { class: "waits" }, `${actText(act)}: this waits for a second person. Nothing has been done yet.`), h("p", { class: "quiet" }, `Proposal ${proposal}`)];
  }
  return then(came.done as T);
}

/** A part of the page that can be opened: an act that is not done every day. */
export function drawer(label: string, ...children: Child[]): HTMLElement {
  return h("details", { class: "drawer" }, h("summary", null, label), ...children);
}

export { button };
