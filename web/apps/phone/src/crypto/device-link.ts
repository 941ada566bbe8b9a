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

/** The activation code in a link `…/phone/#activate=CODE`, or null. */
export function parseActivationLink(text: string): string | null {
  const code = /^https?:\/\/[^?#\s]+\/#activate=([A-Za-z0-9_-]{8,128})$/.exec(text.trim());
  return code ? code[1]! : null;
}
