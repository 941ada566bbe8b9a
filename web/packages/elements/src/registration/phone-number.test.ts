import { expect, it } from "vitest";
import { readNumber, showNumber } from "./phone-number.ts";

it("numbers are read as people write them", () => {
  for (const typed of ["41791234567", "+41 79 123 45 67", "0041-79-123-45-67", " +41 (79) 123.45.67 ", "+41\u00a079 123 45 67"]) {
    expect(readNumber(typed), typed).toBe("41791234567");
  }
  for (const wrong of ["", "079 123 45 67", "+0 79 1234567", "12345", "1234567890123456", "41 79 abc", "++41791234567", "٤١٧٩١٢٣٤٥٦٧"]) {
    expect(readNumber(wrong), wrong).toBeNull();
  }
});

it("a country stands in for the code that is left out", () => {
  expect(readNumber("079 123 45 67", "CH")).toBe("41791234567");
  expect(readNumber("41791234567", "ch")).toBe("41791234567");
  expect(readNumber("5123 4567", "EE")).toBe("37251234567");
  expect(readNumber("320 1234567", "IT")).toBe("393201234567");
  expect(readNumber("+49 151 23456789", "CH")).toBe("4915123456789");
  expect(readNumber("079 123 45 67", "XX")).toBeNull();
});

it("a number is shown with its sign", () => expect(showNumber("41791234567")).toBe("+41791234567"));
