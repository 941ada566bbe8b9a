/** What the address says at the start: an activation code, a device link, or a request to show. */

export type Start =
  | { readonly kind: "ACTIVATE"; readonly code: string }
  | { readonly kind: "LINK"; readonly link: string }
  | { readonly kind: "TX"; readonly tx: string };

/** Longer values are nobody's links. */
const LONGEST = 4096;

/** Reads a fragment such as `#link=…`, whose value is percent-encoded. */
export function readFragment(hash: string): Start | null {
  const match = /^#(activate|link|tx)=(.+)$/s.exec(hash);
  if (!match || hash.length > LONGEST) return null;
  let value: string;
  try {
    value = decodeURIComponent(match[2] ?? "");
  } catch {
    return null;
  }
  switch (match[1]) {
    case "activate":
      return { kind: "ACTIVATE", code: value };
    case "link":
      return { kind: "LINK", link: value };
    default:
      return { kind: "TX", tx: value };
  }
}

/** Takes the fragment out of the address bar and the history: it can hold a secret, and a reload must not repeat it. */
export function takeFragment(): Start | null {
  const start = readFragment(location.hash);
  if (location.hash !== "") history.replaceState(null, "", location.pathname + location.search);
  return start;
}
