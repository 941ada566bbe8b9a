/**
 * Text of strangers, made safe to show.
 *
 * What an e-service sends stands beside the PIN pad. It must not be able to look like part of the app, to hide something, or
 * to turn the direction of what stands around it. Markup is no concern here: the text is set as text.
 */

import type { DisplayText } from "./types.ts";

/** Limits in characters (code points). */
export const LIMITS = { displayText60: 60, displayText200: 200, rpName: 60 } as const;

/** Marks that may stand on one letter: three are enough for every living script. */
const MARKS = 3;

/** Stands for what cannot be shown. */
const PLACEHOLDER = "\u25a1";

/** Emoji and text presentation: without meaning of their own, dropped without a note. */
const PRESENTATION = /[\ufe0e\ufe0f]/gu;

/**
 * Invisible by definition of Unicode (direction controls, joiners, fillers, tags, variation selectors) or control characters,
 * private use, unassigned, lone surrogates; and the blank Braille pattern, which looks like a space and is none.
 */
const INVISIBLE = /[\p{DI}\p{C}\u2800]/gu;

/** Characters that break a line or are a kind of space: one plain space. */
const SPACES = /[\p{Z}\t\n\v\f\r\u0085]+/gu;

const FLOOD = new RegExp(`(\\p{M}{${MARKS}})\\p{M}+`, "gu");

/** One line of visible characters, at most `limit` of them. */
export function displayable(text: string, limit: number): DisplayText {
  let altered = false;
  const without = (pattern: RegExp, put: string, from: string): string => {
    const cleaned = from.replace(pattern, put);
    altered ||= cleaned !== from;
    return cleaned;
  };
  // Long enough for every text within the limit, and a bound for the work on one that is not.
  const bounded = text.slice(0, 16 * limit);
  let shown = without(INVISIBLE, "", bounded.replace(PRESENTATION, "").replace(SPACES, " "));
  shown = without(FLOOD, "$1", shown.normalize("NFC"));
  shown = shown.replace(/ {2,}/g, " ").trim();
  // A mark without a letter would sit on what stands before the text.
  shown = without(/^\p{M}[\p{M} ]*/u, "", shown);
  if (shown === "") {
    altered ||= text !== "";
    shown = PLACEHOLDER;
  }
  const characters = [...shown];
  const cut = characters.length > limit || bounded.length < text.length;
  if (cut) shown = `${characters.slice(0, limit - 1).join("").trimEnd()}…`;
  return { text: shown, altered, cut };
}
