import type { Language } from "@countersign/elements";
import { describe, expect, it } from "vitest";
import { text as english } from "./en.ts";
import { LOADERS, type TextKey } from "./index.ts";

const keys = Object.keys(english) as TextKey[];
const places = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe.each(Object.keys(LOADERS) as Language[])("%s", (language) => {
  it("has every sentence, with the same places", async () => {
    const { text: texts } = await LOADERS[language]();
    expect(Object.keys(texts).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      expect(places(texts[key]), key).toEqual(places(english[key]));
      expect(texts[key].trim(), key).toBe(texts[key]);
      if (language !== "en") expect(texts[key] === english[key] && texts[key].length > 16, `${key} is translated`).toBe(false);
    }
  });
});
