/** The classes and what belongs to them. Importing them registers nothing; `register.ts` does that. */

export * from "./qr.ts";

export { CountersignRegistration } from "./countersign-registration.ts";
export { CountersignPhoneCheck } from "./countersign-phone-check.ts";
export { CountersignStatus } from "./countersign-status.ts";
export { CountersignTerms } from "./countersign-terms.ts";
export { CountersignQesInfo } from "./countersign-qes-info.ts";
export { REGISTRATION_EVENTS, type RegistrationEventMap, type RegistrationEventName, type ShownStatus } from "./registration/events.ts";
export type { Jurisdiction, Level, MeansKind, RegistrationStatus, SigningStatus, TermsError } from "./registration/answers.ts";
export { advise, type Advice, type NextAction, type Tone } from "./registration/advice.ts";
export type { TokenSource } from "./registration/api.ts";
export { LANGUAGES, pickLanguage, type Language, type Texts } from "./registration/texts/index.ts";
export { embedStatus, hostedUrl, openStatus, type HostedListener, type HostedOptions } from "./hosted.ts";
