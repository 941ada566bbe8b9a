/** What the engine needs from around it: time, randomness, network, storage, and what only a browser has. All arguments. */

import type { Bytes } from "../crypto/bytes.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Vault } from "./vault.ts";

/** One holder of a name at a time, over all tabs. */
export interface Locks {
  exclusive<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** Word to other tabs. */
export interface Signals {
  /** Tells all others, not the caller. */
  changed(): void;
  onChanged(listener: () => void): () => void;
}

/** Whether anybody looks. */
export interface Visibility {
  visible(): boolean;
  onChange(listener: () => void): () => void;
}

/** A secret of 32 octets that an authenticator of this device derives (WebAuthn PRF). Problem: `PASSKEY`. */
export interface Passkeys {
  available(): Promise<boolean>;
  /** Makes a passkey. The person confirms. */
  create(label: string, salt: Bytes): Promise<{ readonly credential: Bytes; readonly secret: Bytes }>;
  /** The same secret again. The person confirms. */
  evaluate(credential: Bytes, salt: Bytes): Promise<Bytes>;
}

export interface Environment {
  /** `scheme://host[:port]` of the service. */
  readonly origin: string;
  readonly appVersion: string;
  /** This device's clock, in ms since 1970. */
  now(): number;
  random(length: number): Bytes;
  readonly fetch: typeof fetch;
  readonly vault: Vault;
  readonly locks: Locks;
  readonly signals: Signals;
  readonly visibility: Visibility;
  readonly arithmetic: Arithmetic;
  readonly passkeys: Passkeys | null;
  /** Asks the browser to keep the storage. */
  persist(): Promise<boolean>;
  /** Resolves after so many ms, or as soon as the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}
