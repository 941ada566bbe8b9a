/** What the registration API answers (docs/registration.md), read strictly. Rules only: no page, no network. */

export const JURISDICTIONS = ["zertes", "eidas"] as const;
/** Whose law a signature follows: Switzerland's, or the European Union's. */
export type Jurisdiction = (typeof JURISDICTIONS)[number];

/** 3: advanced. 4: qualified. */
export type Level = 3 | 4;

export const MEANS = ["MID", "SAS"] as const;
/** What a person confirms with: the app, or password and one-time code. The guide's words. */
export type MeansKind = (typeof MEANS)[number];

export const SIGNING_STATUSES = [
  "MID",
  "SAS",
  "NOT_ABLE_TO_RETRIEVE",
  "NOT_REGISTERED_AT_ALL",
  "NOT_RA_MID_SAS",
  "MISSMATCH_SAS_BUT_MID",
  "MISSMATCH_SAS_CHANGE_SN",
  "MISSMATCH_MID",
  "MISMATCH",
] as const;
/** Whether the holder of a number may sign, and if not, why (docs/registration.md). The guide's spellings. */
export type SigningStatus = (typeof SIGNING_STATUSES)[number];

/** The answer of `GET /api/public/evidence/status`. */
export interface RegistrationStatus {
  /** One entry for each jurisdiction with a level. */
  readonly status: readonly { readonly assuranceLevel: Level; readonly jurisdiction: Jurisdiction }[];
  /** `YYYY-MM-DD`, the last day of level 4; null when there is none. */
  readonly loa4ExpiryDate: string | null;
  readonly signingStatus: SigningStatus;
  readonly notFound: boolean;
  /** Only for clients that see it. */
  readonly tc?: readonly { readonly jurisdiction: Jurisdiction; readonly current: boolean; readonly version: string }[];
}

/** The texts of one edition. */
export interface OfferedTerms {
  readonly jurisdiction: Jurisdiction;
  readonly version: string;
  readonly texts: readonly { readonly language: string; readonly url: string }[];
}

/** The answer of `GET /api/public/evidence/{msisdn}/tc`. */
export interface TermsOffer {
  /** The page with the terms. */
  readonly link: string;
  readonly token: string;
  /** The same texts, for pages that show them themselves. Empty where the service does not list them. */
  readonly terms: readonly OfferedTerms[];
}

export const TERMS_ERRORS = [
  "user_cancel",
  "timeout",
  "means_unavailable",
  "wrong_credentials",
  "downgrade_not_acknowledged",
  "declined",
  "internal",
] as const;
/** Why an acceptance ended without one. */
export type TermsError = (typeof TERMS_ERRORS)[number];

/** The answer of `GET /api/public/mobileid/status`. */
export interface PollAnswer {
  readonly error: TermsError | null;
  readonly consentUrl: string | null;
  readonly confirmed: boolean;
  readonly downgrade: boolean;
}

/** The answer of `GET /api/public/settings`: what the operator has set for the client. Attributes can only narrow it. */
export interface Settings {
  readonly methods: readonly MeansKind[];
  readonly asksForTerms: boolean;
  readonly codeSeconds: number;
  readonly codePauseSeconds: number;
  readonly identifyUrl: string | null;
  readonly sandbox: boolean;
}

/** For services that have no such answer: the guide's behaviour with the usual times. */
export const USUAL_SETTINGS: Settings = {
  methods: MEANS,
  asksForTerms: true,
  codeSeconds: 480,
  codePauseSeconds: 120,
  identifyUrl: null,
  sandbox: false,
};

type Members = Record<string, unknown>;

function members(value: unknown, what: string): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError(`${what} is no object`);
  return value as Members;
}

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${what} is no list`);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== "string") throw new TypeError(`${what} is no text`);
  return value;
}

function truth(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${what} is neither true nor false`);
  return value;
}

function oneOf<T extends string>(words: readonly T[], value: unknown, what: string): T {
  const found = words.find((word) => word === value);
  if (found === undefined) throw new TypeError(`${what} is none of ${words.join(", ")}`);
  return found;
}

