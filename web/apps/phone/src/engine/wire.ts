/** The messages of the device API (`/device/v1`), as `crates/wire/src/device` defines them. */

import type { CoreKey, Sealed } from "../crypto/hpke.ts";
import type { Hash } from "../crypto/hash.ts";
import type { Jwk } from "../crypto/proof.ts";
import type {
  AccountState, DeviceState, FlowType, InteractionType, KeyState, KeyUse, TransactionFlow, TransactionKind,
  TransactionState,
} from "./types.ts";

export interface PinLength { readonly min: number; readonly max: number }

export interface KeyParameters {
  readonly halfBits: number;
  readonly shareBits: number;
  readonly composite: boolean;
  readonly hash: Hash;
  readonly kdf: { readonly name: string; readonly iterations: number };
  readonly pin1: PinLength;
  readonly pin2: PinLength;
}

export interface ActivationRequest {
  readonly activationCode: string;
  readonly dk: Jwk;
  readonly ek: Jwk;
  readonly platform: string;
  readonly appVersion: string;
}

export interface ActivationAnswer {
  readonly deviceId: string;
  readonly documentNumber: string;
  readonly coreKeys: readonly CoreKey[];
  readonly parameters: KeyParameters;
  readonly token: Sealed;
}

export interface CsrTask {
  readonly tx: string;
  readonly info: string;
  readonly hash: Hash;
  readonly digest: string;
}

export interface KeyAnswer {
  readonly kid: string;
  readonly n: string;
  readonly csr: CsrTask;
}

/** The answer of a request that is counted: the next token, unless none was used. */
export interface CountedAnswer {
  readonly token?: Sealed;
}

export interface RegistrationAnswer {
  readonly state: AccountState;
  readonly certificates?: readonly { readonly use: KeyUse; readonly value: string }[];
}

export interface KeyStatus {
  readonly kid: string;
  readonly use: KeyUse;
  readonly state: KeyState;
  readonly triesLeft: number;
  readonly lockedUntil?: string;
  readonly certificate?: string;
  readonly notAfter?: string;
}

export interface AccountAnswer {
  readonly state: AccountState;
  readonly documentNumber: string;
  readonly keys: readonly KeyStatus[];
  readonly devices: readonly { readonly deviceId: string; readonly platform: string; readonly state: DeviceState }[];
  readonly openTransactions: readonly string[];
}

export interface TransactionHint {
  readonly tx: string;
  readonly kind: TransactionKind;
  readonly rp: { readonly name: string };
  readonly expires: string;
}

export interface AcspTask {
  readonly scheme: string;
  readonly serverRandom: string;
  readonly rpChallenge: string;
  readonly rpName: string;
  readonly brokeredRpName: string;
  readonly callback: string;
}

export interface Transaction {
  readonly tx: string;
  readonly kind: TransactionKind;
  readonly state: TransactionState;
  readonly created: string;
  readonly expires: string;
  readonly rp: { readonly name: string };
  readonly flowType: FlowType;
  readonly flow: TransactionFlow;
  readonly kid?: string;
  readonly hash?: Hash;
  readonly signatureAlgorithm?: string;
  readonly interactions?: string;
  readonly acsp?: AcspTask;
  readonly digest?: string;
  readonly code?: string;
  readonly codes?: readonly string[];
}

export interface CallbackTask {
  readonly url: string;
  readonly sessionSecretDigest: string;
}

export interface ConfirmRequest {
  readonly req: string;
  readonly interaction?: InteractionType;
  readonly chosenCode?: string;
  readonly userChallenge?: string;
  readonly approval?: { readonly kid: string; readonly token: string; readonly sealed: Sealed };
}

export interface ConfirmAnswer extends CountedAnswer {
  readonly state: TransactionState;
  readonly callback?: CallbackTask;
}

export interface RefuseAnswer {
  readonly callback?: CallbackTask;
}

/** Problem details [RFC 9457] with the device API's code, or without one from a gateway or for all surfaces. */
export interface DeviceProblem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly triesLeft?: number;
  readonly until?: string;
  readonly token?: Sealed;
  readonly reason?: string;
}
