import { expect, it } from "vitest";
import { size } from "./files.ts";

it("sizes are short", () => {
  expect([0, 999, 1000, 1536, 9_949, 9_951, 999_499, 999_500, 4e9].map(size)).toEqual([
    "0 bytes", "999 bytes", "1.0 kB", "1.5 kB", "9.9 kB", "10 kB", "999 kB", "1.0 MB", "4.0 GB",
  ]);
});