/** An address that can be shown as a link: http or https, absolute or of the service. */
function url(value: unknown, base: string, what: string): string {
  const parsed = new URL(text(value, what), base);
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") throw new TypeError(`${what} is no http URL`);
  return parsed.href;
}

/** Newer interfaces write three of the words with one S. */
export function readSigningStatus(value: unknown): SigningStatus {
  const word = typeof value === "string" ? value.replace(/^MISMATCH_/, "MISSMATCH_") : value;
  return oneOf(SIGNING_STATUSES, word, "signingStatus");
}

/** Error here and below: a `TypeError` that says what is wrong. */
export function readStatus(value: unknown): RegistrationStatus {
  const answer = members(value, "the status");
  const jurisdiction = (word: unknown) => oneOf(JURISDICTIONS, typeof word === "string" ? word.toLowerCase() : word, "jurisdiction");
  const status = list(answer["status"], "status").map((each) => {
    const entry = members(each, "a level");
    const level = Number(entry["assuranceLevel"]);
    if (level !== 3 && level !== 4) throw new TypeError("assuranceLevel is neither 3 nor 4");
    return { assuranceLevel: level as Level, jurisdiction: jurisdiction(entry["jurisdiction"]) };
  });
  const expiry = answer["loa4ExpiryDate"] ?? null;
  if (expiry !== null && !(typeof expiry === "string" && /^\d{4}-\d{2}-\d{2}$/.test(expiry))) {
    throw new TypeError("loa4ExpiryDate is no date");
  }
  const read = {
    status,
    loa4ExpiryDate: expiry,
    signingStatus: readSigningStatus(answer["signingStatus"]),
    notFound: truth(answer["notFound"], "notFound"),
  };
  if (answer["tc"] === undefined) return read;
  const tc = list(answer["tc"], "tc").map((each) => {
    const entry = members(each, "an entry of tc");
    return {
      jurisdiction: jurisdiction(entry["jurisdiction"]),
      current: truth(entry["current"], "current"),
      version: text(entry["version"], "version"),
    };
  });
  return { ...read, tc };
}

export function readOffer(value: unknown, base: string): TermsOffer {
  const answer = members(value, "the link to terms");
  const link = url(answer["link"], base, "link");
  // The guide's answer has the link alone: the token is its last segment.
  const token = text(answer["token"] ?? new URL(link).pathname.split("/").pop(), "token");
  const terms = list(answer["terms"] ?? [], "terms").map((each) => {
    const entry = members(each, "an edition");
    return {
      jurisdiction: oneOf(JURISDICTIONS, entry["jurisdiction"], "jurisdiction"),
      version: text(entry["version"], "version"),
      texts: list(entry["texts"], "texts").map((one) => {
        const document = members(one, "a text");
        return { language: text(document["language"], "language"), url: url(document["url"], base, "url") };
      }),
    };
  });
  return { link, token, terms };
}

export function readPoll(value: unknown, base: string): PollAnswer {
  const answer = members(value, "the poll");
  const consent = answer["consentUrl"] ?? null;
  return {
    error: answer["error"] === null || answer["error"] === undefined ? null : oneOf(TERMS_ERRORS, answer["error"], "error"),
    consentUrl: consent === null ? null : url(consent, base, "consentUrl"),
    confirmed: truth(answer["confirmed"], "confirmed"),
    downgrade: truth(answer["downgrade"], "downgrade"),
  };
}

export function readSettings(value: unknown, base: string): Settings {
  const answer = members(value, "the settings");
  const seconds = (name: string) => {
    const count = answer[name];
    if (typeof count !== "number" || !Number.isFinite(count) || count < 0) throw new TypeError(`${name} is no number of seconds`);
    return count;
  };
  const identify = answer["identifyUrl"] ?? null;
  return {
    methods: list(answer["methods"], "methods").map((each) => oneOf(MEANS, each, "a method")),
    asksForTerms: truth(answer["asksForTerms"], "asksForTerms"),
    codeSeconds: seconds("codeSeconds"),
    codePauseSeconds: seconds("codePauseSeconds"),
    identifyUrl: identify === null ? null : url(identify, base, "identifyUrl"),
    sandbox: truth(answer["sandbox"], "sandbox"),
  };
}
