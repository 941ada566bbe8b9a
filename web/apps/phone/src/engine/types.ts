/**
 * What the engine of the phone offers to its screens. Everything that a screen shows comes from here already decoded,
 * checked and made safe to display; everything that a person decides goes back through here.
 *
 * Times are `Date`s of this device's clock: the engine has moved them by what the service's clock differs.
 */

/** An account on this phone. Local; the service never sees it. */
export type AccountId = string;
/** `AUTH`: authentication, PIN1. `SIGN`: signature, PIN2. */
export type KeyUse = "AUTH" | "SIGN";

export type AccountState = "DRAFT" | "CERTIFIED" | "PENDING_RA" | "REVOKED" | "CLONE_SUSPECT";
export type KeyState = "PENDING" | "ACTIVE" | "LOCKED" | "BLOCKED" | "CLONE_SUSPECT" | "REVOKED" | "EXPIRED";
export type DeviceState = "ACTIVE" | "CLONE_SUSPECT" | "REVOKED";
export type TransactionKind = "AUTH" | "SIGN" | "CERT_CHOICE";
export type TransactionState =
  | "CREATED" | "DELIVERED" | "DISPLAYED" | "CONFIRMING" | "DONE" | "REFUSED" | "EXPIRED" | "CANCELLED" | "FAILED";
export type TransactionFlow = "device-link" | "notification" | "linked";
export type FlowType = "QR" | "App2App" | "Web2App" | "Notification";
export type InteractionType =
  | "displayTextAndPIN"
  | "confirmationMessage"
  | "confirmationMessageAndVerificationCodeChoice";

/**
 * Text of a stranger, safe to show: no control, invisible, tag or direction-changing characters, few combining marks, at
 * most as long as its place allows. It is text, never markup: set it with `textContent`, in an element of its own with
 * `dir="auto"` (`<bdi dir="auto">`), so that its direction ends where it ends.
 */
export interface DisplayText {
  readonly text: string;
  /** Characters were taken out or replaced by a visible sign: worth a note beside the text. */
  readonly altered: boolean;
  /** The text was longer; it ends in `…`. */
  readonly cut: boolean;
}

/** What the phone itself remembers of an account; there without the service. */
export interface AccountSummary {
  readonly id: AccountId;
  /** Empty until activation. */
  readonly documentNumber: string;
  /** From the certificate; empty until there is one. */
  readonly name: string;
  /** Whether it holds qualified certificates. */
  readonly qualified: boolean;
  /**
   * `UNFINISHED`: enrolment stopped midway; call `enrol({resume})`. `READY`: can be used. `ENDED`: revoked, blocked or frozen as
   * far as the phone knows; it may be forgotten.
   */
  readonly status: "UNFINISHED" | "READY" | "ENDED";
  /** A request was sent and its answer never came (the page was closed): call `settle`. */
  readonly unsettled: boolean;
  /** Whether a passkey guards the stored keys: using a PIN asks for it each time. */
  readonly passkey: boolean;
}

export interface CertificateView {
  /** In the order of the certificate, e.g. `{ name: "CN", value: "…" }`; values are safe to show. */
  readonly subject: readonly { readonly name: string; readonly value: string }[];
  /** Common name of the issuer. */
  readonly issuer: string;
  /** Hexadecimal. */
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Standard Base64 of the DER, for "show certificate". */
  readonly der: string;
}

export interface KeyView {
  readonly kid: string;
  readonly use: KeyUse;
  readonly state: KeyState;
  /** Wrong PINs that are still free before the key locks. */
  readonly triesLeft: number;
  readonly lockedUntil: Date | null;
  readonly notAfter: Date | null;
  readonly certificate: CertificateView | null;
  /** A change of its PIN stopped midway; `changePin` with the same PINs goes on. */
  readonly pinChangeOpen: boolean;
}

export interface DeviceView {
  readonly deviceId: string;
  readonly platform: string;
  readonly state: DeviceState;
  /** Whether it is this phone. */
  readonly here: boolean;
}

/** Kept on this phone only. */
export interface RecentApproval {
  readonly at: Date;
  readonly kind: TransactionKind;
  readonly rp: DisplayText;
  readonly text: DisplayText | null;
  readonly outcome: "APPROVED" | "REFUSED" | "NOT_ME";
}

