/** What a page may ask for with attributes: less than the client's configuration allows, never more. Rules only. */

import { MEANS, type MeansKind, type Settings } from "./answers.ts";

export interface Wishes {
  /** `allowed-methods`: `MID`, `SAS`, with blanks or commas between; null: no wish. */
  readonly methods: string | null;
  /** `require-tc`: people are led to the terms. `false`: they are not asked at all. */
  readonly requireTerms: string | null;
}

export interface Allowed {
  readonly methods: readonly MeansKind[];
  /** Whether terms are looked for and offered. */
  readonly asksForTerms: boolean;
  /** Whether people are led to them, and not only shown the way. */
  readonly leadsToTerms: boolean;
}

export function narrow(settings: Settings, wishes: Wishes): Allowed {
  const asked = wishes.methods?.split(/[\s,]+/).filter(Boolean).map((word) => word.toUpperCase());
  const methods = MEANS.filter((kind) => settings.methods.includes(kind) && (asked === undefined || asked.includes(kind)));
  const asksForTerms = settings.asksForTerms && wishes.requireTerms !== "false";
  return { methods, asksForTerms, leadsToTerms: asksForTerms && wishes.requireTerms !== null };
}

/** How long to wait before the next try, in seconds: 2, 4, 8, 16, 30 and 30 on. */
export const backOff = (tries: number): number => Math.min(30, 2 ** (tries + 1));

/** After so many tries the person is left to ask by themselves. */
export const TRIES_MAX = 8;
