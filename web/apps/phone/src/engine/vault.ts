/**
 * What the phone keeps, and where: one record for each account, replaced as a whole in one strict transaction. Never here: a
 * PIN, an unmasked share, a part `y` of a signature, a key of a PIN, the length of a PIN.
 *
 * Two layers. `Locked` values are AES-256-GCM under a key that does not depend on the PIN: one that the browser does not
 * export, or one that a passkey derives. The blob inside is the share under the mask of the PIN, never authenticated.
 */

import type { Bytes } from "../crypto/bytes.ts";
import type { CoreKey, Sealed } from "../crypto/hpke.ts";
import type { AccountId, DisplayText, InteractionType, KeyUse, RecentApproval, TransactionKind } from "./types.ts";
import { PhoneError } from "./types.ts";
import type { AccountAnswer, CsrTask, KeyParameters } from "./wire.ts";

/** A value under the outer key. */
export interface Locked {
  readonly iv: Bytes;
  readonly ct: Bytes;
}

/** The share under the mask of a PIN: every PIN unmasks it to something. */
export interface StoredShare {
  /** Of the mask, Base64url. */
  readonly salt: string;
  /** Share XOR mask, Base64url. */
  readonly blob: string;
  readonly iterations: number;
}

/** What is inside a key's `locked`. */
export interface KeyMaterial {
  /** Base64url, big-endian. */
  readonly n1: string;
  readonly n: string;
  readonly share: StoredShare;
  /** The share under a new PIN, until the service has seen it work. */
  readonly next: StoredShare | null;
}

export interface KeyRecord {
  readonly kid: string;
  readonly use: KeyUse;
  /** Whether the service has seen it work. */
  readonly proven: boolean;
  /** Whether there is a share under a new PIN. */
  readonly changing: boolean;
  /** `KeyMaterial`. */
  readonly locked: Locked;
}

/** What a counted request asks for. */
export type PendingKind =
  | { readonly kind: "KEY_PROOF"; readonly kid: string; readonly csr: CsrTask }
  | {
    readonly kind: "CONFIRM";
    readonly tx: string;
    readonly kid: string;
    readonly interaction: InteractionType;
    /** For an authentication: the verifier (text), which the callback will carry. */
    readonly verifier: Locked | null;
    /** What the person approved, for the list of approvals. */
    readonly shown: { readonly kind: TransactionKind; readonly rp: DisplayText; readonly text: DisplayText | null };
  }
  | { readonly kind: "PIN_CHECK" | "PIN_COMMIT"; readonly kid: string; readonly nonce: string }
  /** If it is sent again the refresh must be the same: the service may have taken it. */
  | { readonly kind: "PIN_PROPOSE"; readonly kid: string; readonly nonce: string; readonly refresh: Sealed };

/** A counted request that was sent or is about to be, and has no answer yet. It carries the token beside it. */
export interface Pending {
  readonly req: string;
  /** When it was written down, on this device's clock. */
  readonly at: number;
  /** Salt of the encoding, Base64url; not secret. */
  readonly salt: string;
  readonly of: PendingKind;
}

export interface AccountRecord {
  /** Thumbprint of the device key. */
  readonly id: AccountId;
  readonly version: 1;
  readonly createdAt: number;
  /** Proves requests; not exportable. */
  readonly dk: CryptoKeyPair;
  /** Opens sealed answers; not exportable. */
  readonly ek: CryptoKeyPair;
  /** The outer key, unless a passkey derives it; not exportable. */
  readonly outerKey: CryptoKey | null;
  readonly passkey: { readonly credential: Bytes; readonly salt: Bytes } | null;
  /** Until the code has been exchanged. */
  readonly activationCode: string | null;
  /** From activation on. */
  readonly activated: {
    readonly deviceId: string;
    readonly documentNumber: string;
    /** Pinned at activation. */
    readonly coreKeys: readonly CoreKey[];
    readonly parameters: KeyParameters;
  } | null;
  /** The current clone-detection token, Base64url text inside. */
  readonly token: Locked | null;
  readonly pending: Pending | null;
  readonly keys: readonly KeyRecord[];
  /** Certificates are there. */
  readonly certified: boolean;
  /** It can no longer be used. */
  readonly ended: boolean;
  /** What the service said last, and when on this device's clock. */
  readonly last: { readonly at: number; readonly answer: AccountAnswer } | null;
  readonly recent: readonly RecentApproval[];
}

export interface Vault {
  list(): Promise<AccountRecord[]>;
  find(id: AccountId): Promise<AccountRecord | null>;
  insert(record: AccountRecord): Promise<void>;
  /** Replaces the record by what `change` makes of it, in one transaction. When it resolves, it will be found again. */
  update(id: AccountId, change: (record: AccountRecord) => AccountRecord): Promise<AccountRecord>;
  remove(id: AccountId): Promise<void>;
}

const DATABASE = "countersign-phone";
const STORE = "accounts";

/** In IndexedDB, which stores keys without showing them. */
export class IndexedDbVault implements Vault {
  readonly #factory: IDBFactory;
  #opened: Promise<IDBDatabase> | null = null;

  constructor(factory: IDBFactory) {
    this.#factory = factory;
  }

  list(): Promise<AccountRecord[]> {
    return this.#run("readonly", (store) => store.getAll() as IDBRequest<AccountRecord[]>)
      .then((records) => records.sort((a, b) => a.createdAt - b.createdAt));
  }

  async find(id: AccountId): Promise<AccountRecord | null> {
    return await this.#run("readonly", (store) => store.get(id) as IDBRequest<AccountRecord | undefined>) ?? null;
  }

  async insert(record: AccountRecord): Promise<void> {
    await this.#run("readwrite", (store) => store.add(record));
  }

  async update(id: AccountId, change: (record: AccountRecord) => AccountRecord): Promise<AccountRecord> {
    let changed: AccountRecord | null = null;
    await this.#run("readwrite", (store) => {
      const found = store.get(id) as IDBRequest<AccountRecord | undefined>;
      found.onsuccess = () => {
        if (!found.result) return;
        changed = change(found.result);
        store.put(changed);
      };
      return found;
    });
    if (!changed) throw new PhoneError({ code: "NOT_FOUND" });
    return changed;
  }

  async remove(id: AccountId): Promise<void> {
    await this.#run("readwrite", (store) => store.delete(id));
  }

  async #run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    try {
      const database = await (this.#opened ??= this.#open());
      return await new Promise<T>((resolve, reject) => {
        // On disk before it is said to be done: what is sent must never be ahead of what is kept.
        const transaction = database.transaction(STORE, mode, { durability: "strict" });
        const request = work(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
      });
    } catch (cause) {
      this.#opened = null;
      const detail = cause instanceof Error ? cause.name : "unknown";
      throw new PhoneError({ code: "STORAGE", detail }, { cause });
    }
  }

  #open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = this.#factory.open(DATABASE, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
      request.onsuccess = () => {
        const database = request.result;
        // Another tab deletes or upgrades: let it, and open again when needed.
        database.onversionchange = () => {
          database.close();
          this.#opened = null;
        };
        database.onclose = () => this.#opened = null;
        resolve(database);
      };
      request.onerror = () => reject(request.error ?? new Error("the database could not be opened"));
      request.onblocked = () => reject(new Error("the database is blocked"));
    });
  }
}
