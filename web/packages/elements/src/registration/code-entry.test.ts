import { describe, expect, it } from "vitest";
import { RegistrationError } from "./api.ts";
import { codeNow, codeRefused, codeSent, codeUnderWay, readCode, secondsUntil } from "./code-entry.ts";

const TIMES = { codeSeconds: 480, codePauseSeconds: 120 };
const refused = (code: string, more: { after?: number; left?: number } = {}) => new RegistrationError(code, 400, "", more.after, more.left);

describe("a code", () => {
  const sent = codeSent(TIMES, 1000);

  it("counts until its time is over", () => {
    expect(secondsUntil(sent.endsAt!, 1000)).toBe(480);
    expect(codeNow(sent, 480_999).isOver).toBe(false);
    expect(codeNow(sent, 481_000)).toMatchObject({ isOver: true, problem: "codeOver" });
    expect(secondsUntil(sent.resendAt, 1000)).toBe(120);
    expect(secondsUntil(sent.resendAt, 500_000)).toBe(0);
  });

  it("that is wrong leaves fewer tries, and none at last", () => {
    const wrong = codeRefused(sent, refused("otp_invalid", { left: 4 }))!;
    expect(wrong).toMatchObject({ problem: "codeWrong", attemptsLeft: 4, isOver: false });
    expect(codeRefused(wrong, refused("otp_invalid", { left: 0 }))).toMatchObject({ problem: "codeLocked", isOver: true });
    expect(codeRefused(sent, refused("otp_invalid"))).toMatchObject({ problem: "codeWrongOnly", isOver: false });
    expect(codeRefused(sent, refused("otp_locked"))?.isOver).toBe(true);
    expect(codeRefused(sent, refused("otp_expired"))).toMatchObject({ problem: "codeOver", isOver: true });
    expect(codeRefused(sent, refused("invalid_request"))).toMatchObject({ problem: "codeInvalid", isOver: false });
    expect(codeRefused(sent, refused("origin_not_allowed"))).toBeNull();
  });

  it("that was sent before can be entered still", () => {
    expect(codeUnderWay(refused("too_many_requests", { after: 90 }), TIMES, 0)).toMatchObject({ endsAt: null, resendAt: 90_000 });
    expect(codeUnderWay(refused("too_many_requests", { after: 3600 }), TIMES, 0)).toBeNull();
    expect(codeUnderWay(refused("too_many_requests"), TIMES, 0)).toBeNull();
    expect(codeUnderWay(refused("number_not_allowed", { after: 1 }), TIMES, 0)).toBeNull();
  });
});

it("a code is read as people type it", () => {
  expect(readCode(" 123 456 ")).toBe("123456");
  expect(readCode("ABCD")).toBe("ABCD");
  for (const wrong of ["", "123", "123456789", "12ö456"]) expect(readCode(wrong), wrong).toBeNull();
});
