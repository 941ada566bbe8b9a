import { describe, expect, it } from "vitest";
import { TERMS_ERRORS, type PollAnswer, type TermsOffer } from "./answers.ts";
import { bestText, decided, END_TEXTS, isConsentDone, isOwnPage, mayBeginAgain, missing, offered, polled, refused, type TermsFlow } from "./terms-flow.ts";

const OFFER: TermsOffer = { link: "https://id.example/t/x", token: "x", terms: [] };
const QUIET: PollAnswer = { error: null, consentUrl: null, confirmed: false, downgrade: false };
const waiting = (risk = false) => decided(offered(OFFER, risk));

describe("terms", () => {
  it("wait until the person has confirmed", () => {
    expect(offered(null, false)).toEqual({ at: "nothing" });
    expect(polled(waiting(), QUIET)).toEqual(waiting());
    expect(polled(waiting(), { ...QUIET, confirmed: true })).toEqual({ at: "ended", end: "accepted" });
    expect(polled(waiting(true), { ...QUIET, confirmed: true, downgrade: true })).toEqual({ at: "ended", end: "downgraded" });
    expect(polled(waiting(), { ...QUIET, consentUrl: "https://id.example/consent/x" })).toMatchObject({ at: "waiting", consentUrl: "https://id.example/consent/x" });
  });

  it("end with every error, each with words of its own", () => {
    for (const error of TERMS_ERRORS) {
      const flow = polled(waiting(true), { ...QUIET, error });
      expect(flow, error).toEqual({ at: "ended", end: error });
      expect(mayBeginAgain(error)).toBe(true);
    }
    const words = Object.values(END_TEXTS);
    expect(new Set(words).size).toBe(words.length);
    expect(mayBeginAgain("accepted") || mayBeginAgain("downgraded")).toBe(false);
  });

  it("that would lower the level are asked for again, once", () => {
    const error = "downgrade_not_acknowledged";
    expect(polled(waiting(false), { ...QUIET, error })).toBe("again");
    expect(polled(waiting(true), { ...QUIET, error })).toEqual({ at: "ended", end: error });
  });

  it("stay where they are when something comes late", () => {
    const ended: TermsFlow = { at: "ended", end: "accepted" };
    expect(polled(ended, { ...QUIET, error: "timeout" })).toBe(ended);
    expect(decided(ended)).toBe(ended);
  });

  it("whose time is over say so", () => {
    expect(refused("token_expired")).toEqual({ at: "ended", end: "timeout" });
    expect(refused("internal")).toEqual({ at: "ended", end: "internal" });
  });
});

it("a decision is complete or says what is missing", () => {
  expect(missing(0, false, false)).toBe("chooseOne");
  expect(missing(1, true, false)).toBe("riskNeeded");
  expect(missing(1, true, true)).toBeNull();
  expect(missing(2, false, false)).toBeNull();
});

describe("the page of password and code", () => {
  it("is the service's own", () => {
    expect(isOwnPage("https://id.example/consent/x", "https://id.example")).toBe(true);
    expect(isOwnPage("https://id.example.evil/consent/x", "https://id.example")).toBe(false);
    expect(isOwnPage("http://id.example/consent/x", "https://id.example")).toBe(false);
  });

  it("is believed from its own frame and origin alone", () => {
    const frame = {};
    const good = { origin: "https://id.example", source: frame, data: { type: "consent-done" } };
    const done = (event: typeof good, of: unknown = frame) => isConsentDone(event, of, "https://id.example/consent/x");
    expect(done(good)).toBe(true);
    expect(done({ ...good, origin: "https://evil.example" })).toBe(false);
    expect(done({ ...good, source: {} })).toBe(false);
    expect(done({ ...good, data: { type: "other" } })).toBe(false);
    expect(done({ ...good, data: null as never })).toBe(false);
    expect(done({ ...good, source: null as never }, null)).toBe(false);
  });
});

it("a text is in the person's language where there is one", () => {
  const texts = [{ language: "de" }, { language: "en" }, { language: "fr-CH" }];
  expect(bestText(texts, "fr")?.language).toBe("fr-CH");
  expect(bestText(texts, "et")?.language).toBe("en");
  expect(bestText([{ language: "de" }], "et")?.language).toBe("de");
  expect(bestText([], "et")).toBeUndefined();
});
