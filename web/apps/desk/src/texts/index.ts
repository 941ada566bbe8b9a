/**
 * The languages of the desk, those of the registration's elements: one list of sentences (`en.ts`), and a language that lacks
 * one does not compile. Only the language in use is loaded.
 *
 * What is said stays where it is when the language changes: a code that is shown once is not lost by it.
 */

import type { Language } from "@countersign/elements";
import { fillPlaces, type Places } from "@countersign/page/sentence";
import { text as english } from "./en.ts";

type English = typeof english;
export type TextKey = keyof English;
/** Every sentence of a language. */
export type Texts = Readonly<Record<TextKey, string>>;
/** What goes into a place; a function is asked again when the language changes. */
type Value = string | number | (() => string);
type Values<K extends TextKey> = [Places<English[K]>] extends [never] ? [] : [Readonly<Record<Places<English[K]>, Value>>];
/** The sentences without places. */
export type PlainKey = { [K in TextKey]: Values<K> extends [] ? K : never }[TextKey];

/** Where each language is. */
export const LOADERS: Record<Language, () => Promise<{ readonly text: Texts }>> = {
  de: () => import("./de.ts"),
  fr: () => import("./fr.ts"),
  it: () => import("./it.ts"),
  en: () => Promise.resolve({ text: english }),
  et: () => import("./et.ts"),
  lv: () => import("./lv.ts"),
  lt: () => import("./lt.ts"),
  ru: () => import("./ru.ts"),
};

let language: Language = "en";
/** The one that was wanted last. */
let latest: Language = language;
let texts: Texts = english;
/** What has to be said again in another language, by where it stands. */
const said = new WeakMap<Node, (() => void)[]>();

/** Says everything in this language from now on, or stays with what there is where it cannot be loaded. The one that is spoken. */
export async function speak(wanted: Language): Promise<Language> {
  latest = wanted;
  const loaded = await LOADERS[wanted]().catch(() => null);
  // Another one may be wanted by now.
  if (loaded === null || latest !== wanted) return language;
  [language, texts] = [wanted, loaded.text];
  document.documentElement.lang = wanted;
  const nodes = document.createTreeWalker(document, NodeFilter.SHOW_DOCUMENT | NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node: Node | null = nodes.currentNode; node; node = nodes.nextNode()) {
    for (const again of said.get(node) ?? []) again();
  }
  return language;
}

/** Does this now, and whenever the language changes while the node is in the page. */
export function following(node: Node, tell: () => void): void {
  said.set(node, [...(said.get(node) ?? []), tell]);
  tell();
}

/** A sentence in the language of now. */
export function sentence<K extends TextKey>(key: K, ...values: Values<K>): string {
  const filled = Object.entries<Value>(values[0] ?? {}).map(([name, value]) => [name, typeof value === "function" ? value() : value]);
  return fillPlaces(texts[key], Object.fromEntries(filled));
}

/** A sentence that follows the language. */
export function t<K extends TextKey>(key: K, ...values: Values<K>): Text {
  return told(() => sentence(key, ...values));
}

/** Text that follows the language. */
export function told(tell: () => string): Text {
  const node = document.createTextNode("");
  following(node, () => (node.data = tell()));
  return node;
}

/** An attribute that follows the language. */
export function named<E extends Element>(element: E, attribute: string, key: PlainKey): E {
  following(element, () => element.setAttribute(attribute, texts[key]));
  return element;
}

/** Half a minute is enough to tell two times apart; seconds are in the trail. */
export function when(time: string): () => string {
  return () => new Date(time).toLocaleString(language === "en" ? "en-GB" : language, { dateStyle: "medium", timeStyle: "short" });
}
