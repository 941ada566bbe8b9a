/** Accounts as a person sees them, from what the phone keeps and what the service said. */

import { fromB64u } from "../crypto/bytes.ts";
import { type Attribute, readCertificate } from "../crypto/certificate.ts";
import { words } from "../crypto/proof.ts";
import { displayable } from "./displayable.ts";
import type { ServiceClock } from "./service-clock.ts";
import type { AccountState, AccountSummary, AccountView, CertificateView, KeyView } from "./types.ts";
import type { AccountRecord } from "./vault.ts";
import type { AccountAnswer, KeyStatus } from "./wire.ts";

/** Characters of a certificate's attribute that are shown. */
const ATTRIBUTE_MAX = 200;

/** States in which nothing can be approved any more. */
export const isOver = ({ state, keys }: AccountAnswer): boolean =>
  state === "REVOKED" || state === "CLONE_SUSPECT"
  || keys.some((key) => key.state === "BLOCKED" || key.state === "REVOKED" || key.state === "CLONE_SUSPECT");

export function summaryOf(record: AccountRecord): AccountSummary {
  const { documentNumber = "" } = record.activated ?? {};
  const { givenName, surname } = holder(record);
  return {
    id: record.id,
    documentNumber,
    name: [givenName, surname].filter(Boolean).join(" "),
    qualified: documentNumber.endsWith("-Q"),
    status: record.ended ? "ENDED" : record.certified ? "READY" : "UNFINISHED",
    unsettled: record.pending !== null,
    passkey: record.passkey !== null,
  };
}

export function viewOf(record: AccountRecord, clock: ServiceClock, stale: boolean): AccountView {
  const { documentNumber = "", deviceId = "" } = record.activated ?? {};
  const answer = record.last?.answer;
  return {
    ...summaryOf(record),
    ...holder(record),
    person: documentNumber.split("-").slice(0, -2).join("-"),
    state: answer?.state ?? localState(record),
    keys: (answer?.keys ?? []).map((status) => keyView(record, status, clock)),
    devices: (answer?.devices ?? []).map((device) => ({ ...device, here: device.deviceId === deviceId })),
    recent: record.recent,
    words: words(fromB64u(record.id) ?? new Uint8Array(32)),
    asOf: new Date(record.last?.at ?? record.createdAt),
    stale,
  };
}

const localState = (record: AccountRecord): AccountState =>
  record.ended ? "REVOKED" : record.certified ? "CERTIFIED" : "DRAFT";

function keyView(record: AccountRecord, status: KeyStatus, clock: ServiceClock): KeyView {
  const { kid, use, triesLeft, lockedUntil, notAfter, certificate } = status;
  const locked = lockedUntil === undefined ? null : clock.local(lockedUntil);
  return {
    kid,
    use,
    state: status.state,
    triesLeft,
    lockedUntil: locked,
    notAfter: notAfter === undefined ? null : new Date(notAfter),
    certificate: certificate === undefined ? null : certificateView(certificate),
    pinChangeOpen: record.keys.some((key) => key.kid === kid && key.changing),
  };
}

export const keyOf = (record: AccountRecord, kid: string, clock: ServiceClock): KeyView | null => {
  const status = record.last?.answer.keys.find((key) => key.kid === kid);
  return status ? keyView(record, status, clock) : null;
};

function certificateView(der: string): CertificateView | null {
  const read = readCertificate(der);
  if (!read) return null;
  const shown = ({ name, value }: Attribute) => ({ name, value: displayable(value, ATTRIBUTE_MAX).text });
  const { serialNumber, notBefore, notAfter } = read;
  const issuer = read.issuer.find(({ name }) => name === "CN")?.value ?? "";
  return {
    subject: read.subject.map(shown), issuer: displayable(issuer, ATTRIBUTE_MAX).text, serialNumber, notBefore, notAfter, der,
  };
}

/** The names in the certificate. */
function holder(record: AccountRecord): { readonly givenName: string; readonly surname: string } {
  const der = record.last?.answer.keys.find((key) => key.certificate !== undefined)?.certificate;
  const subject = der === undefined ? [] : readCertificate(der)?.subject ?? [];
  const value = (wanted: string) => {
    const found = subject.find(({ name }) => name === wanted)?.value ?? "";
    return found === "" ? "" : displayable(found, ATTRIBUTE_MAX).text;
  };
  return { givenName: value("GN"), surname: value("SN") };
}
