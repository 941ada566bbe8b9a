import { expect, test } from "vitest";
import { fixture } from "../../test/fixtures.ts";
import { hex, utf8 } from "./bytes.ts";
import { digest } from "./hash.ts";
import { weakPin } from "./pin.ts";

test("guessable PINs are weak", () => {
  for (const pin of ["0000", "1234", "9876", "7890", "2468", "1999", "2024", "1212", "123123", "1122", "998877", "1221",
    "12321", "2580", "0852", "147258", "1397", "14789", "98741", "3971", "12a4", "123", "", "٣٩٤٧"]) {
    expect(weakPin(pin), pin).toBe(true);
  }
});

test("others are not", () => {
  for (const pin of ["4071", "8305", "92716", "40718", "50284", "739105", "1840"]) expect(weakPin(pin), pin).toBe(false);
});

test.each(Object.entries(fixture<Record<string, { weak: number; sha256: string }>>("split-key/weak-pins.json")))(
  "of %s digits the same are weak as on other phones",
  async (length, expected) => {
    const pins = Array.from({ length: 10 ** Number(length) }, (_, pin) => String(pin).padStart(Number(length), "0"));
    const weak = pins.filter(weakPin);
    expect({ weak: weak.length, sha256: hex(await digest("SHA-256", utf8(weak.join("\n")))) }).toEqual(expected);
  },
);
