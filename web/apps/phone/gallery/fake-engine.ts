/**
 * A scripted engine for the gallery and the tests of the screens. It keeps nothing, asks nobody and computes nothing: every
 * method answers what the scene says. It is no part of the product's bundle.
 */

import { PhoneError } from "../src/engine/types.ts";
import type {
  AccountSummary,
  AccountView,
  Approved,
  CertificateView,
  Claimed,
  DisplayText,
  Engine,
  Ended,
  EnrolRequest,
  Enrolled,
  KeyUse,
  KeyView,
  LinkRead,
  PinFault,
  Presented,
  Problem,
  RecentApproval,
  RefusalReason,
  Settled,
  TransactionKind,
  Watcher,
} from "../src/engine/types.ts";

/** Every scene plays at this time, so that two runs give the same pictures. */
export const NOW = new Date("2026-03-10T09:41:00Z");
export const after = (ms: number): Date => new Date(NOW.getTime() + ms);
const DAY = 86_400_000;

export const words = (text: string, altered = false, cut = false): DisplayText => ({ text, altered, cut });

export const ACCOUNT: AccountSummary = {
  id: "a1",
  documentNumber: "PNOEE-40504040001-DEM0-Q",
  name: "TESTNUMBER,OK",
  qualified: true,
  status: "READY",
  unsettled: false,
  passkey: false,
};

export const SECOND: AccountSummary = {
  ...ACCOUNT,
  id: "a2",
  documentNumber: "PNOLT-40504040001-DEM0-Q",
  name: "TESTNUMBER,SECOND",
};

function certificate(use: KeyUse): CertificateView {
  return {
    subject: [
      { name: "CN", value: "TESTNUMBER,OK" },
      { name: "SN", value: "TESTNUMBER" },
      { name: "GN", value: "OK" },
      { name: "serialNumber", value: "PNOEE-40504040001" },
      { name: "C", value: "EE" },
    ],
    issuer: use === "AUTH" ? "TEST of Countersign EID-NQ" : "TEST of Countersign EID-Q",
    serialNumber: use === "AUTH" ? "4F9A0C3B6D27E581AA90" : "61B8E02D94C7F35A0E12",
    notBefore: after(-40 * DAY),
    notAfter: after(1055 * DAY),
    der: "",
  };
}

export function key(use: KeyUse, change: Partial<KeyView> = {}): KeyView {
  const made = certificate(use);
  return {
    kid: `k-${use}`,
    use,
    state: "ACTIVE",
    triesLeft: 3,
    lockedUntil: null,
    notAfter: made.notAfter,
    certificate: made,
    pinChangeOpen: false,
    ...change,
  };
}

export const RECENT: readonly RecentApproval[] = [
  { at: after(-3_600_000), kind: "AUTH", rp: words("Sample Bank"), text: words("Log in"), outcome: "APPROVED" },
  {
    at: after(-DAY),
    kind: "SIGN",
    rp: words("Pangalliit ja Kindlustusühistu Näidis"),
    text: words("Loan agreement"),
    outcome: "APPROVED",
  },
  { at: after(-2 * DAY), kind: "AUTH", rp: words("بنك المثال"), text: words("تسجيل الدخول"), outcome: "NOT_ME" },
];

export function account(change: Partial<AccountView> = {}): AccountView {
  return {
    ...ACCOUNT,
    givenName: "OK",
    surname: "TESTNUMBER",
    person: "PNOEE-40504040001",
    state: "CERTIFIED",
    keys: [key("AUTH"), key("SIGN")],
    devices: [{ deviceId: "d1", platform: "web", state: "ACTIVE", here: true }],
    recent: RECENT,
    words: WORDS,
    asOf: NOW,
    stale: false,
    ...change,
  };
}

export const WORDS = ["midal", "vuruz", "lajaf", "sinag"];

