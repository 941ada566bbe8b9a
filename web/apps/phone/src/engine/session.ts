/**
 * An account at work: its requests, and the counted ones among them, which are sent exactly once in effect.
 *
 * A counted request carries a token that is used up when the service processes it, and an id. Both are written down before
 * anything is sent. When no answer came, the same id with the same token gets the stored answer, or has the request
 * processed if it never was; anything else under that token would look like a copied phone. So an open request is settled
 * before another is made: sent again with an empty part, which costs no try.
 *
 * Everything that uses the token runs under a lock over all tabs, and reads the record anew inside it.
 */

import { b64u, utf8 } from "../crypto/bytes.ts";
import { type CoreKey, type Sealed, type SealedFor, open as openSealed, seal } from "../crypto/hpke.ts";
import { EMPTY_PART } from "./arithmetic.ts";
import { completed } from "./callback.ts";
import type { Answer, DeviceApi, ProofKey } from "./device-api.ts";
import type { Environment } from "./environment.ts";
import { Outer } from "./outer.ts";
import { recorded } from "./recent.ts";
import { type AccountId, PhoneError, type Settled } from "./types.ts";
import type { AccountRecord, KeyMaterial, KeyRecord, Pending } from "./vault.ts";
import type { ConfirmAnswer, ConfirmRequest, CountedAnswer, DeviceProblem } from "./wire.ts";
import { userChallenge } from "../crypto/acsp.ts";

/** How a counted request was decided. */
export type Outcome = "DONE" | "WRONG_PIN" | "REFUSED";

/**
 * Codes without a token that tell that the request was judged and nothing was counted. Others say nothing about an earlier
 * copy of the same request, so it stays open.
 */
const DECIDING: ReadonlySet<string> = new Set([
  "TX_EXPIRED", "TX_CANCELLED", "ALREADY_DONE", "WRONG_CODE", "LOCKED", "BLOCKED", "KEY_REFUSED", "CLONE_SUSPECT", "BAD_REQUEST",
  "NOT_FOUND",
]);

/** How long a request may be on its way, in ms. */
const ON_ITS_WAY = 2_000;

export const lockName = (id: AccountId): string => `countersign-phone/${id}`;
export const tokenPlace = (id: AccountId): string => `token|${id}`;
export const keyPlace = (kid: string): string => `key|${kid}`;
export const verifierPlace = (tx: string): string => `verifier|${tx}`;

export const proofKey = (record: AccountRecord): ProofKey => ({ key: record.dk.privateKey, kid: record.id });

/** An account under its lock. */
export class Session {
  readonly environment: Environment;
  readonly api: DeviceApi;
  readonly outer: Outer;
  record: AccountRecord;

  private constructor(environment: Environment, api: DeviceApi, outer: Outer, record: AccountRecord) {
    this.environment = environment;
    this.api = api;
    this.outer = outer;
    this.record = record;
  }

  /** Runs `work` while no other tab touches the account's token. */
  static exclusive<T>(
    environment: Environment, api: DeviceApi, id: AccountId, work: (session: Session) => Promise<T>,
  ): Promise<T> {
    return environment.locks.exclusive(lockName(id), async () => {
      const record = await environment.vault.find(id);
      if (!record) throw new PhoneError({ code: "NOT_FOUND" });
      return work(new Session(environment, api, await Outer.unlock(environment, record), record));
    });
  }

  /** With a key of the account that is open already: while enrolling. */
  static of(environment: Environment, api: DeviceApi, outer: Outer, record: AccountRecord): Session {
    return new Session(environment, api, outer, record);
  }

  get activated(): NonNullable<AccountRecord["activated"]> {
    if (!this.record.activated) throw new PhoneError({ code: "NOT_FOUND" });
    return this.record.activated;
  }

  get core(): CoreKey {
    const [key] = this.activated.coreKeys;
    if (!key) throw new PhoneError({ code: "STORAGE", detail: "no key of the signing core" });
    return key;
  }

  key(kid: string): KeyRecord {
    const key = this.record.keys.find((candidate) => candidate.kid === kid);
    if (!key) throw new PhoneError({ code: "MALFORMED_TRANSACTION", detail: "this phone has no such key" });
    return key;
  }

  material(key: KeyRecord): Promise<KeyMaterial> {
    return this.outer.open<KeyMaterial>(keyPlace(key.kid), key.locked);
  }

