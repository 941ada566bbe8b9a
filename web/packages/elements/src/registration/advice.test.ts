import { describe, expect, it } from "vitest";
import { advise, daysBetween, type Circumstances } from "./advice.ts";
import { SIGNING_STATUSES, type Level, type RegistrationStatus, type SigningStatus } from "./answers.ts";

const NOW: Circumstances = { methods: ["MID", "SAS"], termsWait: false, today: "2026-06-01", jurisdictions: ["zertes", "eidas"] };

function status(signingStatus: SigningStatus, zertes: Level | null, eidas: Level | null, expiry: string | null = null): RegistrationStatus {
  const entry = (jurisdiction: "zertes" | "eidas", level: Level | null) => (level === null ? [] : [{ assuranceLevel: level, jurisdiction }]);
  return { status: [...entry("zertes", zertes), ...entry("eidas", eidas)], loa4ExpiryDate: expiry, signingStatus, notFound: signingStatus.startsWith("NOT_R") };
}

const told = (answer: RegistrationStatus, more: Partial<Circumstances> = {}) => {
  const { tone, headline, todo, action } = advise(answer, { ...NOW, ...more });
  return [tone, headline, todo, action];
};

describe("each of the nine statuses", () => {
  it("has its own advice", () => {
    expect(told(status("MID", 4, 4, "2027-07-06"))).toEqual(["good", "headQualified", "doNothing", "none"]);
    expect(told(status("SAS", 4, 4, "2027-07-06"))).toEqual(["good", "headQualified", "doNothing", "none"]);
    expect(told(status("NOT_ABLE_TO_RETRIEVE", null, null))).toEqual(["unknown", "headUnknown", "doRetry", "retry"]);
    expect(told(status("NOT_REGISTERED_AT_ALL", null, null))).toEqual(["act", "headNotYet", "doIdentify", "identify"]);
    expect(told(status("NOT_RA_MID_SAS", null, null))).toEqual(["act", "headNotYet", "doIdentifyNoMeans", "identify"]);
    expect(told(status("MISSMATCH_SAS_BUT_MID", 3, 3))).toEqual(["limited", "headAdvanced", "doMismatchSasButMid", "identify"]);
    expect(told(status("MISSMATCH_SAS_CHANGE_SN", 3, 3))).toEqual(["limited", "headAdvanced", "doMismatchSasChangeSn", "identify"]);
    expect(told(status("MISSMATCH_MID", 3, 3))).toEqual(["limited", "headAdvanced", "doMismatchMid", "identify"]);
    expect(told(status("MISMATCH", 3, 3))).toEqual(["limited", "headAdvanced", "doMismatch", "identify"]);
  });

  it("is good for a qualified signature only with the means of the identification", () => {
    for (const word of SIGNING_STATUSES) {
      const { headline } = advise(status(word, 3, 3), NOW);
      expect(headline === "headQualified", word).toBe(false);
    }
  });
});

it("what nobody can tell is never called not registered", () => {
  for (const termsWait of [true, false]) {
    const advice = advise(status("NOT_ABLE_TO_RETRIEVE", null, null), { ...NOW, termsWait, methods: [] });
    expect([advice.tone, advice.headline, advice.action, advice.means]).toEqual(["unknown", "headUnknown", "retry", "meansUnknown"]);
  }
});

describe("the levels", () => {
  it("are told apart by jurisdiction", () => {
    expect(told(status("MID", 3, 4, "2027-07-06"))).toEqual(["limited", "headQualifiedSome", "doSomewhere", "identify"]);
    expect(told(status("MID", 3, 3))).toEqual(["limited", "headAdvanced", "doExpired", "identify"]);
    expect(told(status("MID", null, 4, "2027-07-06"))).toEqual(["limited", "headQualifiedSome", "doSomewhere", "identify"]);
    expect(told(status("MID", null, null))).toEqual(["act", "headNotYet", "doIdentify", "identify"]);
    expect(advise(status("MISMATCH", null, null), NOW).headline).toBe("headNotYet");
  });

  it("of which the page asks about one are as good as that one", () => {
    const answer = status("MID", 3, 4, "2027-07-06");
    expect(told(answer, { jurisdictions: ["eidas"] })[1]).toBe("headQualified");
    expect(told(answer, { jurisdictions: ["zertes"] })[1]).toBe("headAdvanced");
  });

  it("end soon from the 89th day on", () => {
    expect(told(status("SAS", 4, 4, "2026-08-29"))[2]).toBe("doIdentifySoon");
    expect(told(status("SAS", 4, 4, "2026-08-30"))[2]).toBe("doNothing");
    expect(advise(status("SAS", 4, 4, "2026-07-31"), NOW).daysLeft).toBe(60);
  });
});

describe("the client", () => {
  it("has people accept terms first, those whose identification waits for that among them", () => {
    expect(told(status("MID", 4, 4, "2027-07-06"), { termsWait: true })).toEqual(["act", "headTerms", "doTerms", "accept-terms"]);
    expect(told(status("NOT_REGISTERED_AT_ALL", null, null), { termsWait: true })[3]).toBe("accept-terms");
    expect(told(status("MISSMATCH_MID", 3, 3), { termsWait: true })[3]).toBe("identify");
  });

  it("takes no other means than those it has named", () => {
    expect(told(status("SAS", 4, 4, "2027-07-06"), { methods: ["MID"] })).toEqual(["act", "headMeans", "doOtherMeans", "identify"]);
    expect(told(status("MID", 4, 4, "2027-07-06"), { methods: ["MID"] })[0]).toBe("good");
  });
});

it("days are counted in UTC", () => {
  expect(daysBetween("2026-03-28", "2026-03-30")).toBe(2);
  expect(daysBetween("2026-06-02", "2026-06-01")).toBe(-1);
});