export interface AccountView extends AccountSummary {
  readonly givenName: string;
  readonly surname: string;
  /** Such as `PNOEE-…`. */
  readonly person: string;
  readonly state: AccountState;
  readonly keys: readonly KeyView[];
  readonly devices: readonly DeviceView[];
  /** Newest first. */
  readonly recent: readonly RecentApproval[];
  /** Fingerprint of the device key as words, to compare with the registration desk. */
  readonly words: readonly string[];
  /** When the service said so; older than now when it could not be reached. */
  readonly asOf: Date;
  /** The service could not be reached: state, keys and devices are what it said last. */
  readonly stale: boolean;
}

// Enrolment

export type EnrolStep =
  /** The code is exchanged for an account. */
  | "ACTIVATE"
  /** The person compares `words`; nothing waits for it. */
  | "WORDS"
  /** A key is being made (some seconds on a slow phone). */
  | "KEY_AUTH" | "PROOF_AUTH"
  | "KEY_SIGN" | "PROOF_SIGN"
  | "CERTIFICATES"
  | "DONE";

export interface EnrolProgress {
  readonly step: EnrolStep;
  /** 0 to 1 over the whole enrolment. */
  readonly fraction: number;
  readonly account: AccountId;
  /** From `WORDS` on. */
  readonly words: readonly string[];
}

export interface EnrolRequest {
  /** From the activation link or typed. Not needed to resume. */
  readonly activationCode?: string;
  /** An account with status `UNFINISHED`. */
  readonly resume?: AccountId;
  readonly pin1: string;
  readonly pin2: string;
  /** Guard the stored keys with a passkey of this device as well. Ask only if `passkeyAvailable()`. */
  readonly passkey?: boolean;
  readonly onProgress?: (progress: EnrolProgress) => void;
}

export interface Enrolled {
  readonly account: AccountId;
  /** `PENDING_RA`: certificates come later; `account()` tells. */
  readonly state: "CERTIFIED" | "PENDING_RA";
  readonly words: readonly string[];
  /** Whether the browser promised not to clear the storage by itself. */
  readonly persisted: boolean;
}

// Transactions

export interface TransactionRef {
  readonly account: AccountId;
  readonly tx: string;
}

/** What waits for the person: enough for a list or a hint. */
export interface Waiting extends TransactionRef {
  readonly kind: TransactionKind;
  readonly rp: DisplayText;
  readonly expires: Date;
}

/** A transaction as it is shown. Give the same object back to `approve` or `refuse`: what is signed is what it says. */
export interface Presented extends TransactionRef {
  readonly kind: TransactionKind;
  readonly state: TransactionState;
  readonly rp: DisplayText;
  /** The account that is asked, for a phone with several. */
  readonly who: AccountSummary;
  /** Absent for a certificate choice. */
  readonly interaction: InteractionType | null;
  /** What for. Absent for a certificate choice. */
  readonly text: DisplayText | null;
  /** Four digits to compare with the other screen. Null when there is none, or a choice. */
  readonly code: string | null;
  /** Three codes of which one is right; the person picks, then `chooseCode`. */
  readonly codes: readonly string[] | null;
  readonly flow: TransactionFlow;
  readonly flowType: FlowType;
  /** Which PIN is asked; null for a certificate choice. */
  readonly pin: "PIN1" | "PIN2" | null;
  readonly pinLength: { readonly min: number; readonly max: number };
  /** Of the key that is used, if the service told: for "last try" and for a countdown. */
  readonly key: Pick<KeyView, "state" | "triesLeft" | "lockedUntil"> | null;
  readonly created: Date;
  readonly expires: Date;
  /** Other accounts of this phone that could answer a link which names nobody. */
  readonly otherAccounts: readonly AccountSummary[];
  /** The person comes from a browser or app on this device: a URL is opened afterwards. */
  readonly sameDevice: boolean;
  /** An approval of it was sent already and its answer is not known: type the PIN again, it signs once at most. */
  readonly resumes: boolean;
}

export interface Ended {
  /** To be opened now (`location.assign`), the way back on the same device. Always https. */
  readonly callback: string | null;
}

export interface Approved extends Ended {
  /** After a certificate choice by link: keep the screen, the signature follows by itself within a minute. */
  readonly awaitsSignature: boolean;
  /** From the call of `approve` until the answer, in ms. */
  readonly took: number;
}