  async locked(kid: string, material: KeyMaterial): Promise<Pick<KeyRecord, "changing" | "locked">> {
    return { changing: material.next !== null, locked: await this.outer.close(keyPlace(kid), material) };
  }

  token(): Promise<string> {
    if (!this.record.token) throw new PhoneError({ code: "STORAGE", detail: "no token" });
    return this.outer.open<string>(tokenPlace(this.record.id), this.record.token);
  }

  /** A fresh counted request. */
  newPending(salt: Uint8Array, of: Pending["of"]): Pending {
    return { req: b64u(this.environment.random(16)), at: this.environment.now(), salt: b64u(salt), of };
  }

  async save(change: (record: AccountRecord) => AccountRecord): Promise<void> {
    this.record = await this.environment.vault.update(this.record.id, change);
    this.environment.signals.changed();
  }

  post<A>(path: string, request: object): Promise<A> {
    return this.api.post<A>(proofKey(this.record), path, request);
  }

  /**
   * Sends a counted request: writes it down first (`before` in the same write); and after the answer, in one write, the next
   * token and what else follows from it (`after`, which is not called while the request is undecided). A problem is a value.
   */
  async counted<A extends CountedAnswer>(
    path: string,
    pending: Pending,
    request: object,
    after: (outcome: Outcome) => Promise<(record: AccountRecord) => AccountRecord>,
    before: (record: AccountRecord) => AccountRecord = (record) => record,
  ): Promise<Answer<A>> {
    await this.save((record) => ({ ...before(record), pending }));
    const answer = await this.api.tryPost<A>(proofKey(this.record), path, request);
    const next = answer.problem ? answer.problem.token : answer.ok.token;
    const token = next && await this.#nextToken(next);
    if (token || !answer.problem || DECIDING.has(answer.problem.code)) {
      const outcome: Outcome = !answer.problem ? "DONE" : answer.problem.code === "WRONG_PIN" ? "WRONG_PIN" : "REFUSED";
      const follows = await after(outcome);
      await this.save((record) => ({ ...follows(record), ...(token && { token }), pending: null }));
    }
    if (answer.problem) await this.#noteEnd(answer.problem);
    return answer;
  }

