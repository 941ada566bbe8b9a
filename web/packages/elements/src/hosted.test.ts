import { describe, expect, it } from "vitest";
import { hostedUrl, readMessage } from "./hosted.ts";

const BASE = "https://id.example.org";

it("the number goes behind the hash, and never into what a server sees", () => {
  const url = hostedUrl({ base: BASE, client: "portal", lang: "de", msisdn: "41791234567" }, "embed", "https://portal.example");
  expect(url).toBe("https://id.example.org/status/embed?client=portal&lang=de&origin=https%3A%2F%2Fportal.example#msisdn=41791234567");
  expect(hostedUrl({ base: BASE }, "popup", "https://portal.example")).toBe("https://id.example.org/status?origin=https%3A%2F%2Fportal.example");
});

describe("a message", () => {
  const window = {};
  const event = { origin: BASE, source: window, data: { type: "countersign-event", name: "countersign-done", detail: {} } };

  it("is heard from the page alone", () => {
    expect(readMessage(event, BASE, window)).toBe(event.data);
    expect(readMessage({ ...event, origin: "https://evil.example" }, BASE, window)).toBeNull();
    expect(readMessage({ ...event, origin: "http://id.example.org" }, BASE, window)).toBeNull();
    expect(readMessage({ ...event, source: {} }, BASE, window)).toBeNull();
    expect(readMessage({ ...event, source: null }, BASE, null)).toBeNull();
  });

  it("is one of those that there are", () => {
    for (const data of [null, "x", {}, { type: "countersign-event", name: "click" }, { type: "countersign-height", height: -1 }, { type: "countersign-height", height: "9" }, { type: "consent-done" }]) {
      expect(readMessage({ ...event, data }, BASE, window), JSON.stringify(data)).toBeNull();
    }
    expect(readMessage({ ...event, data: { type: "countersign-height", height: 700 } }, BASE, window)).toEqual({ type: "countersign-height", height: 700 });
  });
});
