/**
 * What an authentication signs (ACSP_V2), its verification code, and the way back to the e-service.
 *
 * The texts are those that travelled, untouched: a challenge decoded and encoded again gives another signature.
 */

import { b64, b64u, fromB64, utf8 } from "./bytes.ts";
import { digest } from "./hash.ts";

export interface AcspPayload {
  readonly scheme: string;
  /** Base64 text. */
  readonly serverRandom: string;
  /** Base64 text as the e-service sent it. */
  readonly rpChallenge: string;
  readonly userChallenge: string;
  /** Plain text as in the request. */
  readonly rpName: string;
  /** Plain text; empty for ordinary e-services. */
  readonly brokeredRpName: string;
  /** Base64 text as the e-service sent it; its hash goes in. */
  readonly interactions: string;
  readonly interactionTypeUsed: string;
  /** The URL for flows on the same device, else empty. */
  readonly initialCallbackUrl: string;
  readonly flowType: string;
}

/** The octets to be hashed and signed: eleven fields joined by `|`. */
export async function acspBytes(payload: AcspPayload): Promise<Uint8Array> {
  // A separator inside a field would let one payload pass for another.
  const plain = [payload.scheme, payload.serverRandom, payload.rpChallenge, payload.userChallenge,
    payload.interactionTypeUsed, payload.initialCallbackUrl, payload.flowType];
  if (plain.some((field) => field.includes("|"))) throw new RangeError("a field that holds a separator");
  return utf8([
    payload.scheme,
    "ACSP_V2",
    payload.serverRandom,
    payload.rpChallenge,
    payload.userChallenge,
    b64(utf8(payload.rpName)),
    b64(utf8(payload.brokeredRpName)),
    b64(await digest("SHA-256", utf8(payload.interactions))),
    payload.interactionTypeUsed,
    payload.initialCallbackUrl,
    payload.flowType,
  ].join("|"));
}

/** `userChallenge` of a verifier: a hash over its text, not over the octets that the text encodes. */
export const userChallenge = async (verifier: string): Promise<string> =>
  b64u(await digest("SHA-256", utf8(verifier)));

/** The code of a notification authentication: `uint16_be(last two octets of SHA-256(challenge)) mod 10000`. */
export async function verificationCode(challenge: Uint8Array): Promise<string> {
  const hash = await digest("SHA-256", challenge);
  return String((hash[30]! << 8 | hash[31]!) % 10_000).padStart(4, "0");
}

/** The same of the Base64 text; null if it is none. */
export async function verificationCodeOf(rpChallenge: string): Promise<string | null> {
  const challenge = fromB64(rpChallenge);
  return challenge && verificationCode(challenge);
}

/** The URL that the phone opens at the end; the verifier after a successful authentication only. Null if it is not https. */
export function callbackUrl(url: string, secretDigest: string, verifier: string | null): string | null {
  if (!/^https:\/\/[^|#\p{Cc}]+$/u.test(url) || url.length > 1800 || !isUrl(url)) return null;
  const joined = `${url}${url.includes("?") ? "&" : "?"}sessionSecretDigest=${secretDigest}`;
  return verifier === null ? joined : `${joined}&userChallengeVerifier=${verifier}`;
}

function isUrl(text: string): boolean {
  try {
    return new URL(text).host !== "";
  } catch {
    return false;
  }
}