  async #nextToken(sealed: Sealed) {
    const purpose: SealedFor = { purpose: "token", device: this.activated.deviceId };
    let token: unknown;
    try {
      const plaintext = await openSealed(this.record.ek, purpose, sealed);
      ({ token } = JSON.parse(new TextDecoder().decode(plaintext)) as { token?: unknown });
    } catch (cause) {
      throw new PhoneError({ code: "UNEXPECTED", detail: "a token that does not open" }, { cause });
    }
    if (typeof token !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(token)) {
      throw new PhoneError({ code: "UNEXPECTED", detail: "a token of another form" });
    }
    return this.outer.close(tokenPlace(this.record.id), token);
  }

  async #noteEnd({ code }: DeviceProblem): Promise<void> {
    if (code === "CLONE_SUSPECT" || code === "BLOCKED") await this.save((record) => ({ ...record, ended: true }));
  }

  /**
   * Finds out what became of the last counted request if no answer to it came. Takes no PIN and costs no try. Problem
   * `IN_PROGRESS`: the service is at it still; try again in some seconds.
   */
  async settle(): Promise<Settled> {
    const { pending } = this.record;
    if (!pending) return { kind: "NOTHING" };
    const { of, req } = pending;
    await this.#untilItArrived(pending);
    const token = await this.token();
    const sealed = (purpose: SealedFor) => seal(this.core, purpose, EMPTY_PART);
    const nothing = async () => (record: AccountRecord) => record;
    switch (of.kind) {
      case "KEY_PROOF": {
        const request = { tx: of.csr.tx, req, token, sealed: await sealed({ purpose: "proof", kid: of.kid }) };
        const answer = await this.counted(`/keys/${of.kid}/proof`, pending, request, this.afterProof(of.kid));
        return answer.problem ? this.#notDone(answer.problem) : { kind: "KEY_PROVEN" };
      }
      case "CONFIRM": {
        const { tx, kid } = of;
        const verifier = of.verifier && await this.outer.open<string>(verifierPlace(tx), of.verifier);
        const request: ConfirmRequest = {
          req,
          interaction: of.interaction,
          ...(verifier && { userChallenge: await userChallenge(verifier) }),
          approval: { kid, token, sealed: await sealed({ purpose: "confirm", tx, kid }) },
        };
        const path = `/transactions/${tx}/confirm`;
        const answer = await this.counted<ConfirmAnswer>(path, pending, request, this.afterConfirm(of));
        if (answer.problem) return this.#notDone(answer.problem);
        return { kind: "CONFIRMED", tx, callback: completed(answer.ok.callback, verifier) };
      }
      case "PIN_CHECK":
      case "PIN_PROPOSE":
      case "PIN_COMMIT": {
        const { kid, nonce } = of;
        const { use } = this.key(kid);
        const request = { req, token, nonce, sealed: await sealed({ purpose: "pin-check", kid }) };
        const send = (end: string, more: object, after: Parameters<Session["counted"]>[3]) =>
          this.counted(`/keys/${kid}/${end}`, pending, { ...request, ...more }, after);
        if (of.kind === "PIN_CHECK") {
          const answer = await send("pin-check", {}, nothing);
          return answer.problem ? this.#notDone(answer.problem) : { kind: "PIN_RIGHT" };
        }
        if (of.kind === "PIN_PROPOSE") {
          const answer = await send("pin-change", { refresh: of.refresh }, this.afterProposal(kid));
          return answer.problem ? this.#notDone(answer.problem) : { kind: "PIN_CHANGE_PROPOSED", use };
        }
        const answer = await send("pin-change/commit", {}, this.afterCommit(kid));
        return answer.problem ? this.#notDone(answer.problem) : { kind: "PIN_CHANGED", use };
      }
    }
  }

  /**
   * A request of the last moment may still be on its way. Were it told to be undone and then arrived, it would use up the
   * token behind the phone's back, which looks like a copied phone.
   */
  async #untilItArrived({ at }: Pending): Promise<void> {
    const { now, pause } = this.environment;
    const age = now() - at;
    if (age >= 0 && age < ON_ITS_WAY) await pause(ON_ITS_WAY - age, new AbortController().signal);
  }

  /** A problem that decides the request, unless it says that this phone is finished or that it is too early to tell. */
  #notDone(problem: DeviceProblem): Settled {
    if (problem.code === "CLONE_SUSPECT" || this.record.pending) throw this.api.problem(problem);
    return { kind: "NOT_DONE" };
  }

  /** After a proof: the key has been seen to work. */
  afterProof(kid: string) {
    return async (outcome: Outcome) => (record: AccountRecord): AccountRecord =>
      outcome === "DONE" ? withKey(record, kid, { proven: true }) : record;
  }

  /** After a confirmation: it goes on the list of approvals. */
  afterConfirm({ shown }: Extract<Pending["of"], { kind: "CONFIRM" }>) {
    return async (outcome: Outcome) => (record: AccountRecord): AccountRecord =>
      outcome === "DONE" ? recorded(record, { ...shown, at: new Date(this.environment.now()), outcome: "APPROVED" }) : record;
  }

  /** After a new share was offered: if it was not taken, it will never count. */
  afterProposal(kid: string) {
    return (outcome: Outcome) => this.#shares(kid, outcome === "DONE" ? null : (material) => ({ ...material, next: null }));
  }

  /**
   * After the new PIN was tried: if it was right, its share takes the old one's place; if it was wrong, the old one goes on to
   * count, and another change begins anew.
   */
  afterCommit(kid: string) {
    return (outcome: Outcome) => this.#shares(kid, outcome === "REFUSED" ? null : (material) =>
      outcome === "DONE" ? { ...material, share: material.next ?? material.share, next: null } : { ...material, next: null });
  }

  async #shares(kid: string, change: ((material: KeyMaterial) => KeyMaterial) | null) {
    if (!change) return (record: AccountRecord) => record;
    const stored = await this.locked(kid, change(await this.material(this.key(kid))));
    return (record: AccountRecord) => withKey(record, kid, stored);
  }
}

/** A record with something else said of one of its keys. */
export function withKey(record: AccountRecord, kid: string, change: Partial<KeyRecord>): AccountRecord {
  return { ...record, keys: record.keys.map((key) => key.kid === kid ? { ...key, ...change } : key) };
}

/** What is signed to check a PIN. */
export const pinCheckMessage = (kid: string, nonce: Uint8Array): Uint8Array => {
  const label = utf8(`splitkey-pin-check${kid}`);
  const message = new Uint8Array(label.length + nonce.length);
  message.set(label);
  message.set(nonce, label.length);
  return message;
};
