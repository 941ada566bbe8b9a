import { describe, expect, test } from "vitest";
import { readProblem } from "./api.ts";
import { accountText, actText, levelsText, payloadOf, problemText, rows, standingText } from "./words.ts";

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

  test("a word without a text of its own stays as it is", () => {
    expect(actText("bind-evidence")).toBe("Bind a phone");
    expect(["new-act", "constructor"].map(actText)).toEqual(["new-act", "constructor"]);
    expect(accountText("NEW")).toBe("NEW");
  });

  test("evidence that has ended says why", () => {
    expect(standingText({ state: "ENDED", ended: "superseded" })).toBe("ended, newer evidence took its place");
    expect(standingText({ state: "ENDED" })).toBe("ended");
    expect(standingText({ state: "IN_FORCE" })).toBe("in force");
  });

  test("a problem is told in the page's words, and for an act in those of the act", () => {
    const told = (status: number, type: string, own = {}) => problemText({ status, problem: readProblem(JSON.stringify({ type })) }, own);
    expect(told(409, "urn:countersign:problem:conflict")).toBe("This is not possible as things stand now. Look again.");
    expect(told(409, "urn:countersign:problem:conflict", { conflict: "eraseActive" })).toContain("End it first.");
    expect(told(418, "urn:countersign:problem:teapot")).toBe("The service answered with status 418.");
    expect(told(418, "urn:countersign:problem:constructor")).toBe("The service answered with status 418.");
    expect(told(0, "")).toContain("cannot be reached");
  });

  test("a problem names the members that are wrong", () => {
    const errors = [{ detail: "Invalid surname: expected letters", paramName: "surname", pointer: "/surname" }, { paramName: "state" }];
    expect(readProblem(JSON.stringify({ type: "about:blank", detail: "Invalid", errors }))).toEqual({
      kind: "", detail: "Invalid surname: expected letters", members: [{ pointer: "/surname", name: "surname" }, { pointer: "", name: "state" }],
    });
    expect(readProblem("<html>")).toEqual({ kind: "", detail: "", members: [] });
  });

  test("what a result says is read where it can be", () => {
    const base64url = (octets: Uint8Array) => btoa(String.fromCharCode(...octets)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const part = (text: string) => base64url(new TextEncoder().encode(text));
    const said = '{"evidence":{"surname":"MÄNNIK??>"}}';
    expect(payloadOf(`${part("{}")}.${part(said)}.AAAA\n`)).toBe(said);
    for (const none of ["", "a.b", "a.b.c.d", `a.${part("no JSON")}.c`, "a.=.c", `a.${base64url(Uint8Array.of(0x22, 0xff, 0x22))}.c`]) {
      expect(payloadOf(none), none).toBeNull();
    }
  });
});
