/** What people read where programs have words. */

import type { Evidence, Levels } from "./api.ts";

const ACTS: Record<string, string> = {
  "record-evidence": "Record an identification (level 3)",
  "record-qualified-evidence": "Record an identification (level 4)",
  "upload-result": "Take a partner's result",
  "bind-evidence": "Bind a phone",
  "end-evidence": "End evidence",
  "end-evidence-as-wrong": "End evidence as wrong",
  "end-password": "End a password",
  "revoke-account": "End an account",
  "unlock-key": "Open a lock",
  "deny-tokens": "Withdraw tokens",
  "erase-person": "Erase a person",
  "issue-certificate": "Issue a certificate",
  "revoke-certificate": "Revoke a certificate",
  "resume-certificate": "Take a certificate off hold",
  "roll-over-ca": "Let a new CA take over",
};

export function actText(act: string): string {
  return ACTS[act] ?? act;
}

const STANDINGS: Record<Evidence["state"], string> = {
  WAITING: "waits for a phone",
  IN_FORCE: "in force",
  EXPIRED: "its five years are over",
  ENDED: "ended",
};

export function standingText(evidence: Evidence): string {
  const ended = evidence.ended ? `, ${evidence.ended}` : "";
  return STANDINGS[evidence.state] + ended;
}

const ACCOUNTS: Record<string, string> = {
  DRAFT: "being set up",
  CERTIFIED: "in use",
  PENDING_RA: "waits for the desk",
  REVOKED: "ended",
  CLONE_SUSPECT: "stopped: two copies were seen",
};

export function accountText(state: string): string {
  return ACCOUNTS[state] ?? state;
}

export function levelsText({ zertes, eidas }: Levels): string {
  const one = (name: string, level: number | null) => (level === null ? null : `${name} ${level}`);
  return [one("EU", eidas), one("CH", zertes)].filter(Boolean).join(", ");
}

/** Half a minute is enough to tell two times apart; seconds are in the trail. */
export function when(time: string): string {
  return new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
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
