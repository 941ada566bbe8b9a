import { describe, expect, test } from "vitest";
import { failureText, kindOf, levelText, whoSigns } from "./words.ts";

describe("words", () => {
  test("who signs is read from what people type", () => {
    expect(whoSigns(" pnoee-40504040001-dem0-q ")).toEqual({ documentNumber: "PNOEE-40504040001-DEM0-Q" });
    expect(whoSigns("PNOEE-40504040001")).toEqual({ person: "PNOEE-40504040001" });
    expect(whoSigns("PNOLV-050405-10009")).toEqual({ person: "PNOLV-050405-10009" });
    expect(whoSigns("40504040001")).toEqual({ person: "PNOEE-40504040001" });
    for (const wrong of ["", "abc", "4050404000", "PNO-1"]) expect(whoSigns(wrong)).toBeUndefined();
  });

  test("one container and one document are something of their own", () => {
    const named = (...names: string[]) => kindOf(names.map((name) => ({ name })));
    expect([named("a.asice"), named("A.PDF"), named("a.pdf", "b.pdf"), named("a.txt"), named()]).toEqual([
      "container", "pdf", "files", "files", "files",
    ]);
  });

  test("an end that is not known is told in the service's words", () => {
    expect(failureText("USER_REFUSED", "x")).toBe("It was refused on the phone.");
    expect(failureText("NEW", "the detail")).toContain("the detail");
    expect(levelText("XAdES_BASELINE_LT")).toBe("LT");
    expect(levelText(undefined)).toBe("");
  });
});
