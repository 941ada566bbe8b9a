/** Languages: which there are, and which one a person reads. Only the language in use is loaded. */

import { text as english } from "./en.ts";

/** The languages of the elements, each by its own name. */
export const LANGUAGES = {
  de: "Deutsch",
  fr: "Français",
  it: "Italiano",
  en: "English",
  et: "Eesti",
  lv: "Latviešu",
  lt: "Lietuvių",
  ru: "Русский",
} as const;

export type Language = keyof typeof LANGUAGES;
export type TextKey = keyof typeof english;
/** Every sentence of a language. */
export type Texts = Readonly<Record<TextKey, string>>;

const LOADERS: Record<Language, () => Promise<{ readonly text: Texts }>> = {
  de: () => import("./de.ts"),
  fr: () => import("./fr.ts"),
  it: () => import("./it.ts"),
  en: () => Promise.resolve({ text: english }),
  et: () => import("./et.ts"),
  lv: () => import("./lv.ts"),
  lt: () => import("./lt.ts"),
  ru: () => import("./ru.ts"),
};

/** The first of these tags (`de-CH`) whose language is there; English otherwise. */
export function pickLanguage(tags: readonly (string | null | undefined)[]): Language {
  for (const tag of tags) {
    const language = tag?.split("-")[0]?.toLowerCase();
    if (language && Object.hasOwn(LANGUAGES, language)) return language as Language;
  }
  return "en";
}

/** A language, with the sentences that a page has replaced. */
export async function loadTexts(language: Language, replaced: Partial<Texts> = {}): Promise<Texts> {
  const { text } = await LOADERS[language]();
  return { ...text, ...replaced };
}
