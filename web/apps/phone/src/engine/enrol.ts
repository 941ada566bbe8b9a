/** Registration: from an activation code to two proven keys with certificates. Every step can be taken up again. */

import { b64u, equal, fromB64u } from "../crypto/bytes.ts";
import { rsaPublicKeyInfo } from "../crypto/certificate.ts";
import { digest, hashLength, isHash } from "../crypto/hash.ts";
import { open as openSealed } from "../crypto/hpke.ts";
import { jwkOf, newDeviceKey, newSealingKey, thumbprint, words } from "../crypto/proof.ts";
import { E, shareBits } from "../crypto/share.ts";
import { fitsHalf, modulusBits } from "./arithmetic.ts";
import type { DeviceApi } from "./device-api.ts";
import type { Environment } from "./environment.ts";
import { Outer, PASSKEY_SALT } from "./outer.ts";
import { check } from "./pin-change.ts";
import { Session, keyPlace, lockName, proofKey, tokenPlace } from "./session.ts";
import { type EnrolProgress, type EnrolRequest, type EnrolStep, type Enrolled, type KeyUse, PhoneError } from "./types.ts";
import type { AccountRecord, KeyMaterial } from "./vault.ts";
import type { ActivationAnswer, ActivationRequest, CsrTask, KeyAnswer, KeyParameters, RegistrationAnswer } from "./wire.ts";

/**
 * How often an activation is sent when no answer comes: the code is used up by the first that arrives, and only these very
 * device keys can use it again.
 */
const ACTIVATION_ATTEMPTS = 3;

/** Half moduli that this phone makes, in bits. */
const HALF_BITS: readonly number[] = [3072, 4096];
/** What is made before the service has said what it wants. */
const USUAL_HALF_BITS = 3072;

type Made = { readonly id: number; readonly n1: string };

/** Keys in the making: begun while the person still chooses PINs. */
export class KeyPool {
  readonly #environment: Environment;
  readonly #making: Promise<Made>[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Begins as many as an account needs. */
  prepare(): void {
    while (this.#making.length < 2) {
      const making = this.#environment.arithmetic.makeKey(USUAL_HALF_BITS);
      // Whoever takes it sees the failure.
      making.catch(() => undefined);
      this.#making.push(making);
    }
  }

