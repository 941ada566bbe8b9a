import { expect, it } from "vitest";
import { matching } from "./search.ts";

const person = (documentNumber: string, outcome: string, remark = "") =>
  ({ documentNumber, outcome, remark, givenName: "OK", surname: "TESTNUMBER" });
const ALL = [person("PNOEE-1", "OK"), person("PNOLV-2", "TIMEOUT", "under 18"), person("PNOLT-3", "USER_REFUSED")];

it("persons are found by any part, with every word", () => {
  const found = (query: string) => matching(ALL, query).map((each) => each.documentNumber);
  expect(found("")).toHaveLength(3);
  expect(found("refused")).toEqual(["PNOLT-3"]);
  expect(found("pnolv UNDER")).toEqual(["PNOLV-2"]);
  expect(found("pnolv refused")).toEqual([]);
});