export type RefusalReason =
  /** Cancelled. */
  | "USER"
  /** "This was not me." */
  | "NOT_ME"
  /** None of the three codes is the one on the other screen. */
  | "WRONG_CODE";

export type Claimed =
  | { readonly kind: "CLAIMED"; readonly ref: TransactionRef }
  /** Several accounts could take it: ask, and call `claim` with one. */
  | { readonly kind: "CHOOSE_ACCOUNT"; readonly accounts: readonly AccountSummary[] };

/** What a scanned, pasted or opened text is. */
export type LinkRead =
  | { readonly kind: "ACTIVATION"; readonly code: string }
  | { readonly kind: "DEVICE_LINK"; readonly link: string; readonly purpose: TransactionKind; readonly sameDevice: boolean }
  | { readonly kind: "UNKNOWN" };

/** What became of a request whose answer never came. Takes no PIN and costs no try. */
export type Settled =
  | { readonly kind: "NOTHING" }
  /** It was never carried out, or refused: the person may do it again. */
  | { readonly kind: "NOT_DONE" }
  | { readonly kind: "CONFIRMED"; readonly tx: string; readonly callback: string | null }
  | { readonly kind: "KEY_PROVEN" }
  | { readonly kind: "PIN_RIGHT" }
  /** The new PIN has to prove itself: call `changePin` again. */
  | { readonly kind: "PIN_CHANGE_PROPOSED"; readonly use: KeyUse }
  | { readonly kind: "PIN_CHANGED"; readonly use: KeyUse };

export type PinFault =
  /** Other characters than digits. */
  | "NOT_DIGITS"
  | "TOO_SHORT" | "TOO_LONG"
  /** Among those that thieves try first: 1234, 0000, years, keypad lines… */
  | "WEAK"
  /** The same as the other PIN. */
  | "SAME";

/** Why the phone could not do what it was asked to. Screens switch over `code`. */
export type Problem =
  /** `use` when an enrolment is resumed: the key was made under another PIN, the one chosen first. */
  | { readonly code: "WRONG_PIN"; readonly triesLeft: number; readonly use?: KeyUse }
  | { readonly code: "LOCKED"; readonly until: Date }
  /** Too many wrong PINs, for good: register again. */
  | { readonly code: "BLOCKED" }
  /** Another copy of this phone has been used: register again. */
  | { readonly code: "CLONE_SUSPECT" }
  | { readonly code: "TX_EXPIRED" }
  | { readonly code: "TX_CANCELLED" }
  | { readonly code: "ALREADY_DONE" }
  /** The wrong one of three codes was chosen; the session has ended. */
  | { readonly code: "WRONG_CODE" }
  /** The service computes another request on this key; try again in some seconds. */
  | { readonly code: "IN_PROGRESS" }
  /** No connection, or no answer. After `approve` it is unknown whether it was carried out: try the same again. */
  | { readonly code: "OFFLINE" }
  /** The service asks for patience (HTTP 429, 503). */
  | { readonly code: "BUSY"; readonly retryAfter: number }
  | { readonly code: "UPGRADE_REQUIRED" }
  /** The service does not know this phone (any more): revoked, or its data was reset. */
  | { readonly code: "UNKNOWN_DEVICE" }
  /** No such activation code, or used, or too old. */
  | { readonly code: "ACTIVATION_INVALID" }
  /** The service refused the key that was made; enrolment can be resumed and makes another. */
  | { readonly code: "KEY_REFUSED" }
  /** Link: its authentication code is wrong; the session has ended. */
  | { readonly code: "LINK_INVALID" }
  /** Link: the QR code is not the present one; scan again. */
  | { readonly code: "LINK_STALE" }
  | { readonly code: "LINK_TAKEN" }
  | { readonly code: "LINK_NO_CALLBACK" }
  /** Link: not a link of this service at all. */
  | { readonly code: "LINK_UNREADABLE" }
  /** Meant for another person, or for a higher level than this account has. */
  | { readonly code: "WRONG_PERSON" }
  /** The e-service offers no way of asking that this phone knows. The transaction has been refused. */
  | { readonly code: "NO_INTERACTION" }
  /** What is asked does not fit together; nothing was signed. */
  | { readonly code: "MALFORMED_TRANSACTION"; readonly detail: string }
  /** A PIN that may not be chosen. */
  | { readonly code: "PIN_NOT_ALLOWED"; readonly fault: PinFault; readonly use: KeyUse }
  /** The passkey was not given, or is gone. Without it the stored keys cannot be read. */
  | { readonly code: "PASSKEY"; readonly gone: boolean }
  /** The browser could not write its storage; nothing was sent. */
  | { readonly code: "STORAGE"; readonly detail: string }
  /** The time on this device is so wrong that the service refuses it. */
  | { readonly code: "CLOCK" }
  | { readonly code: "NOT_FOUND" }
  /** Anything else; `detail` is for a person who reports it and holds no secret. */
  | { readonly code: "UNEXPECTED"; readonly detail: string };