  take(halfBits: number): Promise<Made> {
    const ready = halfBits === USUAL_HALF_BITS ? this.#making.shift() : undefined;
    return ready?.catch(() => this.#environment.arithmetic.makeKey(halfBits))
      ?? this.#environment.arithmetic.makeKey(halfBits);
  }
}

/** Shares of the whole, for a progress bar: making keys is what takes long. */
const FRACTIONS: Readonly<Record<EnrolStep, number>> = {
  ACTIVATE: 0.02, WORDS: 0.08, KEY_AUTH: 0.1, PROOF_AUTH: 0.4, KEY_SIGN: 0.5, PROOF_SIGN: 0.8, CERTIFICATES: 0.92, DONE: 1,
};

export async function enrol(
  environment: Environment, api: DeviceApi, pool: KeyPool, request: EnrolRequest,
): Promise<Enrolled> {
  pool.prepare();
  const persisted = await environment.persist().catch(() => false);
  const begun = request.resume === undefined ? await begin(environment, request) : null;
  const id = begun?.id ?? request.resume ?? "";
  const print = fromB64u(id);
  const told = words(print ?? new Uint8Array(32));
  const progress = (step: EnrolStep) => {
    const known = step !== "ACTIVATE";
    const report: EnrolProgress = { step, fraction: FRACTIONS[step], account: id, words: known ? told : [] };
    request.onProgress?.(report);
  };
  return environment.locks.exclusive(lockName(id), async () => {
    const record = await environment.vault.find(id);
    if (!record) throw new PhoneError({ code: "NOT_FOUND" });
    const outer = begun?.outer ?? await Outer.unlock(environment, record);
    const session = Session.of(environment, api, outer, record);
    if (!record.activated) {
      progress("ACTIVATE");
      await activate(session);
    }
    progress("WORDS");
    checkParameters(session.activated.parameters);
    await session.settle();
    const uses = [["AUTH", request.pin1], ["SIGN", request.pin2]] as const;
    for (const [use, pin] of uses) {
      const made = session.record.keys.find((key) => key.use === use && key.proven);
      if (made) {
        // Made before the enrolment was interrupted, under the PIN of that time: it has to be the one that is typed now.
        const triesLeft = await check(session, made.kid, pin);
        if (triesLeft !== null) throw new PhoneError({ code: "WRONG_PIN", triesLeft, use });
        continue;
      }
      progress(`KEY_${use}`);
      await makeKey(session, pool, use, pin, () => progress(`PROOF_${use}`));
    }
    progress("CERTIFICATES");
    const { state } = await session.post<RegistrationAnswer>("/registration/complete", {});
    if (state !== "CERTIFIED" && state !== "PENDING_RA") {
      throw new PhoneError({ code: "UNEXPECTED", detail: `registration ended in state ${String(state)}` });
    }
    await session.save((before) => ({ ...before, certified: state === "CERTIFIED" }));
    progress("DONE");
    return { account: id, state, words: told, persisted };
  });
}

/** Makes the device's keys and writes them down. */
async function begin(environment: Environment, request: EnrolRequest): Promise<{ readonly id: string; readonly outer: Outer }> {
  const activationCode = request.activationCode?.trim() ?? "";
  if (activationCode === "") throw new PhoneError({ code: "ACTIVATION_INVALID" });
  const [dk, ek] = await Promise.all([newDeviceKey(), newSealingKey()]);
  const id = b64u(await thumbprint(await jwkOf(dk.publicKey)));
  const { outer, ...kept } = await outerKey(environment, request.passkey === true, id);
  const record: AccountRecord = {
    id, version: 1, createdAt: environment.now(), dk, ek, ...kept, activationCode, activated: null, token: null, pending: null,
    keys: [], certified: false, ended: false, last: null, recent: [],
  };
  await environment.vault.insert(record);
  environment.signals.changed();
  return { id, outer };
}

/** The outer key: of the browser, or of a passkey. What the record keeps of it stands beside. */
async function outerKey(
  environment: Environment, passkey: boolean, id: string,
): Promise<Pick<AccountRecord, "outerKey" | "passkey"> & { readonly outer: Outer }> {
  const { passkeys, random } = environment;
  if (!passkey) {
    const kept = { outerKey: await Outer.newKey(), passkey: null };
    return { ...kept, outer: await Outer.unlock(environment, kept) };
  }
  if (!passkeys) throw new PhoneError({ code: "PASSKEY", gone: false });
  const salt = random(PASSKEY_SALT);
  const { credential, secret } = await passkeys.create(id.slice(0, 8), salt);
  return { outerKey: null, passkey: { credential, salt }, outer: await Outer.ofSecret(environment, secret) };
}

/** Exchanges the code for an account. A code that is not valid leaves nothing behind. */
async function activate(session: Session): Promise<void> {
  const { environment, api, outer, record } = session;
  const request: ActivationRequest = {
    activationCode: record.activationCode ?? "",
    dk: await jwkOf(record.dk.publicKey),
    ek: await jwkOf(record.ek.publicKey),
    platform: "web",
    appVersion: environment.appVersion,
  };
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await api.post<ActivationAnswer>(proofKey(record), "/activations", request);
      const { deviceId, documentNumber, coreKeys, parameters } = answer;
      const plaintext = await openSealed(record.ek, { purpose: "token", device: deviceId }, answer.token);
      const { token } = JSON.parse(new TextDecoder().decode(plaintext)) as { token: string };
      const locked = await outer.close(tokenPlace(record.id), token);
      await session.save((before) => ({
        ...before, activationCode: null, activated: { deviceId, documentNumber, coreKeys, parameters }, token: locked,
      }));
      return;
    } catch (error) {
      if (error instanceof PhoneError && error.problem.code === "OFFLINE" && attempt < ACTIVATION_ATTEMPTS) continue;
      if (error instanceof PhoneError && error.problem.code === "ACTIVATION_INVALID") {
        await environment.vault.remove(record.id);
        environment.signals.changed();
      }
      throw error;
    }
  }
}

