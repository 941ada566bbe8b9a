/** The engine of the phone: every flow, over an environment. */

import { fromB64u } from "../crypto/bytes.ts";
import { parseActivation, parseDeviceLink } from "../crypto/device-link.ts";
import { weakPin } from "../crypto/pin.ts";
import { isOver, keyOf, summaryOf, viewOf } from "./account.ts";
import { type Opened, approve, malformed } from "./approve.ts";
import { completed } from "./callback.ts";
import { DeviceApi } from "./device-api.ts";
import { LIMITS, displayable } from "./displayable.ts";
import { KeyPool, enrol } from "./enrol.ts";
import type { Environment } from "./environment.ts";
import { type Interaction, firstInteraction } from "./interactions.ts";
import { changePin } from "./pin-change.ts";
import { recorded } from "./recent.ts";
import { ServiceClock } from "./service-clock.ts";
import { Session, proofKey } from "./session.ts";
import {
  type AccountId, type AccountSummary, type AccountView, type Approved, type Claimed, type EnrolRequest, type Ended, type Engine,
  type Enrolled, type KeyUse, type LinkRead, PhoneError, type PinFault, type Presented, type Problem, type RefusalReason,
  type Settled, type TransactionKind, type TransactionRef, type TransactionState, type WakeUpAddress, type Watcher,
} from "./types.ts";
import type { AccountRecord } from "./vault.ts";
import { watch } from "./watch.ts";
import type { AccountAnswer, ConfirmAnswer, RefuseAnswer, Transaction } from "./wire.ts";

const PIN_LENGTHS: Readonly<Record<KeyUse, { readonly min: number; readonly max: number }>> = {
  AUTH: { min: 4, max: 12 }, SIGN: { min: 5, max: 12 },
};

/** How often and with which pause, in ms, the service is asked for a request that it still computes. */
const SETTLE_ATTEMPTS = 20;
const SETTLE_PAUSE = 750;

const PURPOSES: Readonly<Record<"auth" | "sign" | "cert", TransactionKind>> = { auth: "AUTH", sign: "SIGN", cert: "CERT_CHOICE" };

/** What it means that a transaction is in a state in which it cannot be decided. */
const OVER: Readonly<Partial<Record<TransactionState, Problem["code"] & ("ALREADY_DONE" | "TX_EXPIRED" | "TX_CANCELLED")>>> = {
  DONE: "ALREADY_DONE", REFUSED: "ALREADY_DONE", EXPIRED: "TX_EXPIRED", CANCELLED: "TX_CANCELLED", FAILED: "TX_CANCELLED",
};

