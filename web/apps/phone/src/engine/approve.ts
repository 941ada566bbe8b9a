/** Transactions: see what is asked, approve with a PIN, refuse. */

import { acspBytes, userChallenge } from "../crypto/acsp.ts";
import { type Bytes, b64u, fromB64, fromB64u } from "../crypto/bytes.ts";
import type { Padding } from "../crypto/encode.ts";
import { type Hash, digest as hashOf, hashLength, isHash } from "../crypto/hash.ts";
import { modulusBits } from "./arithmetic.ts";
import { completed } from "./callback.ts";
import type { Interaction } from "./interactions.ts";
import { type Session, verifierPlace } from "./session.ts";
import { type Approved, PhoneError, type Presented } from "./types.ts";
import type { Pending } from "./vault.ts";
import type { ConfirmAnswer, ConfirmRequest, Transaction } from "./wire.ts";

/** What stands behind a transaction on the screen. */
export interface Opened {
  readonly transaction: Transaction;
  readonly interaction: Interaction | null;
}

/**
 * Approves an authentication or a signature with its PIN.
 *
 * When no answer came, the same call asks again under the same request id, so that exactly one signature comes of it. Another
 * request that has no answer yet is settled first.
 */
export async function approve(
  session: Session, presented: Presented, { transaction, interaction }: Opened, pin: string, chosenCode: string | undefined,
): Promise<Omit<Approved, "took">> {
  const { tx, kind, kid } = transaction;
  if (!interaction || kid === undefined || (kind !== "AUTH" && kind !== "SIGN")) throw malformed("nothing that takes a PIN");
  const scheme = schemeOf(transaction);
  const { environment, outer } = session;
  const earlier = session.record.pending;
  let pending: Pending;
  let verifier: string | null;
  if (earlier?.of.kind === "CONFIRM" && earlier.of.tx === tx) {
    // The same request again: if it was carried out, its answer comes, and nothing is signed twice.
    pending = earlier;
    verifier = earlier.of.verifier && await outer.open<string>(verifierPlace(tx), earlier.of.verifier);
  } else {
    await session.settle();
    verifier = kind === "AUTH" ? b64u(environment.random(32)) : null;
    const salt = environment.random(scheme.scheme === "PSS" ? hashLength(scheme.hash) : 0);
    pending = session.newPending(salt, {
      kind: "CONFIRM", tx, kid, interaction: interaction.kind,
      verifier: verifier === null ? null : await outer.close(verifierPlace(tx), verifier),
      shown: { kind, rp: presented.rp, text: presented.text },
    });
  }
  const challenge = verifier === null ? null : await userChallenge(verifier);
  const material = await session.material(session.key(kid));
  const sealed = await environment.arithmetic.sign({
    n1: material.n1,
    share: material.share,
    guard: { pin, kid, hardware: outer.hardware },
    padding: paddingOf(scheme, pending.salt),
    digest: await digestOf(transaction, interaction, challenge, scheme.hash),
    modulusBits: modulusBits(material.n),
    core: session.core,
    purpose: { purpose: "confirm", tx, kid },
  });
  const request: ConfirmRequest = {
    req: pending.req,
    interaction: interaction.kind,
    ...(chosenCode !== undefined && { chosenCode }),
    ...(challenge !== null && { userChallenge: challenge }),
    approval: { kid, token: await session.token(), sealed },
  };
  if (pending.of.kind !== "CONFIRM") throw malformed("another request is open");
  const after = session.afterConfirm(pending.of);
  const answer = await session.counted<ConfirmAnswer>(`/transactions/${tx}/confirm`, pending, request, after);
  if (answer.problem) throw session.api.problem(answer.problem);
  return { callback: completed(answer.ok.callback, verifier), awaitsSignature: false };
}

interface Scheme { readonly scheme: Padding["scheme"]; readonly hash: Hash }

function schemeOf({ hash, signatureAlgorithm }: Transaction): Scheme {
  if (!isHash(hash)) throw malformed("no hash");
  if (signatureAlgorithm === "rsassa-pss") return { scheme: "PSS", hash };
  const named = /^sha(256|384|512)WithRSAEncryption$/.exec(signatureAlgorithm ?? "");
  if (!named) throw malformed("no signature algorithm that this phone knows");
  if (hash !== `SHA-${named[1]}`) throw malformed("hash and signature algorithm differ");
  return { scheme: "PKCS1", hash };
}

export function paddingOf({ scheme, hash }: Scheme, salt: string): Padding {
  return scheme === "PSS" ? { scheme, hash, salt: fromB64u(salt) ?? new Uint8Array() } : { scheme, hash };
}

/** What is signed: for an authentication the payload that this phone puts together from what it shows. */
async function digestOf(
  transaction: Transaction, interaction: Interaction, challenge: string | null, hash: Hash,
): Promise<Bytes> {
  const { kind, acsp, digest, rp, interactions = "", flowType } = transaction;
  if (kind === "AUTH" && acsp && digest === undefined && challenge !== null) {
    if (acsp.rpName !== rp.name) throw malformed("another e-service is signed than is shown");
    const payload = {
      scheme: acsp.scheme, serverRandom: acsp.serverRandom, rpChallenge: acsp.rpChallenge, userChallenge: challenge,
      rpName: acsp.rpName, brokeredRpName: acsp.brokeredRpName, interactions, interactionTypeUsed: interaction.kind,
      initialCallbackUrl: acsp.callback, flowType,
    };
    try {
      return await hashOf(hash, await acspBytes(payload));
    } catch (cause) {
      throw malformed("a field holds a separator", cause);
    }
  }
  if (kind === "SIGN" && !acsp && digest !== undefined) {
    const octets = fromB64(digest);
    if (octets?.length !== hashLength(hash)) throw malformed("the digest is not one of its hash");
    return octets;
  }
  throw malformed("what is signed does not fit its kind");
}

export const malformed = (detail: string, cause?: unknown): PhoneError =>
  new PhoneError({ code: "MALFORMED_TRANSACTION", detail }, { cause });
