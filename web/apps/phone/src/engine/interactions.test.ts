import { expect, test } from "vitest";
import { fixture } from "../../test/fixtures.ts";
import { b64, utf8 } from "../crypto/bytes.ts";
import { firstInteraction } from "./interactions.ts";

const of = (list: unknown) => b64(utf8(JSON.stringify(list)));

test("the first kind that is known is taken", () => {
  const list = [
    { type: "somethingNew", displayText9000: "x" },
    { displayText200: "Pay 10 €", type: "confirmationMessage" },
    { type: "displayTextAndPIN", displayText60: "Pay" },
  ];
  expect(firstInteraction(of(list), "device-link")).toEqual({ kind: "confirmationMessage", text: "Pay 10 €", limit: 200 });
  expect(firstInteraction(of(list.slice(0, 1)), "notification")).toBeNull();
  expect(firstInteraction(of([]), "notification")).toBeNull();
});

test("what other people's clients write is read", () => {
  const { cases } = fixture<{ cases: { name: string; body: string }[] }>("rp-api/requests.json");
  const texts = cases.map(({ body }) => (JSON.parse(body) as { interactions?: unknown }).interactions)
    .filter((text) => typeof text === "string");
  expect(texts.length).toBeGreaterThan(3);
  for (const text of texts) expect(firstInteraction(text, "notification")?.text).not.toBe("");
});

test("a choice of codes belongs to notifications", () => {
  const choice = of([{ type: "confirmationMessageAndVerificationCodeChoice", displayText200: "Pay" }]);
  expect(firstInteraction(choice, "notification")?.kind).toBe("confirmationMessageAndVerificationCodeChoice");
  for (const flow of ["device-link", "linked"] as const) expect(() => firstInteraction(choice, flow)).toThrow(RangeError);
});

test("what is not interactions is refused", () => {
  const wrong = ["", "!", of({}), of("x"), of(null), b64(utf8("[")), b64(Uint8Array.of(0x5b, 0xff, 0x5d)), of(Array.from({ length: 17 }, () => ({}))),
    of([{ type: "displayTextAndPIN" }]), of([{ type: "displayTextAndPIN", displayText60: "" }]), of([{ type: "displayTextAndPIN",
      displayText60: "x".repeat(61) }]), of([{ type: "confirmationMessage", displayText60: "x" }]), of([{ type: "displayTextAndPIN",
      displayText60: 7 }]), `${of([{ type: "displayTextAndPIN", displayText60: "x" }])}=`, "A".repeat(8196)];
  for (const text of wrong) expect(() => firstInteraction(text, "notification"), text.slice(0, 40)).toThrow();
  // A type that is a name of every object is no type.
  expect(firstInteraction(of([{ type: "constructor" }, { type: "__proto__" }, { type: ["displayTextAndPIN"] }]), "notification")).toBeNull();
});
