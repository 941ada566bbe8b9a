/** The events of the elements, for whoever listens in TypeScript. */

import type { RegistrationStatus, SigningStatus, TermsError } from "./answers.ts";
import type { NextAction } from "./advice.ts";
import type { Step } from "./steps.ts";
import type { TermsEnd } from "./terms-flow.ts";

/** The answer of the API, and whether terms wait to be accepted. */
export type ShownStatus = RegistrationStatus & { readonly termsWait: boolean };

export interface RegistrationEventMap {
  "countersign-step": CustomEvent<{ readonly step: Step }>;
  "countersign-code-sent": CustomEvent<{ readonly msisdn: string }>;
  "countersign-verified": CustomEvent<{ readonly msisdn: string }>;
  "countersign-status": CustomEvent<ShownStatus>;
  "countersign-action": CustomEvent<{ readonly action: NextAction; readonly signingStatus: SigningStatus }>;
  "countersign-accepted": CustomEvent<{ readonly msisdn: string; readonly downgrade: false }>;
  "countersign-downgraded": CustomEvent<{ readonly msisdn: string; readonly downgrade: true }>;
  "countersign-declined": CustomEvent<{ readonly msisdn: string; readonly error: TermsError }>;
  "countersign-terms-closed": CustomEvent<{ readonly end: TermsEnd | "nothing" }>;
  "countersign-done": CustomEvent<RegistrationStatus>;
  "countersign-error": CustomEvent<{ readonly code: string; readonly message: string }>;
}

export type RegistrationEventName = keyof RegistrationEventMap;

/** Every event of the registration, in the order in which they may come. */
export const REGISTRATION_EVENTS: readonly RegistrationEventName[] = [
  "countersign-step",
  "countersign-code-sent",
  "countersign-verified",
  "countersign-status",
  "countersign-action",
  "countersign-accepted",
  "countersign-downgraded",
  "countersign-declined",
  "countersign-terms-closed",
  "countersign-done",
  "countersign-error",
];