export function presented(kind: TransactionKind, change: Partial<Presented> = {}): Presented {
  return {
    account: ACCOUNT.id,
    tx: "tx-1",
    kind,
    state: "DISPLAYED",
    rp: words("Sample Bank"),
    who: ACCOUNT,
    interaction: kind === "CERT_CHOICE" ? null : "displayTextAndPIN",
    text:
      kind === "CERT_CHOICE"
        ? null
        : words(kind === "AUTH" ? "Log in to the Sample Bank" : "Sign “Loan agreement 2026-114.pdf”"),
    code: null,
    codes: null,
    flow: kind === "CERT_CHOICE" ? "device-link" : "notification",
    flowType: "Notification",
    pin: kind === "AUTH" ? "PIN1" : kind === "SIGN" ? "PIN2" : null,
    pinLength: kind === "SIGN" ? { min: 5, max: 12 } : { min: 4, max: 12 },
    key: { state: "ACTIVE", triesLeft: 3, lockedUntil: null },
    created: NOW,
    expires: after(107_000),
    otherAccounts: [],
    sameDevice: false,
    resumes: false,
    ...change,
  };
}

export const never = new Promise<never>(() => undefined);
export const fail = (problem: Problem) => Promise.reject(new PhoneError(problem));

/** What a scene lays down; the rest answers as a phone on which all is well. */
export interface Script {
  accounts?: readonly AccountSummary[];
  account?: () => Promise<AccountView>;
  open?: () => Promise<Presented>;
  claim?: () => Promise<Claimed>;
  approve?: (pin: string | undefined) => Promise<Approved>;
  refuse?: (reason: RefusalReason) => Promise<Ended>;
  enrol?: (request: EnrolRequest) => Promise<Enrolled>;
  settle?: () => Promise<Settled>;
  changePin?: (oldPin: string, newPin: string) => Promise<void>;
  weakPin?: (pin: string) => PinFault | null;
  passkey?: boolean;
  connected?: boolean;
}

export class FakeEngine implements Engine {
  readonly watchers = new Set<Watcher>();
  readonly calls: string[] = [];

  constructor(readonly script: Script = {}) {}

  async accounts() {
    return this.script.accounts ?? [ACCOUNT];
  }
  onChange() {
    return () => undefined;
  }
  prepare() {}
  async passkeyAvailable() {
    return this.script.passkey ?? false;
  }
  weakPin(pin: string): PinFault | null {
    return this.script.weakPin?.(pin) ?? null;
  }
  enrol(request: EnrolRequest): Promise<Enrolled> {
    return (
      this.script.enrol?.(request) ??
      Promise.resolve({ account: ACCOUNT.id, state: "CERTIFIED", words: WORDS, persisted: true })
    );
  }
  account(): Promise<AccountView> {
    return this.script.account?.() ?? Promise.resolve(account());
  }
  watch(watcher: Watcher) {
    this.watchers.add(watcher);
    if (this.script.connected === false) queueMicrotask(() => watcher.onConnection?.(false));
    return () => void this.watchers.delete(watcher);
  }
  readLink(text: string): LinkRead {
    if (text.includes("activate=") || /^[0-9A-Z-]{8,}$/.test(text)) return { kind: "ACTIVATION", code: text };
    if (text.includes("sessionToken=")) return { kind: "DEVICE_LINK", link: text, purpose: "AUTH", sameDevice: false };
    return { kind: "UNKNOWN" };
  }
  claim(): Promise<Claimed> {
    return this.script.claim?.() ?? Promise.resolve({ kind: "CLAIMED", ref: { account: ACCOUNT.id, tx: "tx-1" } });
  }
  open(): Promise<Presented> {
    return this.script.open?.() ?? Promise.resolve(presented("AUTH"));
  }
  async chooseCode() {
    return { right: true } as const;
  }
  approve(_: Presented, pin?: string, chosenCode?: string): Promise<Approved> {
    this.calls.push(`approve ${pin ?? "-"} ${chosenCode ?? "-"}`);
    return this.script.approve?.(pin) ?? Promise.resolve({ callback: null, awaitsSignature: false, took: 1 });
  }
  refuse(_: Presented, reason: RefusalReason): Promise<Ended> {
    this.calls.push(`refuse ${reason}`);
    return this.script.refuse?.(reason) ?? Promise.resolve({ callback: null });
  }
  settle(): Promise<Settled> {
    return this.script.settle?.() ?? Promise.resolve({ kind: "NOTHING" });
  }
  changePin(_: string, __: KeyUse, oldPin: string, newPin: string): Promise<void> {
    this.calls.push("changePin");
    return this.script.changePin?.(oldPin, newPin) ?? Promise.resolve();
  }
  async revoke(_: string, scope: string) {
    this.calls.push(`revoke ${scope}`);
  }
  async forget() {
    this.calls.push("forget");
  }
  async pushKey() {
    return null;
  }
  async wakeUpAt() {}
}
