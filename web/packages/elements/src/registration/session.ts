/** What an element of the registration knows before it asks about a number. */

import { RegistrationApi, type TokenSource } from "./api.ts";
import { JURISDICTIONS, type Jurisdiction, type Settings } from "./answers.ts";
import { narrow, type Allowed } from "./narrow.ts";
import { loadTexts, pickLanguage, type Language, type Texts } from "./texts/index.ts";

export interface Session {
  readonly api: RegistrationApi;
  readonly language: Language;
  readonly texts: Texts;
  readonly settings: Settings;
  readonly allowed: Allowed;
  readonly jurisdictions: readonly Jurisdiction[];
  readonly identifyUrl: string | null;
}

/** The language of an element: its own, that of the page around it, or the browser's. */
export function languageOf(element: Element): Language {
  const around: (string | null)[] = [];
  for (let at: Element | null = element; at; ) {
    const found: Element | null = at.closest("[lang]");
    around.push(found?.getAttribute("lang") ?? null);
    const root: Node = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : null;
  }
  return pickLanguage([...around, ...navigator.languages]);
}

/** `jurisdictions="eidas"`: only these are shown. Without it, or without any that is known: all. */
export function readJurisdictions(attribute: string | null): readonly Jurisdiction[] {
  const asked = attribute?.toLowerCase().split(/[\s,]+/) ?? [];
  const known = JURISDICTIONS.filter((jurisdiction) => asked.includes(jurisdiction));
  return known.length > 0 ? known : JURISDICTIONS;
}

export async function loadSession(element: Element, token: TokenSource, replaced: Partial<Texts>, signal: AbortSignal): Promise<Session> {
  const attribute = (name: string) => element.getAttribute(name);
  const language = languageOf(element);
  const api = new RegistrationApi(attribute("api-base") || globalThis.location.origin, token);
  const [texts, settings] = await Promise.all([loadTexts(language, replaced), api.settings(signal)]);
  return {
    api,
    language,
    texts,
    settings,
    allowed: narrow(settings, { methods: attribute("allowed-methods"), requireTerms: attribute("require-tc") }),
    jurisdictions: readJurisdictions(attribute("jurisdictions")),
    identifyUrl: ownOrHttp(attribute("identify-url")) ?? settings.identifyUrl,
  };
}

function ownOrHttp(address: string | null): string | null {
  if (!address || !URL.canParse(address, document.baseURI)) return null;
  const url = new URL(address, document.baseURI);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
}
