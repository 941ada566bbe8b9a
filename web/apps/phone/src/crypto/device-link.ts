/**
 * Device links as the phone reads them: only to know what they are for. Whether one is authentic is the service's to say;
 * it goes there as the raw text.
 */

/** The longest link that is read, in characters. */
export const DEVICE_LINK_MAX = 2048;

export interface DeviceLink {
  /** As it was scanned. */
  readonly link: string;
  readonly base: string;
  readonly linkType: "QR" | "Web2App" | "App2App";
  readonly sessionType: "auth" | "sign" | "cert";
  /** Three letters. */
  readonly lang: string;
}

const LINK = new RegExp(
  "^(?<base>https?://[^?#|&\\s]+)\\?deviceLinkType=(?<linkType>QR|Web2App|App2App)"
    + "(?<elapsed>&elapsedSeconds=(?:0|[1-9][0-9]{0,8}))?"
    + "&sessionToken=[A-Za-z0-9]{24,128}&sessionType=(?<sessionType>auth|sign|cert)&version=1\\.0&lang=(?<lang>[a-z]{3})"
    + "&authCode=[A-Za-z0-9_-]{43}=?$",
);

/** Null for what is not written as links are: this order, nothing added, an age on QR codes and only there. */
export function parseDeviceLink(text: string): DeviceLink | null {
  const link = text.trim();
  const read = link.length <= DEVICE_LINK_MAX ? LINK.exec(link)?.groups : undefined;
  if (!read || (read.linkType === "QR") !== (read.elapsed !== undefined)) return null;
  const { base, linkType, sessionType, lang } = read as unknown as DeviceLink;
  return { link, base, linkType, sessionType, lang };
}

/** Letters of an activation code: digits and capitals without those that look alike. */
const CODE = /^[0-9A-HJKMNP-TV-Z]{34}$/;

/** The activation code in a link `…/phone/#activate=CODE`, or the code itself as a person types it; null for anything else. */
export function parseActivation(text: string): string | null {
  const link = /^https?:\/\/[^?#\s]+\/#activate=([A-Za-z0-9_-]{8,128})$/.exec(text.trim());
  if (link) return link[1]!;
  // As the service reads it: hyphens and spaces say nothing, and letters that look alike are one.
  const typed = text.replace(/[-\s]/g, "").toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");
  return CODE.test(typed) ? text.trim() : null;
}
