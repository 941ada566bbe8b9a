import { describe, expect, it } from "vitest";
import { isFresh, listenerOf, readAddress, readToken, withoutFragment } from "./page.ts";

it("the address says how the page was opened", () => {
  expect(readAddress("https://id.example/status?client=portal&lang=de&origin=https%3A%2F%2Fa.example#msisdn=41791234567")).toEqual({
    client: "portal", lang: "de", origin: "https://a.example", msisdn: "41791234567", isFrame: false,
  });
  expect(readAddress("https://id.example/status/embed").isFrame).toBe(true);
  expect(withoutFragment("https://id.example/status?client=portal#msisdn=41791234567")).toBe("/status?client=portal");
});

it("only the client's own pages are told, letter for letter", () => {
  const allowed = ["https://a.example", "http://localhost:3000"];
  expect(listenerOf("https://a.example", allowed)).toBe("https://a.example");
  for (const other of ["https://a.example/", "https://A.example", "http://a.example", "https://a.example.evil", "*", "null", "", null]) {
    expect(listenerOf(other, allowed), String(other)).toBeNull();
  }
});

describe("a token", () => {
  it("is read strictly", () => {
    const token = readToken({ access_token: "t", expires_in: 900, origins: ["https://a.example", 1], themeCss: null }, 0);
    expect(token).toEqual({ token: "t", endsAt: 900_000, origins: ["https://a.example"], themeCss: null });
    for (const wrong of [null, {}, { access_token: "t" }, { access_token: 1, expires_in: 1, origins: [] }]) expect(() => readToken(wrong, 0)).toThrow(TypeError);
  });

  it("is replaced before it runs out", () => {
    const token = readToken({ access_token: "t", expires_in: 900, origins: [] }, 0);
    expect(isFresh(token, 869_999)).toBe(true);
    expect(isFresh(token, 870_000)).toBe(false);
  });
});
