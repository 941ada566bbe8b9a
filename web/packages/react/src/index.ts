/** The Countersign elements as React components. */

import type {
  CountersignPhoneCheck as PhoneCheckElement,
  CountersignQesInfo as QesInfoElement,
  CountersignQr as QrElement,
  CountersignRegistration as RegistrationElement,
  CountersignStatus as StatusElement,
  CountersignTerms as TermsElement,
  Jurisdiction,
  Language,
  LinkAnswer,
  MeansKind,
  QrTexts,
  RegistrationEventMap,
  StatusAnswer,
  Texts,
  TokenSource,
} from "@countersign/elements";
import { component, type Description } from "./component.ts";

export type { RegistrationEventMap, RegistrationStatus, ShownStatus, SigningStatus, TermsError, TokenSource } from "@countersign/elements";
export { embedStatus, openStatus, type HostedListener, type HostedOptions } from "@countersign/elements";

/** Only in a browser: on a server there is nothing to register with. */
const register = () => import("@countersign/elements/register");

/** What every element of the registration takes. */
export interface LookProps {
  readonly lang?: Language | (string & {});
  /** A style sheet that sets `--countersign-*` for `:host`. */
  readonly themeHref?: string;
  /** Sentences that you replace. */
  readonly texts?: Partial<Texts>;
}

export interface ConnectionProps extends LookProps {
  /** Where the service is. */
  readonly apiBase?: string;
  /** The token that your server has got for this page. */
  readonly widgetToken?: string;
  /** Gives the token of this moment; asked anew, with `true`, when one was refused. */
  readonly tokenSource?: TokenSource;
  readonly msisdn?: string;
}

type On<Names extends Record<string, keyof RegistrationEventMap>> = { readonly [K in keyof Names]?: (event: RegistrationEventMap[Names[K]]) => void };

const LOOK = { lang: "lang", themeHref: "theme-href" } as const;
const CONNECTION = { ...LOOK, apiBase: "api-base", widgetToken: "widget-token", msisdn: "msisdn" } as const;
const WISHES = { jurisdictions: "jurisdictions", allowedMethods: "allowed-methods", requireTc: "require-tc", identifyUrl: "identify-url" } as const;

export interface WishProps {
  /** Only these are shown. */
  readonly jurisdictions?: Jurisdiction | "zertes eidas";
  /** What your service takes; never more than the operator has set. */
  readonly allowedMethods?: MeansKind | "MID SAS";
  /** `true`: people are led to terms that wait. `"false"`: terms are not looked for. */
  readonly requireTc?: boolean | "false";
  /** Where people get identified. */
  readonly identifyUrl?: string;
}

const PHONE_EVENTS = { onCodeSent: "countersign-code-sent", onVerified: "countersign-verified", onError: "countersign-error" } as const;
const STATUS_EVENTS = { onStatus: "countersign-status", onAction: "countersign-action", onDone: "countersign-done", onError: "countersign-error" } as const;
const TERMS_EVENTS = {
  onAccepted: "countersign-accepted",
  onDowngraded: "countersign-downgraded",
  onDeclined: "countersign-declined",
  onTermsClosed: "countersign-terms-closed",
  onError: "countersign-error",
} as const;
const ALL_EVENTS = { ...PHONE_EVENTS, ...STATUS_EVENTS, ...TERMS_EVENTS, onStep: "countersign-step" } as const;

const made = (tag: string, attributes: Description["attributes"], events: Description["events"], properties: readonly string[] = ["texts", "tokenSource"]): Description =>
  ({ tag, attributes, properties, events });

export type CountersignRegistrationProps = ConnectionProps & WishProps & { readonly defaultCountry?: string } & On<typeof ALL_EVENTS>;
/** Number, code, overview and terms, each when its turn comes. */
export const CountersignRegistration = component<RegistrationElement, CountersignRegistrationProps>(
  made("countersign-registration", { ...CONNECTION, ...WISHES, defaultCountry: "default-country" }, ALL_EVENTS), register);

export type CountersignPhoneCheckProps = ConnectionProps & { readonly defaultCountry?: string } & On<typeof PHONE_EVENTS>;
/** A mobile number, and the code that is sent to it. */
export const CountersignPhoneCheck = component<PhoneCheckElement, CountersignPhoneCheckProps>(
  made("countersign-phone-check", { ...CONNECTION, defaultCountry: "default-country" }, PHONE_EVENTS), register);

export type CountersignStatusProps = ConnectionProps & WishProps & On<typeof STATUS_EVENTS>;
/** Whether the holder of a number may sign, and what to do now. */
export const CountersignStatus = component<StatusElement, CountersignStatusProps>(
  made("countersign-status", { ...CONNECTION, ...WISHES }, STATUS_EVENTS), register);

export type CountersignTermsProps = ConnectionProps & Pick<WishProps, "jurisdictions"> & On<typeof TERMS_EVENTS>;
/** The terms that wait for a person, and their acceptance. */
export const CountersignTerms = component<TermsElement, CountersignTermsProps>(
  made("countersign-terms", { ...CONNECTION, jurisdictions: "jurisdictions" }, TERMS_EVENTS), register);

export type CountersignQesInfoProps = LookProps & { readonly compact?: boolean };
/** What a qualified signature is, in plain words. */
export const CountersignQesInfo = component<QesInfoElement, CountersignQesInfoProps>(
  made("countersign-qes-info", { ...LOOK, compact: "compact" }, {}, ["texts"]), register);

export interface CountersignQrProps {
  readonly linkUrl: string;
  readonly statusUrl: string;
  readonly prefer?: "qr" | "link";
  readonly label?: string;
  readonly texts?: QrTexts;
  readonly onLink?: (event: CustomEvent<LinkAnswer>) => void;
  readonly onStatus?: (event: CustomEvent<StatusAnswer>) => void;
  readonly onTaken?: (event: CustomEvent<object>) => void;
  readonly onExpired?: (event: CustomEvent<object>) => void;
  readonly onComplete?: (event: CustomEvent<StatusAnswer>) => void;
  readonly onRefused?: (event: CustomEvent<StatusAnswer>) => void;
  readonly onTimeout?: (event: CustomEvent<StatusAnswer>) => void;
  readonly onError?: (event: CustomEvent<StatusAnswer | { readonly reason: string }>) => void;
}

/** The QR code of a device-link session. */
export const CountersignQr = component<QrElement, CountersignQrProps>(
  made("countersign-qr", { linkUrl: "link-url", statusUrl: "status-url", prefer: "prefer", label: "label" }, {
    onLink: "countersign-link",
    onStatus: "countersign-status",
    onTaken: "countersign-taken",
    onExpired: "countersign-expired",
    onComplete: "countersign-complete",
    onRefused: "countersign-refused",
    onTimeout: "countersign-timeout",
    onError: "countersign-error",
  }, ["texts"]), register);