export class Phone implements Engine {
  readonly #environment: Environment;
  readonly #clock: ServiceClock;
  readonly #pool: KeyPool;
  /** One for each account, for its nonce. */
  readonly #apis = new Map<AccountId, DeviceApi>();
  readonly #opened = new WeakMap<Presented, Opened>();

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#clock = new ServiceClock(environment.now);
    this.#pool = new KeyPool(environment);
  }

  accounts(): Promise<readonly AccountSummary[]> {
    return guarded(async () => (await this.#environment.vault.list()).map(summaryOf));
  }

  onChange(listener: () => void): () => void {
    return this.#environment.signals.onChanged(listener);
  }

  prepare(): void {
    this.#pool.prepare();
  }

  async passkeyAvailable(): Promise<boolean> {
    return await this.#environment.passkeys?.available().catch(() => false) ?? false;
  }

  weakPin(pin: string, use: KeyUse, otherPin?: string): PinFault | null {
    const { min, max } = PIN_LENGTHS[use];
    if (!/^[0-9]*$/.test(pin)) return "NOT_DIGITS";
    if (pin.length < min) return "TOO_SHORT";
    if (pin.length > max) return "TOO_LONG";
    if (weakPin(pin)) return "WEAK";
    return pin === otherPin ? "SAME" : null;
  }

  enrol(request: EnrolRequest): Promise<Enrolled> {
    return guarded(async () => {
      this.#mayChoose(request.pin1, "AUTH");
      this.#mayChoose(request.pin2, "SIGN", request.pin1);
      const enrolled = await enrol(this.#environment, this.#newApi(), this.#pool, request);
      // The certificates, for the screen that follows; without them it asks again.
      await this.account(enrolled.account).catch(() => undefined);
      return enrolled;
    });
  }

  account(account: AccountId): Promise<AccountView> {
    return guarded(async () => {
      const record = await this.#find(account);
      if (!record.activated) return viewOf(record, this.#clock, true);
      try {
        return viewOf(await this.#refreshed(record), this.#clock, false);
      } catch (error) {
        const code = error instanceof PhoneError ? error.problem.code : null;
        if (code === "UNKNOWN_DEVICE") return viewOf(await this.#end(account), this.#clock, false);
        if (code === "OFFLINE" || code === "BUSY") return viewOf(await this.#find(account), this.#clock, true);
        throw error;
      }
    });
  }

  watch(watcher: Watcher): () => void {
    const onEnded = async (id: AccountId) => {
      await this.#end(id).catch(() => undefined);
    };
    return watch(this.#environment, (id) => this.#api(id), this.#clock, watcher, onEnded);
  }

  readLink(text: string): LinkRead {
    const code = parseActivation(text);
    if (code !== null) return { kind: "ACTIVATION", code };
    const link = parseDeviceLink(text);
    if (!link) return { kind: "UNKNOWN" };
    return { kind: "DEVICE_LINK", link: link.link, purpose: PURPOSES[link.sessionType], sameDevice: link.linkType !== "QR" };
  }

  claim(linkOrQrText: string, account?: AccountId): Promise<Claimed> {
    return guarded(async () => {
      const read = this.readLink(linkOrQrText);
      if (read.kind !== "DEVICE_LINK") throw new PhoneError({ code: "LINK_UNREADABLE" });
      const ready = (await this.#environment.vault.list()).filter((record) => summaryOf(record).status === "READY");
      const chosen = account === undefined ? ready : ready.filter(({ id }) => id === account);
      if (chosen.length > 1) return { kind: "CHOOSE_ACCOUNT", accounts: chosen.map(summaryOf) };
      const [record] = chosen;
      if (!record) throw new PhoneError({ code: "NOT_FOUND" });
      const { tx } = await this.#api(record.id).post<{ tx: string }>(
        proofKey(record), "/transactions/claim", { link: read.link });
      return { kind: "CLAIMED", ref: { account: record.id, tx } };
    });
  }

  open({ account, tx }: TransactionRef): Promise<Presented> {
    return guarded(async () => {
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(tx)) throw new PhoneError({ code: "NOT_FOUND" });
      const record = await this.#find(account);
      const [transaction, known] = await Promise.all([
        this.#api(account).get<Transaction>(proofKey(record), `/transactions/${tx}`),
        // For the tries that are left; the transaction can be shown without.
        this.#refreshed(record).catch(() => record),
      ]);
      if (transaction.tx !== tx) throw malformed("another transaction than the one asked for");
      const over = OVER[transaction.state];
      if (over) throw new PhoneError({ code: over });
      const interaction = await this.#interaction(record, transaction);
      const others = (await this.#environment.vault.list()).filter(({ id }) => id !== account).map(summaryOf);
      const presented = this.#present(known, transaction, interaction, others);
      this.#opened.set(presented, { transaction, interaction });
      return presented;
    });
  }

  chooseCode(presented: Presented, code: string): Promise<{ readonly right: true } | ({ readonly right: false } & Ended)> {
    return guarded(async () => {
      const { transaction } = this.#behind(presented);
      // The service judges the code that comes with the approval; a wrong one is said here at once, before any PIN.
      if (transaction.code === undefined || transaction.code === code) return { right: true };
      return { right: false, ...(await this.refuse(presented, "WRONG_CODE")) };
    });
  }

  approve(presented: Presented, pin?: string, chosenCode?: string): Promise<Approved> {
    return guarded(async () => {
      const started = this.#environment.now();
      const opened = this.#behind(presented);
      const ended = await (opened.transaction.kind === "CERT_CHOICE"
        ? this.#chooseCertificate(presented, opened.transaction)
        : this.#exclusive(presented.account, (session) => {
          const use: KeyUse = presented.pin === "PIN2" ? "SIGN" : "AUTH";
          // One that cannot be a PIN costs no try.
          if (!/^[0-9]{4,12}$/.test(pin ?? "")) throw new PhoneError({ code: "PIN_NOT_ALLOWED", fault: "NOT_DIGITS", use });
          return approve(session, presented, opened, pin!, chosenCode);
        }));
      return { ...ended, took: this.#environment.now() - started };
    });
  }

  refuse(presented: Presented, reason: RefusalReason): Promise<Ended> {
    return guarded(async () => {
      const { transaction, interaction } = this.#behind(presented);
      const { account, kind, rp, text } = presented;
      const cancelled = kind === "CERT_CHOICE" ? "CERT_CHOICE" : interaction ? "INTERACTION" : "USER";
      const wire = reason === "USER" ? cancelled : reason;
      const callback = await this.#refuse(account, transaction, wire, interaction);
      const outcome = reason === "NOT_ME" ? "NOT_ME" : "REFUSED";
      const at = new Date(this.#environment.now());
      await this.#change(account, (record) => recorded(record, { at, kind, rp, text, outcome }));
      return { callback };
    });
  }

  settle(account: AccountId): Promise<Settled> {
    return guarded(async () => {
      // Without one there is nothing to unlock, and no passkey to ask for.
      if (!(await this.#find(account)).pending) return { kind: "NOTHING" };
      return this.#exclusive(account, async (session) => {
        for (let attempt = 1; ; attempt++) {
          try {
            return await session.settle();
          } catch (error) {
            const early = error instanceof PhoneError && error.problem.code === "IN_PROGRESS";
            if (!early || attempt === SETTLE_ATTEMPTS) throw error;
            await this.#environment.pause(SETTLE_PAUSE, new AbortController().signal);
          }
        }
      });
    });
  }

  changePin(account: AccountId, use: KeyUse, oldPin: string, newPin: string): Promise<void> {
    return guarded(async () => {
      this.#mayChoose(newPin, use);
      await this.#exclusive(account, (session) => changePin(session, use, oldPin, newPin));
    });
  }

  revoke(account: AccountId, scope: "ACCOUNT" | "DEVICE"): Promise<void> {
    return guarded(async () => {
      const record = await this.#find(account);
      try {
        await this.#api(account).post(proofKey(record), "/account/revoke", { scope, reason: "by its holder on the phone" });
      } catch (error) {
        // Revoked already.
        if (!(error instanceof PhoneError && error.problem.code === "UNKNOWN_DEVICE")) throw error;
      }
      await this.#end(account);
    });
  }

  pushKey(account: AccountId): Promise<Uint8Array<ArrayBuffer> | null> {
    return guarded(async () => {
      const record = await this.#find(account);
      try {
        const { key } = await this.#api(account).get<{ key: string }>(proofKey(record), "/push/key");
        return fromB64u(key);
      } catch (error) {
        // A service that wakes nobody.
        if (error instanceof PhoneError && error.problem.code === "NOT_FOUND") return null;
        throw error;
      }
    });
  }

  wakeUpAt(account: AccountId, address: WakeUpAddress | null): Promise<void> {
    return guarded(async () => {
      const key = proofKey(await this.#find(account));
      const api = this.#api(account);
      await (address === null ? api.delete(key, "/push") : api.put(key, "/push", address));
    });
  }

  forget(account: AccountId): Promise<void> {
    return guarded(async () => {
      await this.#environment.vault.remove(account);
      this.#apis.delete(account);
      this.#environment.signals.changed();
    });
  }

  // Parts

  #exclusive<T>(id: AccountId, work: (session: Session) => Promise<T>): Promise<T> {
    return Session.exclusive(this.#environment, this.#api(id), id, work);
  }

  #api(id: AccountId): DeviceApi {
    const known = this.#apis.get(id);
    if (known) return known;
    const api = this.#newApi();
    this.#apis.set(id, api);
    return api;
  }

  #newApi(): DeviceApi {
    return new DeviceApi(this.#environment, this.#clock);
  }

  async #find(id: AccountId): Promise<AccountRecord> {
    const record = await this.#environment.vault.find(id);
    if (!record) throw new PhoneError({ code: "NOT_FOUND" });
    return record;
  }

  async #change(id: AccountId, change: (record: AccountRecord) => AccountRecord): Promise<AccountRecord> {
    const record = await this.#environment.vault.update(id, change);
    this.#environment.signals.changed();
    return record;
  }

  #end(id: AccountId): Promise<AccountRecord> {
    return this.#change(id, (record) => ({ ...record, ended: true }));
  }

  /** The account as the service says it is, noted. */
  async #refreshed(record: AccountRecord): Promise<AccountRecord> {
    const answer = await this.#api(record.id).get<AccountAnswer>(proofKey(record), "/account");
    const at = this.#environment.now();
    const next = (before: AccountRecord): AccountRecord => ({
      ...before,
      last: { at, answer },
      certified: before.certified || answer.state === "CERTIFIED",
      ended: isOver(answer),
    });
    const was = record.last?.answer;
    const changed = JSON.stringify(was) !== JSON.stringify(answer);
    const updated = await this.#environment.vault.update(record.id, next);
    if (changed) this.#environment.signals.changed();
    return updated;
  }

  #mayChoose(pin: string, use: KeyUse, other?: string): void {
    const fault = this.weakPin(pin, use, other);
    if (fault !== null) throw new PhoneError({ code: "PIN_NOT_ALLOWED", fault, use });
  }

  #behind(presented: Presented): Opened {
    const opened = this.#opened.get(presented);
    if (!opened) throw malformed("not a transaction that was opened here");
    return opened;
  }

  async #interaction(record: AccountRecord, transaction: Transaction): Promise<Interaction | null> {
    if (transaction.kind === "CERT_CHOICE") return null;
    let interaction: Interaction | null;
    try {
      interaction = firstInteraction(transaction.interactions ?? "", transaction.flow);
    } catch (cause) {
      throw malformed(cause instanceof RangeError ? cause.message : "interactions are not JSON", cause);
    }
    if (interaction) return interaction;
    await this.#refuse(record.id, transaction, "INTERACTION_NOT_SUPPORTED", null);
    throw new PhoneError({ code: "NO_INTERACTION" });
  }

  #present(
    record: AccountRecord, transaction: Transaction, interaction: Interaction | null, others: readonly AccountSummary[],
  ): Presented {
    const { tx, kind, state, rp, flow, flowType, kid } = transaction;
    const use: KeyUse = kind === "AUTH" ? "AUTH" : "SIGN";
    const choice = interaction?.kind === "confirmationMessageAndVerificationCodeChoice";
    const { pending } = record;
    return {
      account: record.id,
      tx,
      kind,
      state,
      rp: displayable(rp.name, LIMITS.rpName),
      who: summaryOf(record),
      interaction: interaction?.kind ?? null,
      text: interaction && displayable(interaction.text, interaction.limit),
      code: choice ? null : transaction.code ?? null,
      codes: choice ? transaction.codes ?? null : null,
      flow,
      flowType,
      pin: kind === "CERT_CHOICE" ? null : kind === "AUTH" ? "PIN1" : "PIN2",
      pinLength: record.activated?.parameters[use === "AUTH" ? "pin1" : "pin2"] ?? PIN_LENGTHS[use],
      key: kid === undefined ? null : keyOf(record, kid, this.#clock),
      created: this.#clock.local(transaction.created),
      expires: this.#clock.local(transaction.expires),
      otherAccounts: others.filter(({ status }) => status === "READY"),
      sameDevice: flowType === "Web2App" || flowType === "App2App",
      resumes: pending?.of.kind === "CONFIRM" && pending.of.tx === tx,
    };
  }

  /** Takes no PIN and no token. */
  async #chooseCertificate(
    { account, kind, rp, text, flow }: Presented, { tx }: Transaction,
  ): Promise<Omit<Approved, "took">> {
    const record = await this.#find(account);
    const { callback } = await this.#api(account).post<ConfirmAnswer>(
      proofKey(record), `/transactions/${tx}/confirm`, { req: crypto.randomUUID() });
    const at = new Date(this.#environment.now());
    await this.#change(account, (record) => recorded(record, { at, kind, rp, text, outcome: "APPROVED" }));
    return { callback: completed(callback, null), awaitsSignature: flow === "device-link" };
  }

  async #refuse(
    account: AccountId, { tx }: Transaction, reason: string, interaction: Interaction | null,
  ): Promise<string | null> {
    const record = await this.#find(account);
    const req = crypto.randomUUID();
    const named = reason === "INTERACTION" && interaction ? { interaction: interaction.kind } : {};
    const answer = await this.#api(account).post<RefuseAnswer>(
      proofKey(record), `/transactions/${tx}/refuse`, { req, reason, ...named });
    return completed(answer.callback, null);
  }
}

/** Whatever goes wrong becomes a `PhoneError`. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof PhoneError) throw cause;
    // Over http from another device the browser has no cryptography.
    const insecure = (crypto.subtle as SubtleCrypto | undefined) === undefined;
    // The message could quote what it was about; the name and place are enough to find it.
    const detail = insecure ? "the phone needs https, or 127.0.0.1" : cause instanceof Error ? cause.name : "unknown";
    throw new PhoneError({ code: "UNEXPECTED", detail }, { cause });
  }
}
