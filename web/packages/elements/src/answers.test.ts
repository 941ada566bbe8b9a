import { describe, expect, it } from "vitest";
import { clock, ending, isFinal, readLink, readStatus } from "./answers.ts";

describe("the end of a session", () => {
  it("is told apart by its code", () => {
    const failed = (code: string) => ending({ state: "failed", failure: { code } });
    expect(ending({ state: "running" })).toBeNull();
    expect(ending({ state: "complete" })).toBe("complete");
    expect(failed("USER_REFUSED")).toBe("refused");
    expect(failed("USER_REFUSED_INTERACTION")).toBe("refused");
    expect(failed("WRONG_VC")).toBe("refused");
    expect(failed("TIMEOUT")).toBe("timeout");
    expect(failed("DOCUMENT_UNUSABLE")).toBe("error");
    expect(ending({ state: "failed" })).toBe("error");
  });
});

describe("answers of the backend", () => {
  it("are read strictly", () => {
    expect(readLink({ link: "https://id.example/x?a=b", secondsLeft: 3.7, more: 1 })).toEqual({
      link: "https://id.example/x?a=b",
      secondsLeft: 3,
    });
    expect(readLink({})).toEqual({});
    for (const wrong of [null, "x", { link: 1 }, { link: "javascript:alert(1)" }, { sameDeviceLink: "data:," }, { secondsLeft: "3" }]) {
      expect(() => readLink(wrong)).toThrow(TypeError);
    }
    expect(readStatus({ state: "running", version: 3 }).version).toBe(3);
    for (const wrong of [null, {}, { state: "RUNNING" }, []]) expect(() => readStatus(wrong)).toThrow(TypeError);
  });

  it("of a session that is gone are final, of a busy server not", () => {
    expect([401, 404, 410].every(isFinal)).toBe(true);
    expect([200, 408, 429, 500, 503].some(isFinal)).toBe(false);
  });
});

it("time is written as people read it", () => {
  expect([clock(60), clock(9), clock(0)]).toEqual(["1:00", "0:09", "0:00"]);
});
