/** What people read where programs have words. */

import type { Evidence, Levels, Refusal } from "./api.ts";
import { sentence, type PlainKey } from "./texts/index.ts";

/** What operators do, in the order of the table of rights. */
export const ACTS = {
  "look-up": "actLookUp",
  "look-at-authority": "actLookAtAuthority",
  "read-ceremony-log": "actReadCeremony",
  "look-at-proposals": "actLookAtProposals",
  "decide-proposal": "actDecide",
  "read-trail": "actReadTrail",
  "issue-activation": "actIssueActivation",
  "withdraw-activation": "actWithdrawActivation",
  "start-identification": "actStartIdentification",
  "cancel-identification": "actCancelIdentification",
  "record-evidence": "actRecordEvidence",
  "record-qualified-evidence": "actRecordQualified",
  "upload-result": "actUploadResult",
  "bind-evidence": "actBindEvidence",
  "end-evidence": "actEndEvidence",
  "end-evidence-as-wrong": "actEndWrong",
  "invite-to-password": "actInvitePassword",
  "end-password": "actEndPassword",
  "revoke-account": "actRevokeAccount",
  "unlock-key": "actUnlockKey",
  "deny-tokens": "actDenyTokens",
  "export-person": "actExportPerson",
  "erase-person": "actErasePerson",
  "issue-certificate": "actIssueCertificate",
  "revoke-certificate": "actRevokeCertificate",
  "suspend-certificate": "actSuspendCertificate",
  "resume-certificate": "actResumeCertificate",
  "roll-over-ca": "actRollOverCa",
  "roll-over-responders": "actRollOverResponders",
  "accept-clock": "actAcceptClock",
  "note-in-ceremony-log": "actNoteCeremony",
} as const satisfies Record<string, PlainKey>;

export type Act = keyof typeof ACTS;

/** The sentence of a word, or the word where there is none: services grow. */
function worded(list: Readonly<Record<string, PlainKey>>, word: string): string {
  const key = Object.hasOwn(list, word) ? list[word] : undefined;
  return key ? sentence(key) : word;
}

export function actText(act: string): string {
  return worded(ACTS, act);
}

const STANDINGS = { WAITING: "standingWaiting", IN_FORCE: "standingInForce", EXPIRED: "standingExpired" } as const;
const ENDS = { wrong: "standingWrong", withdrawn: "standingWithdrawn", superseded: "standingSuperseded" } as const;

export function standingText({ state, ended }: Pick<Evidence, "state" | "ended">): string {
  if (state !== "ENDED") return sentence(STANDINGS[state]);
  return ended ? worded(ENDS, ended) : sentence("standingEnded");
}

const ACCOUNTS = {
  DRAFT: "accountDraft",
  CERTIFIED: "accountCertified",
  PENDING_RA: "accountPending",
  REVOKED: "accountRevoked",
  CLONE_SUSPECT: "accountClone",
} as const;

export function accountText(state: string): string {
  return worded(ACCOUNTS, state);
}

const KEYS = {
  PENDING: "keyPending",
  ACTIVE: "keyActive",
  LOCKED: "keyLocked",
  BLOCKED: "keyBlocked",
  CLONE_SUSPECT: "accountClone",
  REVOKED: "keyRevoked",
  EXPIRED: "keyExpired",
} as const;

export function keyText(state: string): string {
  return worded(KEYS, state);
}

const CERTIFICATES = { QUALIFIED: "accountQualified", ADVANCED: "accountAdvanced" } as const;

export function certificateText(level: string): string {
  return worded(CERTIFICATES, level);
}

const THINGS = {
  evidence: "whatEvidence",
  acceptances: "whatAcceptances",
  identifications: "whatIdentifications",
  passwords: "whatPasswords",
  proposals: "whatProposals",
  accounts: "whatAccounts",
  certificates: "whatCertificates",
  events: "whatEvents",
} as const;

/** What is erased or kept. */
export function thingText(what: string): string {
  return worded(THINGS, what);
}

export function levelsText({ zertes, eidas }: Levels): string {
  const one = (key: "levelsEidas" | "levelsZertes", level: number | null) => (level === null ? null : sentence(key, { level }));
  return [one("levelsEidas", eidas), one("levelsZertes", zertes)].filter(Boolean).join(", ");
}

const PROBLEMS = {
  "invalid-request": "problemInvalid",
  unauthorized: "problemUnauthorized",
  forbidden: "problemForbidden",
  "not-found": "problemNotFound",
  conflict: "problemConflict",
  expired: "problemExpired",
  "too-large": "problemTooLarge",
  "invalid-signature": "problemSignature",
  "too-many-requests": "problemTooMany",
  unavailable: "problemUnavailable",
  internal: "problemInternal",
} as const;

export type ProblemKind = keyof typeof PROBLEMS;
/** What a kind of problem means for one act. */
export type ProblemWords = Partial<Record<ProblemKind, PlainKey>>;

export function problemText({ status, problem: { kind } }: Pick<Refusal, "status" | "problem">, own: ProblemWords = {}): string {
  if (status === 0) return sentence("problemOffline");
  if (!Object.hasOwn(PROBLEMS, kind)) return sentence("problemOther", { status });
  return sentence(own[kind as ProblemKind] ?? PROBLEMS[kind as ProblemKind]);
}

/** A request as rows of member and value, in the order in which it came. What is no JSON is shown as it is. */
export function rows(body: string): readonly (readonly [string, string])[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return [["", body]];
  }
  const found: [string, string][] = [];
  const walk = (each: unknown, name: string): void => {
    if (typeof each === "object" && each !== null) {
      for (const [member, inner] of Object.entries(each)) walk(inner, name ? `${name}.${member}` : member);
    } else {
      found.push([name, String(each)]);
    }
  };
  walk(value, "");
  return found;
}

/** What a signed result says, as it says it: nothing of it is verified here. Null when it cannot be read. */
export function payloadOf(jws: string): string | null {
  const [, payload, ...rest] = jws.trim().split(".");
  if (!payload || rest.length !== 1 || !/^[\w-]+$/.test(payload)) return null;
  try {
    const octets = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(octets);
    JSON.parse(text);
    return text;
  } catch {
    return null;
  }
}
