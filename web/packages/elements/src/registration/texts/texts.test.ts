import { describe, expect, it } from "vitest";
import { text as english } from "./en.ts";
import { LANGUAGES, loadTexts, pickLanguage, type Language, type TextKey } from "./index.ts";

const keys = Object.keys(english) as TextKey[];
const places = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe.each(Object.keys(LANGUAGES) as Language[])("%s", (language) => {
  it("has every sentence, with the same places", async () => {
    const texts = await loadTexts(language);
    expect(Object.keys(texts).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      expect(places(texts[key]), key).toEqual(places(english[key]));
      expect(texts[key].trim(), key).toBe(texts[key]);
      if (language !== "en") expect(texts[key] === english[key] && texts[key].length > 24, `${key} is translated`).toBe(false);
    }
  });
});

it("a page can replace sentences", async () => {
  expect((await loadTexts("de", { accept: "Einverstanden" })).accept).toBe("Einverstanden");
});

it("the language is the first that is there", () => {
  expect(pickLanguage([null, "de-CH", "fr"])).toBe("de");
  expect(pickLanguage(["nl", "LT"])).toBe("lt");
  expect(pickLanguage(["constructor", undefined])).toBe("en");
});
