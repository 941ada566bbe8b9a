/** A change of PIN: check with the old PIN, refresh of the share, check with the new PIN. */

import { b64u, fromB64u } from "../crypto/bytes.ts";
import { digest } from "../crypto/hash.ts";
import type { Sealed } from "../crypto/hpke.ts";
import { paddingOf } from "./approve.ts";
import { modulusBits } from "./arithmetic.ts";
import { type Session, pinCheckMessage, withKey } from "./session.ts";
import { type KeyUse, PhoneError } from "./types.ts";
import type { KeyMaterial, Pending, StoredShare } from "./vault.ts";

const SCHEME = { scheme: "PSS", hash: "SHA-256" } as const;

/**
 * Changes a PIN and refreshes the share with it, so that an older copy of the storage is worth nothing.
 *
 * The old share stays until the service has seen the new one work. When no answer came, the same call goes on where it
 * stopped. A mistyped old PIN changes nothing.
 */
export async function changePin(session: Session, use: KeyUse, oldPin: string, newPin: string): Promise<void> {
  const kid = session.record.keys.find((key) => key.use === use && key.proven)?.kid;
  if (kid === undefined) throw new PhoneError({ code: "NOT_FOUND" });
  // An earlier change may turn out to have been made. To the PIN that is given now? Only a check tells.
  const settled = await session.settle();
  if (settled.kind === "PIN_CHANGED" && settled.use === use) {
    if ((await check(session, kid, newPin)) === null) return;
  }
  if (!session.key(kid).changing) await propose(session, kid, oldPin, newPin);
  await commit(session, kid, newPin);
}

/** Null when a PIN is right, else how many tries are left; counts as one. */
export async function check(session: Session, kid: string, pin: string): Promise<number | null> {
  const { pending, nonce } = start(session, kid, "PIN_CHECK");
  const { share } = await session.material(session.key(kid));
  const request = await pinRequest(session, kid, share, pin, pending, nonce);
  const answer = await session.counted(`/keys/${kid}/pin-check`, pending, request, async () => (record) => record);
  if (!answer.problem) return null;
  const error = session.api.problem(answer.problem);
  if (error.problem.code !== "WRONG_PIN") throw error;
  return error.problem.triesLeft;
}

/** The first step: the old PIN is checked, and the service takes the refresh in. */
async function propose(session: Session, kid: string, oldPin: string, newPin: string): Promise<void> {
  const { hardware } = session.outer;
  const material = await session.material(session.key(kid));
  const { share, sealed: refresh } = await session.environment.arithmetic.refresh(
    material.share, { pin: oldPin, kid, hardware }, { pin: newPin, kid, hardware }, session.core);
  const stored = await session.locked(kid, { ...material, next: share });
  const { pending, nonce } = start(session, kid, "PIN_PROPOSE", refresh);
  const request = { ...(await pinRequest(session, kid, material.share, oldPin, pending, nonce)), refresh };
  // The new share is written down together with the pending request, before anything is sent.
  const answer = await session.counted(
    `/keys/${kid}/pin-change`, pending, request, session.afterProposal(kid), (record) => withKey(record, kid, stored));
  if (answer.problem) throw session.api.problem(answer.problem);
}

/** The second step: the new PIN is checked with the new share, which then takes the old one's place. */
async function commit(session: Session, kid: string, newPin: string): Promise<void> {
  const { next } = await session.material(session.key(kid));
  if (!next) throw new PhoneError({ code: "STORAGE", detail: "no share under the new PIN" });
  const { pending, nonce } = start(session, kid, "PIN_COMMIT");
  const request = await pinRequest(session, kid, next, newPin, pending, nonce);
  const answer = await session.counted(`/keys/${kid}/pin-change/commit`, pending, request, session.afterCommit(kid));
  if (answer.problem) throw session.api.problem(answer.problem);
}

function start(session: Session, kid: string, kind: "PIN_CHECK" | "PIN_COMMIT"): { pending: Pending; nonce: string };
function start(session: Session, kid: string, kind: "PIN_PROPOSE", refresh: Sealed): { pending: Pending; nonce: string };
function start(session: Session, kid: string, kind: "PIN_CHECK" | "PIN_COMMIT" | "PIN_PROPOSE", refresh?: Sealed) {
  const { random } = session.environment;
  const nonce = b64u(random(32));
  const of: Pending["of"] = kind === "PIN_PROPOSE" ? { kind, kid, nonce, refresh: refresh! } : { kind, kid, nonce };
  return { pending: session.newPending(random(32), of), nonce };
}

async function pinRequest(
  session: Session, kid: string, share: StoredShare, pin: string, pending: Pending, nonce: string,
) {
  const { n1, n }: KeyMaterial = await session.material(session.key(kid));
  const sealed = await session.environment.arithmetic.sign({
    n1,
    share,
    guard: { pin, kid, hardware: session.outer.hardware },
    padding: paddingOf(SCHEME, pending.salt),
    digest: await digest("SHA-256", pinCheckMessage(kid, fromB64u(nonce)!)),
    modulusBits: modulusBits(n),
    core: session.core,
    purpose: { purpose: "pin-check", kid },
  });
  return { req: pending.req, token: await session.token(), nonce, sealed };
}
