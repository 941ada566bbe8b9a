/**
 * Languages: which there are, which one a person reads, and how a sentence of it is made.
 *
 * One list of keys (`en.ts`); a language that lacks one does not compile. Only the language in use is loaded.
 */

import { fillPlaces, type Places } from "@countersign/page/sentence";
import * as english from "./en.ts";

/** The languages, in the order of the settings screen, each by its own name. */
export const LANGUAGES = {
  en: "English",
  et: "Eesti",
  lv: "Latviešu",
  lt: "Lietuvių",
  ru: "Русский",
  de: "Deutsch",
  fr: "Français",
} as const;

export type Language = keyof typeof LANGUAGES;
type English = typeof english.text;
export type TextKey = keyof English;
export type CountedKey = keyof typeof english.counted;
/** Every sentence of a language. */
export type Texts = Record<TextKey, string>;
/** Every counted sentence, in the plural forms that the language has. */
export type Counted<Form extends Intl.LDMLPluralRule> = Record<CountedKey, Record<Form, string>>;

interface Catalogue {
  text: Texts;
  counted: Record<CountedKey, Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;
}

const LOADERS: Record<Language, () => Promise<Catalogue>> = {
  en: () => Promise.resolve(english),
  et: () => import("./et.ts"),
  lv: () => import("./lv.ts"),
  lt: () => import("./lt.ts"),
  ru: () => import("./ru.ts"),
  de: () => import("./de.ts"),
  fr: () => import("./fr.ts"),
};

type Values<K extends TextKey> = [Places<English[K]>] extends [never]
  ? []
  : [Record<Places<English[K]>, string | number>];

/** A language, loaded. */
export class Translation {
  readonly #plural: Intl.PluralRules;
  readonly #number: Intl.NumberFormat;

  constructor(
    readonly language: Language,
    private readonly catalogue: Catalogue,
  ) {
    this.#plural = new Intl.PluralRules(language);
    this.#number = new Intl.NumberFormat(language);
  }

  /** A sentence with its values. */
  t<K extends TextKey>(key: K, ...values: Values<K>): string {
    return fillPlaces(this.catalogue.text[key], values[0] ?? {});
  }

  /** A sentence that counts. */
  n(key: CountedKey, count: number): string {
    const forms = this.catalogue.counted[key];
    return fillPlaces(forms[this.#plural.select(count)] ?? forms.other, { n: this.#number.format(count) });
  }

  /** Such as `3 March 2029`. */
  date(date: Date): string {
    return new Intl.DateTimeFormat(this.language, { dateStyle: "long" }).format(date);
  }

  /** Day and time, short, for lists; with the year where it is another. */
  moment(date: Date, now: Date): string {
    const year = date.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
    const style = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", ...year } as const;
    return new Intl.DateTimeFormat(this.language, style).format(date);
  }

  /** The time, with its day unless it is today. */
  time(date: Date, now: Date): string {
    const today = date.toDateString() === now.toDateString();
    const style: Intl.DateTimeFormatOptions = today
      ? { timeStyle: "short" }
      : { dateStyle: "medium", timeStyle: "short" };
    return new Intl.DateTimeFormat(this.language, style).format(date);
  }
}

export async function load(language: Language): Promise<Translation> {
  return new Translation(language, await LOADERS[language]());
}

/** ISO 639-2 codes, as device links carry them. */
const THREE_LETTERS: Record<string, Language> = {
  eng: "en",
  est: "et",
  lav: "lv",
  lit: "lt",
  rus: "ru",
  deu: "de",
  fra: "fr",
};

/** The first of the wishes (`et`, `et-EE`, `est`) that there is, else English. */
export function choose(wishes: readonly (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const primary = wish?.toLowerCase().split(/[-_]/)[0] ?? "";
    const language = THREE_LETTERS[primary] ?? primary;
    if (Object.hasOwn(LANGUAGES, language)) return language as Language;
  }
  return "en";
}
