/** What people read where programs have words. */

import type { Standing } from "./api.ts";

const ENDS: Record<string, string> = {
  USER_REFUSED: "It was refused on the phone.",
  USER_REFUSED_INTERACTION: "It was cancelled on the phone.",
  USER_REFUSED_CERT_CHOICE: "No account was chosen on the phone.",
  TIMEOUT: "Nobody confirmed in time.",
  WRONG_VC: "Another code was chosen on the phone. If you did not expect a request, somebody else may have started one.",
  DOCUMENT_UNUSABLE: "The account cannot be used now. Look into the app on the phone.",
  ACCOUNT_UNUSABLE: "The account cannot be used now. Look into the app on the phone.",
  ACCOUNT_NOT_FOUND: "There is no such account. Check the number.",
  NO_SUITABLE_ACCOUNT_FOUND: "The person has an account, but not one that can sign.",
  ANOTHER_PERSON: "Somebody else has scanned the code.",
  CALLBACK_MISSING: "It was confirmed on this device, but this browser did not come back from the app.",
  REVOKED: "The certificate is revoked. Nothing was signed.",
  SESSION_NOT_FOUND: "Nobody confirmed in time.",
  REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP: "The app on the phone is too old for this.",
};

/** Why there is no signature. */
export function failureText(code: string, detail: string): string {
  return ENDS[code] ?? `It did not work: ${detail}`;
}

const STANDINGS: Record<Standing, string> = {
  choosing: "Waiting for an account to be chosen on the phone",
  asking: "Waiting for PIN2 on the phone",
  "awaiting-value": "Waiting for the signature",
  completing: "Fetching the time-stamp and the certificate's status",
  complete: "Signed",
  failed: "Not signed",
  cancelled: "Cancelled",
};

export function standingText(state: Standing): string {
  return STANDINGS[state];
}

/** `XAdES_BASELINE_LT` → "LT". */
export function levelText(format: string | undefined): string {
  return format?.split("_").pop() ?? "";
}

/**
 * What somebody typed to say who signs: a document number, a person with type and country, or an Estonian code alone.
 * Undefined when it is none.
 */
export function whoSigns(typed: string): { documentNumber: string } | { person: string } | undefined {
  const text = typed.trim().toUpperCase();
  if (/^(PNO|IDC|PAS)[A-Z]{2}-.+-[A-Z0-9]{4}-N?Q$/.test(text)) return { documentNumber: text };
  if (/^(PNO|IDC|PAS)[A-Z]{2}-[A-Z0-9-]{1,30}$/.test(text)) return { person: text };
  if (/^\d{11}$/.test(text)) return { person: `PNOEE-${text}` };
  return undefined;
}

/** What can be done with these files. */
export type Kind = "container" | "pdf" | "files";

export function kindOf(files: readonly { readonly name: string }[]): Kind {
  const [first] = files;
  if (files.length !== 1 || !first) return "files";
  if (/\.(asice|sce|bdoc)$/i.test(first.name)) return "container";
  return /\.pdf$/i.test(first.name) ? "pdf" : "files";
}