export type ProblemCode = Problem["code"];

/** Every method of the engine rejects with this and nothing else. */
export class PhoneError extends Error {
  override readonly name = "PhoneError";
  constructor(readonly problem: Problem, options?: ErrorOptions) {
    super("detail" in problem ? `${problem.code}: ${problem.detail}` : problem.code, options);
  }
}

export interface Watcher {
  /** What waits on all accounts, oldest first; called at every change, first as soon as the service has answered. */
  onTransactions(waiting: readonly Waiting[]): void;
  /** Whether the service answers. */
  onConnection?(connected: boolean): void;
  /** An account can no longer be used: revoked, frozen, unknown. */
  onEnded?(account: AccountId, problem: Problem): void;
}

/** Where a browser's push service takes messages for it, as `PushSubscription.toJSON()` says it. */
export interface WakeUpAddress {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

export interface Engine {
  /** The accounts of this phone, without asking the service. */
  accounts(): Promise<readonly AccountSummary[]>;
  /** Calls back when accounts or their state changed, here or in another tab. Gives the function that ends it. */
  onChange(listener: () => void): () => void;

  /** Starts making keys while the person still chooses PINs. Optional. */
  prepare(): void;
  passkeyAvailable(): Promise<boolean>;
  /** What is wrong with a PIN that a person chooses, or null. Never leaves this device. */
  weakPin(pin: string, use: KeyUse, otherPin?: string): PinFault | null;
  enrol(request: EnrolRequest): Promise<Enrolled>;

  /** State, keys, devices. Gives what was known last, marked `stale`, when the service cannot be reached. */
  account(account: AccountId): Promise<AccountView>;
  /** Polls for all accounts as long as the page is visible. Gives the function that ends it. */
  watch(watcher: Watcher): () => void;

  /** What a scanned or pasted text is, without asking the service. */
  readLink(text: string): LinkRead;
  /** Takes the session behind a device link or QR code. */
  claim(linkOrQrText: string, account?: AccountId): Promise<Claimed>;
  open(ref: TransactionRef): Promise<Presented>;
  /** The person picked one of `codes`. A wrong one ends the session; then `callback` may lead back. */
  chooseCode(presented: Presented, code: string): Promise<{ readonly right: true } | ({ readonly right: false } & Ended)>;
  /** `pin` for everything but a certificate choice; `chosenCode` where `codes` are offered. */
  approve(presented: Presented, pin?: string, chosenCode?: string): Promise<Approved>;
  refuse(presented: Presented, reason: RefusalReason): Promise<Ended>;
  /** Finds out what became of a request whose answer never came. Call it at start for accounts that are `unsettled`. */
  settle(account: AccountId): Promise<Settled>;

  /** Also finishes a change that stopped midway, with the same PINs. */
  changePin(account: AccountId, use: KeyUse, oldPin: string, newPin: string): Promise<void>;
  /** Ends the account (`ACCOUNT`) or this device (`DEVICE`: lost or stolen). Takes no PIN. */
  revoke(account: AccountId, scope: "ACCOUNT" | "DEVICE"): Promise<void>;
  /** Deletes an account's data from this phone. Its keys cannot be restored. */
  forget(account: AccountId): Promise<void>;

  /** The service's key for Web Push (`applicationServerKey`), or null where the service sends none. */
  pushKey(account: AccountId): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Where this phone is woken when a request comes and the app is closed; null: nowhere. */
  wakeUpAt(account: AccountId, address: WakeUpAddress | null): Promise<void>;
}
