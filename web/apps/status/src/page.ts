/** What the address of the page says, and whom it may tell what happens. Rules only. */

export interface Asked {
  readonly client: string | null;
  readonly lang: string | null;
  /** The origin of the page that has opened this one, or shows it in a frame. */
  readonly origin: string | null;
  /** Behind `#`: it reaches no server. */
  readonly msisdn: string | null;
  readonly isFrame: boolean;
}

export function readAddress(address: string): Asked {
  const url = new URL(address);
  const of = (name: string) => url.searchParams.get(name);
  const behind = new URLSearchParams(url.hash.slice(1));
  return { client: of("client"), lang: of("lang"), origin: of("origin"), msisdn: behind.get("msisdn"), isFrame: url.pathname.endsWith("/embed") };
}

/** The origin that is told; null when it is none of the client's. Letter for letter: nothing of a person goes to any other. */
export function listenerOf(origin: string | null, allowed: readonly string[]): string | null {
  return origin !== null && allowed.includes(origin) ? origin : null;
}

/** The address without what is behind `#`, which is read once. */
export function withoutFragment(address: string): string {
  const url = new URL(address);
  return `${url.pathname}${url.search}`;
}

/** The answer of `POST /status/token`. */
export interface Token {
  readonly token: string;
  /** When it counts no more, in milliseconds of the page's clock. */
  readonly endsAt: number;
  readonly origins: readonly string[];
  readonly themeCss: string | null;
}

/** Error: a `TypeError`. */
export function readToken(value: unknown, now: number): Token {
  const { access_token, expires_in, origins, themeCss } = (value ?? {}) as Record<string, unknown>;
  if (typeof access_token !== "string" || typeof expires_in !== "number" || !Array.isArray(origins)) throw new TypeError("this is no token");
  return {
    token: access_token,
    endsAt: now + expires_in * 1000,
    origins: origins.filter((origin): origin is string => typeof origin === "string"),
    themeCss: typeof themeCss === "string" ? themeCss : null,
  };
}

/** Whether a token is good for one more request, with time to spare. */
export const isFresh = (token: Token, now: number): boolean => now < token.endsAt - 30_000;
