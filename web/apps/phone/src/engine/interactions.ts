/**
 * `interactions`: what the person is shown. Base64 of a JSON array in the e-service's order of preference; the phone takes
 * the first kind that it knows. The service has checked it, and the phone checks again: it is what it signs.
 */

import { fromB64 } from "../crypto/bytes.ts";
import type { InteractionType, TransactionFlow } from "./types.ts";

export interface Interaction {
  readonly kind: InteractionType;
  /** As sent; to be made safe before it is shown. */
  readonly text: string;
  readonly limit: 60 | 200;
}

const KINDS: Readonly<Record<InteractionType, "displayText60" | "displayText200">> = {
  displayTextAndPIN: "displayText60",
  confirmationMessage: "displayText200",
  confirmationMessageAndVerificationCodeChoice: "displayText200",
};

const isKind = (type: unknown): type is InteractionType => typeof type === "string" && Object.hasOwn(KINDS, type);

/** The interaction to show; null if none is known. Throws on what is not written as interactions are. */
export function firstInteraction(text: string, flow: TransactionFlow): Interaction | null {
  const octets = text.length <= 8192 ? fromB64(text) : null;
  if (!octets) throw new RangeError("interactions are not Base64");
  const list: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(octets));
  if (!Array.isArray(list) || list.length > 16) throw new RangeError("interactions are not a short array");
  for (const element of list as readonly Record<string, unknown>[]) {
    const kind = element.type;
    if (!isKind(kind)) continue;
    if (kind === "confirmationMessageAndVerificationCodeChoice" && flow !== "notification") {
      throw new RangeError("a choice of codes outside a notification");
    }
    const member = KINDS[kind];
    const shown = element[member];
    const limit = member === "displayText60" ? 60 : 200;
    if (typeof shown !== "string" || shown === "" || [...shown].length > limit) {
      throw new RangeError(`an interaction without its ${member}`);
    }
    return { kind, text: shown, limit };
  }
  return null;
}
