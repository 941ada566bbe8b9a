/** The head that our pages have in common. */

import { h, mark, type Child } from "./dom.ts";

interface Head {
  /** What the way to the content is called. */
  readonly skip: Child;
  /** What stands beside the mark. */
  readonly brand: Child;
  /** Where the mark leads; nowhere without it. */
  readonly home?: string;
}

/** A way to the content (`#main`) for keyboards, the mark with what stands beside it, and what else there is. */
export function pageHead({ skip, brand, home }: Head, ...beside: Child[]): HTMLElement {
  const inside = [mark(), h("span", null, brand)];
  return h("header", { class: "top" },
    h("a", { class: "skip", attrs: { href: "#main" } }, skip),
    home === undefined ? h("div", { class: "brand" }, ...inside) : h("a", { class: "brand", attrs: { href: home } }, ...inside),
    ...beside,
  );
}

/** A choice of languages, each by its own name. It needs an `aria-label` in the language that is chosen. */
export function languagePicker<L extends string>(languages: Readonly<Record<L, string>>, pick: (language: L) => void): HTMLSelectElement {
  const options = Object.entries<string>(languages).map(([tag, name]) => h("option", { attrs: { value: tag, lang: tag } }, name));
  const picker = h("select", { id: "language" }, ...options);
  picker.addEventListener("change", () => pick(picker.value as L));
  return picker;
}
