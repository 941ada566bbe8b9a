/** What a status means for the person, and what there is to do: one answer for each of the nine. Rules only. */

import type { Jurisdiction, Level, MeansKind, RegistrationStatus, SigningStatus } from "./answers.ts";
import type { TextKey } from "./texts/index.ts";

/** `good`: nothing to do. `limited`: less than there could be. `act`: cannot sign. `unknown`: nobody can tell now. */
export type Tone = "good" | "limited" | "act" | "unknown";

/** What the person can do next. */
export type NextAction = "none" | "retry" | "accept-terms" | "identify";

export interface Advice {
  readonly tone: Tone;
  readonly headline: TextKey;
  readonly todo: TextKey;
  readonly action: NextAction;
  readonly means: TextKey;
  readonly meansState: TextKey | null;
  readonly levels: Readonly<Record<Jurisdiction, Level | null>>;
  /** Days until level 4 ends; null where there is none. */
  readonly daysLeft: number | null;
}

export interface Circumstances {
  /** Means that the client takes. */
  readonly methods: readonly MeansKind[];
  /** Terms wait to be accepted, and the client asks for that. */
  readonly termsWait: boolean;
  /** `YYYY-MM-DD`, in UTC as the service counts. */
  readonly today: string;
  /** Those that the page asks about. */
  readonly jurisdictions: readonly Jurisdiction[];
}

/** From here on people are told that their time ends. */
export const SOON_DAYS = 90;

/** What was bound at the identification has changed since: for each word, what and what to do. */
const CHANGED: Partial<Record<SigningStatus, Pick<Advice, "means" | "meansState" | "todo">>> = {
  MISSMATCH_SAS_BUT_MID: { means: "meansApp", meansState: "meansChanged", todo: "doMismatchSasButMid" },
  MISSMATCH_SAS_CHANGE_SN: { means: "meansPassword", meansState: "meansChanged", todo: "doMismatchSasChangeSn" },
  MISSMATCH_MID: { means: "meansApp", meansState: "meansChanged", todo: "doMismatchMid" },
  MISMATCH: { means: "meansNone", meansState: "meansGone", todo: "doMismatch" },
};

export function advise(answer: RegistrationStatus, { methods, termsWait, today, jurisdictions }: Circumstances): Advice {
  const levels = levelsOf(answer);
  const daysLeft = answer.loa4ExpiryDate === null ? null : daysBetween(today, answer.loa4ExpiryDate);
  const rest = { levels, daysLeft };
  switch (answer.signingStatus) {
    case "NOT_ABLE_TO_RETRIEVE":
      return { ...rest, tone: "unknown", headline: "headUnknown", todo: "doRetry", action: "retry", means: "meansUnknown", meansState: null };
    case "NOT_REGISTERED_AT_ALL":
    case "NOT_RA_MID_SAS": {
      const means = answer.signingStatus === "NOT_RA_MID_SAS" ? "meansNone" : "meansNotBound";
      const base = { ...rest, tone: "act", means, meansState: null } as const;
      // An identification is recorded, and the terms complete it.
      if (termsWait) return { ...base, headline: "headTerms", todo: "doTerms", action: "accept-terms" };
      return { ...base, headline: "headNotYet", todo: means === "meansNone" ? "doIdentifyNoMeans" : "doIdentify", action: "identify" };
    }
    case "MISSMATCH_SAS_BUT_MID":
    case "MISSMATCH_SAS_CHANGE_SN":
    case "MISSMATCH_MID":
    case "MISMATCH": {
      const changed = CHANGED[answer.signingStatus]!;
      const tone = reaches(Object.values(levels), 3) ? "limited" : "act";
      return { ...rest, ...changed, tone, headline: tone === "limited" ? "headAdvanced" : "headNotYet", action: "identify" };
    }
    case "MID":
    case "SAS": {
      const kind = answer.signingStatus;
      const fits = { ...rest, means: kind === "MID" ? "meansApp" : "meansPassword", meansState: "meansWorks" } as const;
      if (!methods.includes(kind)) return { ...fits, tone: "act", headline: "headMeans", todo: "doOtherMeans", action: "identify" };
      if (termsWait) return { ...fits, tone: "act", headline: "headTerms", todo: "doTerms", action: "accept-terms" };
      return { ...fits, ...bound(jurisdictions.map((jurisdiction) => levels[jurisdiction]), daysLeft) };
    }
  }
}

/** The means is the one of the identification: the levels decide. */
function bound(levels: readonly (Level | null)[], daysLeft: number | null): Pick<Advice, "tone" | "headline" | "todo" | "action"> {
  if (!reaches(levels, 3)) return { tone: "act", headline: "headNotYet", todo: "doIdentify", action: "identify" };
  if (!reaches(levels, 4)) return { tone: "limited", headline: "headAdvanced", todo: "doExpired", action: "identify" };
  if (levels.some((level) => level !== 4)) return { tone: "limited", headline: "headQualifiedSome", todo: "doSomewhere", action: "identify" };
  if (daysLeft !== null && daysLeft < SOON_DAYS) return { tone: "good", headline: "headQualified", todo: "doIdentifySoon", action: "identify" };
  return { tone: "good", headline: "headQualified", todo: "doNothing", action: "none" };
}

function levelsOf({ status }: RegistrationStatus): Record<Jurisdiction, Level | null> {
  const levels: Record<Jurisdiction, Level | null> = { zertes: null, eidas: null };
  for (const { jurisdiction, assuranceLevel } of status) levels[jurisdiction] = assuranceLevel;
  return levels;
}

const reaches = (levels: readonly (Level | null)[], least: Level): boolean => levels.some((level) => (level ?? 0) >= least);

/** Whole days from one date to another, both `YYYY-MM-DD`. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}
