import { describe, expect, it } from "vitest";
import { readOffer, readPoll, readSettings, readSigningStatus, readStatus, SIGNING_STATUSES } from "./answers.ts";

const BASE = "https://id.example.org";

describe("a status", () => {
  const guide = {
    status: [{ assuranceLevel: 3, jurisdiction: "zertes" }, { assuranceLevel: 3, jurisdiction: "eidas" }],
    loa4ExpiryDate: null,
    signingStatus: "MISMATCH",
    notFound: false,
  };

  it("is read as the guide's sample has it, and as sister services write it", () => {
    expect(readStatus(guide)).toEqual(guide);
    const other = readStatus({ ...guide, status: [{ assuranceLevel: "4", jurisdiction: "EIDAS" }], loa4ExpiryDate: "2027-07-06" });
    expect(other.status).toEqual([{ assuranceLevel: 4, jurisdiction: "eidas" }]);
    expect(other.loa4ExpiryDate).toBe("2027-07-06");
    expect(readStatus({ ...guide, tc: [{ jurisdiction: "eidas", current: false, version: "1" }] }).tc).toHaveLength(1);
  });

  it("has one word in either spelling", () => {
    for (const word of SIGNING_STATUSES) {
      expect(readSigningStatus(word)).toBe(word);
      expect(readSigningStatus(word.replace("MISSMATCH", "MISMATCH"))).toBe(word);
    }
    expect(() => readSigningStatus("REGISTERED")).toThrow(TypeError);
  });

  it("that is none is refused", () => {
    for (const wrong of [
      null, [], {}, { ...guide, status: {} }, { ...guide, signingStatus: "mid" }, { ...guide, notFound: 0 },
      { ...guide, loa4ExpiryDate: "6 July" }, { ...guide, status: [{ assuranceLevel: 5, jurisdiction: "eidas" }] },
      { ...guide, status: [{ assuranceLevel: 4, jurisdiction: "us" }] }, { ...guide, tc: [{}] },
    ]) expect(() => readStatus(wrong), JSON.stringify(wrong)).toThrow(TypeError);
  });
});

describe("an offer of terms", () => {
  it("has the token in its link, where it is not named", () => {
    expect(readOffer({ link: "https://id.example.org/t/abc" }, BASE)).toEqual({ link: "https://id.example.org/t/abc", token: "abc", terms: [] });
  });

  it("leads to pages, and nowhere else", () => {
    const offer = (url: string) => ({ link: `${BASE}/t/abc`, token: "abc", terms: [{ jurisdiction: "zertes", version: "1", texts: [{ language: "de", url }] }] });
    expect(readOffer(offer("/terms/1/de"), BASE).terms[0]?.texts[0]?.url).toBe(`${BASE}/terms/1/de`);
    for (const wrong of ["javascript:alert(1)", "data:text/html,x"]) expect(() => readOffer(offer(wrong), BASE)).toThrow(TypeError);
    expect(() => readOffer({ link: "javascript:alert(1)" }, BASE)).toThrow(TypeError);
  });
});

it("a poll is read strictly", () => {
  const waiting = { token: "t", error: null, consentUrl: null, confirmed: false, downgrade: false };
  expect(readPoll(waiting, BASE)).toEqual({ error: null, consentUrl: null, confirmed: false, downgrade: false });
  expect(readPoll({ ...waiting, consentUrl: "https://id.example.org/consent/t" }, BASE).consentUrl).toContain("/consent/");
  for (const wrong of [{ ...waiting, error: "?" }, { ...waiting, consentUrl: "javascript:1" }, { ...waiting, confirmed: "yes" }]) {
    expect(() => readPoll(wrong, BASE)).toThrow(TypeError);
  }
});

it("settings are read strictly", () => {
  const settings = { methods: ["MID"], asksForTerms: true, codeSeconds: 480, codePauseSeconds: 0, identifyUrl: null, sandbox: true };
  expect(readSettings(settings, BASE)).toEqual(settings);
  for (const wrong of [{ ...settings, methods: ["X"] }, { ...settings, codeSeconds: -1 }, { ...settings, identifyUrl: "javascript:1" }, {}]) {
    expect(() => readSettings(wrong, BASE)).toThrow(TypeError);
  }
});
