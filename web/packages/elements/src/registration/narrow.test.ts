import { describe, expect, it } from "vitest";
import { USUAL_SETTINGS } from "./answers.ts";
import { backOff, narrow, TRIES_MAX } from "./narrow.ts";

const all = { methods: null, requireTerms: null };

describe("attributes", () => {
  it("take away", () => {
    expect(narrow(USUAL_SETTINGS, all)).toEqual({ methods: ["MID", "SAS"], asksForTerms: true, leadsToTerms: false });
    expect(narrow(USUAL_SETTINGS, { ...all, methods: "mid" }).methods).toEqual(["MID"]);
    expect(narrow(USUAL_SETTINGS, { ...all, methods: "SAS, MID, OTHER" }).methods).toEqual(["MID", "SAS"]);
    expect(narrow(USUAL_SETTINGS, { ...all, methods: "OTHER" }).methods).toEqual([]);
    expect(narrow(USUAL_SETTINGS, { ...all, requireTerms: "" })).toMatchObject({ asksForTerms: true, leadsToTerms: true });
    expect(narrow(USUAL_SETTINGS, { ...all, requireTerms: "false" })).toMatchObject({ asksForTerms: false, leadsToTerms: false });
  });

  it("give nothing that the operator has not given", () => {
    const strict = { ...USUAL_SETTINGS, methods: ["MID"] as const, asksForTerms: false };
    expect(narrow(strict, { methods: "MID SAS", requireTerms: "true" })).toEqual({ methods: ["MID"], asksForTerms: false, leadsToTerms: false });
  });
});

it("tries come ever more rarely", () => {
  const waits = Array.from({ length: TRIES_MAX }, (_, tries) => backOff(tries));
  expect(waits.slice(0, 5)).toEqual([2, 4, 8, 16, 30]);
  expect(Math.max(...waits)).toBe(30);
});
