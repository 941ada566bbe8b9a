/** Telephone numbers as people type them, and as the API wants them: 7 to 15 digits with the country code first. */

/** Country codes by ISO 3166-1 alpha-2, of the countries whose people are most likely to leave them out here. */
const COUNTRY_CODES: Readonly<Record<string, string>> = {
  AT: "43", BE: "32", BG: "359", CH: "41", CY: "357", CZ: "420", DE: "49", DK: "45", EE: "372", ES: "34", FI: "358", FR: "33",
  GB: "44", GR: "30", HR: "385", HU: "36", IE: "353", IS: "354", IT: "39", LI: "423", LT: "370", LU: "352", LV: "371", MT: "356",
  NL: "31", NO: "47", PL: "48", PT: "351", RO: "40", SE: "46", SI: "386", SK: "421", UA: "380",
};

/**
 * The digits; null when it is no number. `country`, such as `CH`, is whose number one without country code is; without it the
 * code has to be there.
 */
export function readNumber(typed: string, country: string | null = null): string | null {
  const text = typed.trim().replace(/[\s().\-/\u00a0\u2010-\u2015]/g, "");
  const code = country === null ? undefined : COUNTRY_CODES[country.toUpperCase()];
  const digits = (() => {
    if (text.startsWith("+")) return text.slice(1);
    if (text.startsWith("00")) return text.slice(2);
    if (code === undefined || (text.startsWith(code) && text.length > 9)) return text;
    return code + (text.startsWith("0") && code !== "39" ? text.slice(1) : text);
  })();
  return /^[1-9][0-9]{6,14}$/.test(digits) ? digits : null;
}

/** `41791234567` → `+41791234567`. */
export const showNumber = (digits: string): string => `+${digits}`;
