import { describe, expect, it } from "vitest";
import * as de from "./de.ts";
import * as en from "./en.ts";
import * as et from "./et.ts";
import * as fr from "./fr.ts";
import { LANGUAGES, type Language, Translation, choose } from "./index.ts";
import * as lt from "./lt.ts";
import * as lv from "./lv.ts";
import * as ru from "./ru.ts";

const ALL = { en, et, lv, lt, ru, de, fr };
const places = (sentence: string) => [...sentence.matchAll(/\{\w+\}/g)].map(String).sort();

describe.each(Object.keys(LANGUAGES) as Language[])("%s", (language) => {
  const { text, counted } = ALL[language];

  it("has the same places in its sentences as English", () => {
    for (const [key, sentence] of Object.entries(en.text)) {
      expect(places(text[key as keyof typeof text]), key).toEqual(places(sentence));
    }
  });

  it("has no empty sentence, and none of another language", () => {
    for (const [key, sentence] of Object.entries(text)) {
      expect(sentence.trim(), key).toBe(sentence);
      expect(sentence, key).not.toBe("");
      // A whole sentence that is the same as in English was forgotten.
      if (language !== "en" && sentence.split(" ").length > 3)
        expect(sentence, key).not.toBe(en.text[key as keyof typeof en.text]);
    }
  });

  it("has exactly the plural forms of its rules", () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    for (const [key, sentence] of Object.entries(counted)) expect(Object.keys(sentence).toSorted(), key).toEqual(forms);
  });

  it("counts", () => {
    const tr = new Translation(language, { text, counted });
    for (const n of [0, 1, 2, 3, 5, 11, 21]) expect(tr.n("digitsEntered", n)).toContain(String(n));
  });
});

describe("the language that a person reads", () => {
  it("is the first wish that there is", () => {
    expect(choose([null, "xx", "et-EE", "ru"])).toBe("et");
    expect(choose(["lav"])).toBe("lv");
    expect(choose(["pt-BR", "fr-CA"])).toBe("fr");
  });

  it("is English where nothing fits", () => {
    expect(choose([])).toBe("en");
    expect(choose(["__proto__", "constructor", "nld"])).toBe("en");
  });
});
