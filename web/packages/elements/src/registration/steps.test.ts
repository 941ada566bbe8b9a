import { describe, expect, it } from "vitest";
import type { RegistrationStatus } from "./answers.ts";
import { BEGIN, isDone, next, type Progress, type StepEvent } from "./steps.ts";

const after = (...events: StepEvent[]): Progress => events.reduce(next, BEGIN);
const VERIFIED: StepEvent = { type: "verified", msisdn: "41791234567" };

describe("the steps", () => {
  it("go from the number to the overview", () => {
    expect(after()).toEqual(BEGIN);
    expect(after(VERIFIED)).toMatchObject({ step: "status", msisdn: "41791234567" });
  });

  it("lead to terms once where the client wants them, and back", () => {
    const shown: StepEvent = { type: "shown", termsWait: true, leads: true };
    expect(after(VERIFIED, shown).step).toBe("terms");
    const back = after(VERIFIED, shown, { type: "terms-ended", end: "declined" });
    expect(back).toMatchObject({ step: "status", ended: "declined" });
    expect(next(back, shown).step).toBe("status");
    expect(after(VERIFIED, { ...shown, leads: false }).step).toBe("status");
    expect(after(VERIFIED, { ...shown, termsWait: false }).step).toBe("status");
    expect(after(VERIFIED, { type: "to-terms" }, { type: "terms-ended", end: "nothing" })).toMatchObject({ step: "status", ended: null });
  });

  it("begin anew when the proof of the number has run out", () => {
    expect(after(VERIFIED, { type: "not-verified" })).toEqual(BEGIN);
    expect(after({ type: "back" }, { type: "to-terms" })).toEqual(BEGIN);
  });
});

it("somebody is done who can sign with what the client takes", () => {
  const status = (signingStatus: RegistrationStatus["signingStatus"], level: 3 | 4 | null = 4): RegistrationStatus => ({
    status: level === null ? [] : [{ assuranceLevel: level, jurisdiction: "eidas" }], loa4ExpiryDate: null, signingStatus, notFound: false,
  });
  expect(isDone(status("MID"), false, ["MID", "SAS"])).toBe(true);
  expect(isDone(status("MID", 3), false, ["MID"])).toBe(true);
  expect(isDone(status("SAS"), false, ["MID"])).toBe(false);
  expect(isDone(status("MID"), true, ["MID"])).toBe(false);
  expect(isDone(status("MID", null), false, ["MID"])).toBe(false);
  expect(isDone(status("NOT_ABLE_TO_RETRIEVE"), false, ["MID"])).toBe(false);
});