/** The service must want what this phone is willing to make: a short share betrays the whole key. */
function checkParameters({ halfBits, shareBits: offered, kdf }: KeyParameters): void {
  const agreed = HALF_BITS.includes(halfBits) && offered === shareBits(halfBits) && kdf.name === "PBKDF2-HMAC-SHA256"
    && Number.isInteger(kdf.iterations) && kdf.iterations >= 1 && kdf.iterations <= 10_000_000;
  if (!agreed) throw new PhoneError({ code: "UNEXPECTED", detail: "key parameters that this phone does not agree to" });
}

async function makeKey(
  session: Session, pool: KeyPool, use: KeyUse, pin: string, proving: () => void,
): Promise<void> {
  const { environment, core, outer } = session;
  const { parameters } = session.activated;
  const made = await pool.take(parameters.halfBits);
  const sealed = await environment.arithmetic.sealShare(made.id, core, use);
  const { kid, n, csr } = await session.post<KeyAnswer>("/keys", { use, sealed });
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(kid) || !fitsHalf(n, made.n1, parameters.halfBits, parameters.composite)) {
    throw new PhoneError({ code: "UNEXPECTED", detail: "a public key that is not made of this phone's half" });
  }
  await checkCertificationRequest(csr, n);
  proving();
  const guard = { pin, kid, hardware: outer.hardware };
  const share = await environment.arithmetic.maskKey(made.id, guard, parameters.kdf.iterations);
  const material: KeyMaterial = { n1: made.n1, n, share, next: null };
  const locked = await outer.close(keyPlace(kid), material);
  const salt = environment.random(hashLength(csr.hash));
  const pending = session.newPending(salt, { kind: "KEY_PROOF", kid, csr });
  const part = await environment.arithmetic.sign({
    n1: made.n1, share, guard, padding: { scheme: "PSS", hash: csr.hash, salt }, digest: fromB64u(csr.digest)!,
    modulusBits: modulusBits(n), core, purpose: { purpose: "proof", kid },
  });
  const request = { tx: csr.tx, req: pending.req, token: await session.token(), sealed: part };
  const answer = await session.counted(`/keys/${kid}/proof`, pending, request, session.afterProof(kid), (record) => ({
    ...record,
    keys: [...record.keys.filter((key) => key.use !== use), { kid, use, proven: false, changing: false, locked }],
  }));
  if (answer.problem) throw session.api.problem(answer.problem);
}

/**
 * A certification request is signed once, with this key, and for this key: its digest is over `info`, and `info` holds the
 * SubjectPublicKeyInfo of the key that was just made [RFC 2986 §4.1].
 */
async function checkCertificationRequest(csr: CsrTask, n: string): Promise<void> {
  const [info, claimed, modulus] = [fromB64u(csr.info), fromB64u(csr.digest), fromB64u(n)];
  const right = info && claimed && modulus && isHash(csr.hash) && equal(await digest(csr.hash, info), claimed)
    && contains(info, rsaPublicKeyInfo(modulus, E));
  if (!right) throw new PhoneError({ code: "UNEXPECTED", detail: "a certification request for another key" });
}

function contains(whole: Uint8Array, part: Uint8Array): boolean {
  for (let at = 0; at + part.length <= whole.length; at++) {
    if (equal(whole.subarray(at, at + part.length), part)) return true;
  }
  return false;
}
