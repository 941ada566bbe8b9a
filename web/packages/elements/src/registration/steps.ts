/** Which step comes next: number, overview, terms. Rules only. */

import type { RegistrationStatus, SigningStatus } from "./answers.ts";
import type { TermsEnd } from "./terms-flow.ts";

export type Step = "phone" | "status" | "terms";

/** What is known so far. */
export interface Progress {
  readonly step: Step;
  /** The number whose holder has entered a code. */
  readonly msisdn: string | null;
  /** How the terms ended, to be said over the overview. */
  readonly ended: TermsEnd | null;
  /** The person was led to the terms; they are not led there twice. */
  readonly led: boolean;
}

export type StepEvent =
  | { readonly type: "verified"; readonly msisdn: string }
  /** The overview has its answer. `leads`: the client wants terms accepted first. */
  | { readonly type: "shown"; readonly termsWait: boolean; readonly leads: boolean }
  | { readonly type: "to-terms" }
  | { readonly type: "terms-ended"; readonly end: TermsEnd | "nothing" }
  | { readonly type: "back" }
  /** The proof of the number has run out. */
  | { readonly type: "not-verified" };

export const BEGIN: Progress = { step: "phone", msisdn: null, ended: null, led: false };

export function next(progress: Progress, event: StepEvent): Progress {
  switch (event.type) {
    case "verified":
      return { ...BEGIN, step: "status", msisdn: event.msisdn };
    case "shown":
      return progress.step === "status" && event.termsWait && event.leads && !progress.led ? { ...progress, step: "terms", led: true, ended: null } : progress;
    case "to-terms":
      return progress.step === "status" ? { ...progress, step: "terms", led: true, ended: null } : progress;
    case "terms-ended":
      return progress.step === "terms" ? { ...progress, step: "status", ended: event.end === "nothing" ? null : event.end } : progress;
    case "back":
      return progress.msisdn === null ? progress : { ...progress, step: "status", ended: null };
    case "not-verified":
      return BEGIN;
  }
}

const FINE: ReadonlySet<SigningStatus> = new Set(["MID", "SAS"]);

/** Whether there is nothing left to do here: the person can sign with something that the client takes. */
export function isDone({ signingStatus, status }: RegistrationStatus, termsWait: boolean, methods: readonly string[]): boolean {
  return FINE.has(signingStatus) && methods.includes(signingStatus) && status.length > 0 && !termsWait;
}
