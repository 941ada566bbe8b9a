import { expect, it } from "vitest";
import { fillPlaces } from "./sentence.ts";

it("places are filled in, and text stays text", () => {
  expect(fillPlaces("{a} of {b}, {c}", { a: 1, b: "$&" })).toBe("1 of $&, {c}");
});
