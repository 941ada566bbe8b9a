/** From an offer of terms to its end, as states. Rules only. */

import type { PollAnswer, TermsError, TermsOffer } from "./answers.ts";
import type { TextKey } from "./texts/index.ts";

export type TermsFlow =
  | { readonly at: "loading" }
  /** There is nothing to accept, or nobody who could. */
  | { readonly at: "nothing" }
  /** `risk`: accepting lowers the level, which the person has to know. */
  | { readonly at: "choosing"; readonly offer: TermsOffer; readonly risk: boolean }
  | { readonly at: "waiting"; readonly offer: TermsOffer; readonly risk: boolean; readonly consentUrl: string | null }
  | { readonly at: "ended"; readonly end: TermsEnd };

export type TermsEnd = "accepted" | "downgraded" | TermsError;

/** How often is asked how it goes on, in milliseconds (the guide: every 2 to 5 seconds). */
export const POLL_EVERY = 2000;

/** An offer has come, or none. `risk`: what the status says about the means. */
export function offered(offer: TermsOffer | null, risk: boolean): TermsFlow {
  return offer === null ? { at: "nothing" } : { at: "choosing", offer, risk };
}

/** The decision has been sent. */
export function decided(flow: TermsFlow): TermsFlow {
  return flow.at === "choosing" ? { ...flow, at: "waiting", consentUrl: null } : flow;
}

/** What a poll says. `"again"`: it takes the person's word that they know about the level, and a new offer. */
export function polled(flow: TermsFlow, answer: PollAnswer): TermsFlow | "again" {
  if (flow.at !== "waiting") return flow;
  if (answer.downgrade) return { at: "ended", end: "downgraded" };
  if (answer.confirmed) return { at: "ended", end: "accepted" };
  if (answer.error === "downgrade_not_acknowledged" && !flow.risk) return "again";
  if (answer.error !== null) return { at: "ended", end: answer.error };
  return { ...flow, consentUrl: answer.consentUrl };
}

/** A call was refused for good. */
export function refused(code: string): TermsFlow {
  return { at: "ended", end: code === "token_expired" || code === "unknown_token" ? "timeout" : "internal" };
}

export const END_TEXTS: Readonly<Record<TermsEnd, TextKey>> = {
  accepted: "endAccepted",
  downgraded: "endDowngraded",
  declined: "endDeclined",
  user_cancel: "endCancelled",
  timeout: "endTimeout",
  means_unavailable: "endMeans",
  wrong_credentials: "endCredentials",
  downgrade_not_acknowledged: "endRisk",
  internal: "endInternal",
};

/** Whether somebody who ended so may begin again. */
export const mayBeginAgain = (end: TermsEnd): boolean => end !== "accepted" && end !== "downgraded";

/** What is missing from a decision; null when it can be sent. */
export function missing(ticked: number, risk: boolean, knowsTheRisk: boolean): TextKey | null {
  if (ticked === 0) return "chooseOne";
  return risk && !knowsTheRisk ? "riskNeeded" : null;
}

/** The page of password and code is shown in a frame only where it is the service's own. */
export function isOwnPage(consentUrl: string, base: string): boolean {
  return new URL(consentUrl).origin === new URL(base).origin;
}

/** Whether a message is the one of the consent page: from its own frame and its own origin. */
export function isConsentDone(event: { origin: string; source: unknown; data: unknown }, frame: unknown, consentUrl: string): boolean {
  const type = (event.data as { type?: unknown } | null)?.type;
  return type === "consent-done" && event.source === frame && frame !== null && event.origin === new URL(consentUrl).origin;
}

/** The text in the language that is asked for, else English, else the first. */
export function bestText<T extends { readonly language: string }>(texts: readonly T[], language: string): T | undefined {
  const of = (wanted: string) => texts.find((text) => text.language.split("-")[0]?.toLowerCase() === wanted);
  return of(language) ?? of("en") ?? texts[0];
}
