import { describe, expect, test } from "vitest";
import { actText, levelsText, rows, standingText } from "./words.ts";

describe("words", () => {
  test("a request is shown whole, in its order", () => {
    const body = '{"person":"PNOEE-1","document":{"type":"PAS","number":"<b>"},"levels":{"zertes":null,"eidas":4},"more":["a","b"]}';
    expect(rows(body)).toEqual([
      ["person", "PNOEE-1"], ["document.type", "PAS"], ["document.number", "<b>"], ["levels.zertes", "null"],
      ["levels.eidas", "4"], ["more.0", "a"], ["more.1", "b"],
    ]);
    expect(rows("no JSON")).toEqual([["", "no JSON"]]);
    expect(rows("{}")).toEqual([]);
  });

  test("levels name their law", () => {
    expect(levelsText({ zertes: 3, eidas: 4 })).toBe("EU 4, CH 3");
    expect(levelsText({ zertes: null, eidas: 4 })).toBe("EU 4");
  });

  test("an act without a text of its own keeps its word", () => {
    expect(actText("bind-evidence")).toBe("Bind a phone");
    expect(actText("new-act")).toBe("new-act");
  });

  test("evidence that has ended says why", () => {
    const evidence = { state: "ENDED", ended: "superseded" } as Parameters<typeof standingText>[0];
    expect(standingText(evidence)).toBe("ended, superseded");
  });
});
