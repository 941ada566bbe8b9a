/** The entry of a one-time code: how long it counts, when a new one may be sent, and what a refusal means. Rules only. */

import type { RegistrationError } from "./api.ts";
import type { Settings } from "./answers.ts";
import type { TextKey } from "./texts/index.ts";

/** Times are milliseconds of one clock of the page. */
export interface CodeEntry {
  /** When the code counts no more; null when that is not known. */
  readonly endsAt: number | null;
  /** When a new one may be sent. */
  readonly resendAt: number;
  readonly problem: TextKey | null;
  readonly attemptsLeft: number | null;
  /** No code can be entered: a new one is needed. */
  readonly isOver: boolean;
}

type Times = Pick<Settings, "codeSeconds" | "codePauseSeconds">;

/** A code has been sent. */
export function codeSent({ codeSeconds, codePauseSeconds }: Times, now: number): CodeEntry {
  return { endsAt: now + codeSeconds * 1000, resendAt: now + codePauseSeconds * 1000, problem: null, attemptsLeft: null, isOver: false };
}

/**
 * None was sent, because one was a moment ago: it can still be entered. Such a wait is no longer than a code counts; where it is,
 * or where it is not said, the refusal is about something else, and null comes back.
 */
export function codeUnderWay(error: RegistrationError, { codeSeconds }: Times, now: number): CodeEntry | null {
  if (error.code !== "too_many_requests" || error.retryAfter === undefined || error.retryAfter > codeSeconds) return null;
  return { endsAt: null, resendAt: now + error.retryAfter * 1000, problem: null, attemptsLeft: null, isOver: false };
}

/** The code was refused. Null: the refusal is not about the code. */
export function codeRefused(entry: CodeEntry, error: RegistrationError): CodeEntry | null {
  switch (error.code) {
    case "otp_invalid":
      return error.attemptsLeft === 0
        ? { ...entry, problem: "codeLocked", attemptsLeft: 0, isOver: true }
        : { ...entry, problem: error.attemptsLeft === undefined ? "codeWrongOnly" : "codeWrong", attemptsLeft: error.attemptsLeft ?? null };
    case "otp_expired":
      return { ...entry, problem: "codeOver", isOver: true };
    case "otp_locked":
      return { ...entry, problem: "codeLocked", isOver: true };
    case "invalid_request":
      return { ...entry, problem: "codeInvalid" };
    default:
      return null;
  }
}

/** The same a while later. */
export function codeNow(entry: CodeEntry, now: number): CodeEntry {
  const ran = !entry.isOver && entry.endsAt !== null && now >= entry.endsAt;
  return ran ? { ...entry, isOver: true, problem: "codeOver" } : entry;
}

/** Whole seconds until then, none when it is past. */
export const secondsUntil = (then: number, now: number): number => Math.max(0, Math.ceil((then - now) / 1000));

/** What was typed, as the API takes it; null when it cannot be a code. */
export function readCode(typed: string): string | null {
  const code = typed.replace(/[\s-]/g, "");
  return /^[0-9A-Za-z]{4,8}$/.test(code) ? code : null;
}
