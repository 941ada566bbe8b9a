/** The icons: drawn for this app on a grid of 24, strokes of 1.75, one list. All are decoration; words stand beside them. */

import { svg } from "@countersign/page/dom";

const PATHS = {
  back: ["M15 5l-7 7 7 7"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  erase: ["M9 6h10a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 19 18H9l-6-6z", "M11.5 9.5l5 5", "M16.5 9.5l-5 5"],
  /** Log in: a door that opens. */
  login: ["M13 4h5a1.5 1.5 0 0 1 1.5 1.5v13A1.5 1.5 0 0 1 18 20h-5", "M4 12h10", "M10.5 8l4 4-4 4"],
  /** Signature: a pen over its line. */
  sign: [
    "M4 20.5h16",
    "M6 16.5l.8-3.6L15.6 4a1.6 1.6 0 0 1 2.3 0l.6.6a1.6 1.6 0 0 1 0 2.3l-8.9 8.8z",
    "M14 5.7l2.8 2.8",
  ],
  card: [
    "M4.5 5.5h15A1.5 1.5 0 0 1 21 7v10a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17V7a1.5 1.5 0 0 1 1.5-1.5z",
    "M6.5 15c.3-1.6 1.3-2.4 2.5-2.4s2.2.8 2.5 2.4",
    "M9 12.6a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4",
    "M14.5 10.5h3.5",
    "M14.5 13.5h3.5",
  ],
  scan: [
    "M4 8.5V5.5A1.5 1.5 0 0 1 5.5 4h3",
    "M15.5 4h3A1.5 1.5 0 0 1 20 5.5v3",
    "M20 15.5v3a1.5 1.5 0 0 1-1.5 1.5h-3",
    "M8.5 20h-3A1.5 1.5 0 0 1 4 18.5v-3",
    "M8 8h3v3H8z",
    "M13.5 13.5H16V16",
    "M13.5 8H16v2.5",
    "M8 13.5V16h2.5",
  ],
  settings: ["M4 7h9", "M17 7h3", "M15 5v4", "M4 12h3", "M11 12h9", "M9 10v4", "M4 17h11", "M19 17h1", "M17 15v4"],
  lock: [
    "M6.5 10.5h11A1.5 1.5 0 0 1 19 12v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 19v-7a1.5 1.5 0 0 1 1.5-1.5z",
    "M8 10.5V8a4 4 0 0 1 8 0v2.5",
    "M12 14.5v2",
  ],
  blocked: ["M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z", "M6 6l12 12"],
  again: [
    "M4.5 12a7.5 7.5 0 0 1 13-5.1L20 9.5",
    "M20 4.5v5h-5",
    "M19.5 12a7.5 7.5 0 0 1-13 5.1L4 14.5",
    "M4 19.5v-5h5",
  ],
  clock: ["M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z", "M12 7.5V12l3 2"],
  alert: ["M12 4L2.8 19.5h18.4z", "M12 10v4", "M12 16.8v.2"],
  offline: [
    "M3 9.5a13 13 0 0 1 4-2.5",
    "M10.5 6A13 13 0 0 1 21 9.5",
    "M6.5 13a8 8 0 0 1 3-1.8",
    "M14 11.2a8 8 0 0 1 3.5 1.8",
    "M12 17.8v.2",
    "M4 3.5l16 17",
  ],
  tabs: ["M4 8.5h12V20H4z", "M8 8.5V4.5h12V16h-4"],
  person: ["M12 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8", "M4.5 20.5c.7-3.7 3.7-5.5 7.5-5.5s6.8 1.8 7.5 5.5"],
  image: [
    "M5 4.5h14A1.5 1.5 0 0 1 20.5 6v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18V6A1.5 1.5 0 0 1 5 4.5z",
    "M4 17l5-5 4 4 2.5-2.5L20 17.5",
    "M15.5 9.2v.1",
  ],
  chevron: ["M9 5l7 7-7 7"],
  phone: [
    "M8 3.5h8A1.5 1.5 0 0 1 17.5 5v14a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 19V5A1.5 1.5 0 0 1 8 3.5z",
    "M11 17.5h2",
  ],
  key: ["M8 20a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M11 13l9-9", "M16.5 7.5l3 3"],
  plus: ["M12 5v14", "M5 12h14"],
  none: [],
} as const;

export type IconName = keyof typeof PATHS;

/** An icon, hidden from screen readers. */
export function icon(name: IconName, className = ""): SVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: `icon ${className}`.trim(), "aria-hidden": "true", focusable: "false" },
    ...PATHS[name].map((d) => svg("path", { d })),
  );
}

/** The mark: a tally split in two halves that fit each other and nothing else. */
export function mark(className = ""): SVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 48 48", class: `mark ${className}`.trim(), "aria-hidden": "true", focusable: "false" },
    svg("path", { class: "mark-phone", d: MARK.phone }),
    svg("path", { class: "mark-service", d: MARK.service }),
  );
}

/** The two halves of the mark, on a grid of 48. */
export const MARK = {
  phone: "M22.2 4.1A20 20 0 0 0 22.2 43.9V31.5H29V16.5H22.2z",
  service: "M25.8 4.1V12.9H32.6V35.1H25.8V43.9A20 20 0 0 0 25.8 4.1z",
};
