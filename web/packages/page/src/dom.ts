/**
 * Building a page. Text always goes in as text: there is no way here from a string to markup, which is what the Trusted Types
 * policies of our pages ask for and what keeps a stranger's words words.
 */

export type Child = Node | string | null | undefined | false;

export interface Props {
  class?: string;
  id?: string;
  /** Attributes as written; `true` is an empty attribute, `false` and `undefined` none. */
  attrs?: Record<string, string | number | boolean | undefined>;
  on?: { [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void };
}

/** An element with its children. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props?: Props | null, ...children: Child[]): HTMLElementTagNameMap[K];
export function h(tag: string, props?: Props | null, ...children: Child[]): HTMLElement;
export function h(tag: string, props?: Props | null, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  if (props?.class) element.className = props.class;
  if (props?.id) element.id = props.id;
  setAttributes(element, props?.attrs);
  for (const [name, listener] of Object.entries(props?.on ?? {})) element.addEventListener(name, listener as EventListener);
  append(element, children);
  return element;
}

/** A button that never submits anything. Words come last: what else is in it stands before them. */
export function button(label: Child, onClick: () => void, props: Props = {}, ...more: Child[]): HTMLButtonElement {
  const children = typeof label === "string" ? [...more, label] : [label, ...more];
  return h("button", { ...props, attrs: { type: "button", ...props.attrs }, on: { click: onClick, ...props.on } }, ...children);
}

/** Appends what is there, and leaves out what is not. */
export function append(parent: Element, children: readonly Child[]): void {
  parent.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
}

/** Replaces everything inside. */
export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

export function setAttributes(element: Element, attrs: Props["attrs"]): void {
  for (const [name, value] of Object.entries(attrs ?? {})) {
    if (value === false || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

const SVG = "http://www.w3.org/2000/svg";

/** An element of SVG. */
export function svg(tag: string, attrs: Record<string, string | number>, ...children: Node[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attrs);
  append(element, children);
  return element;
}

/** The icons, on a grid of 24, strokes of 1.75. All are decoration; words stand beside them. */
const PATHS = {
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  cross: ["M6 6l12 12", "M18 6L6 18"],
  dash: ["M7 12h10"],
  wait: ["M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z", "M12 7.5V12l3 2"],
  qr: ["M4 4h6v6H4z", "M14 4h6v6h-6z", "M4 14h6v6H4z", "M14 14h2v2h-2z", "M18 18h2v2h-2z", "M18 14h2", "M14 18v2"],
  bell: ["M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5H5z", "M10 20.5h4"],
  phone: ["M8 3.5h8A1.5 1.5 0 0 1 17.5 5v14a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 19V5A1.5 1.5 0 0 1 8 3.5z", "M11 17.5h2"],
  lock: ["M6.5 10.5h11A1.5 1.5 0 0 1 19 12v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 19v-7a1.5 1.5 0 0 1 1.5-1.5z", "M8 10.5V8a4 4 0 0 1 8 0v2.5"],
  file: ["M7 3.5h7l4.5 4.5v11A1.5 1.5 0 0 1 17 20.5H7A1.5 1.5 0 0 1 5.5 19V5A1.5 1.5 0 0 1 7 3.5z", "M13.5 3.5V8.5h5"],
  down: ["M12 4v11", "M7.5 11l4.5 4.5 4.5-4.5", "M5 19.5h14"],
  bank: ["M4 9.5l8-5 8 5", "M5 20h14", "M6.5 9.5v8", "M12 9.5v8", "M17.5 9.5v8"],
  copy: ["M9 9h10v11H9z", "M15 9V4.5H5V15h4"],
  warning: ["M12 4l8.5 15.5h-17z", "M12 10v4", "M12 16.6v.4"],
  chevron: ["M9 5l7 7-7 7"],
} as const;

export type IconName = keyof typeof PATHS;

/** An icon, hidden from screen readers. */
export function icon(name: IconName): SVGElement {
  const root = svg("svg", { viewBox: "0 0 24 24", class: `icon icon-${name}`, "aria-hidden": "true", focusable: "false" });
  root.append(...PATHS[name].map((d) => svg("path", { d })));
  return root;
}

/** The mark: a tally split in two halves that fit each other and nothing else. */
export function mark(): SVGElement {
  const root = svg("svg", { viewBox: "0 0 48 48", class: "mark", "aria-hidden": "true", focusable: "false" });
  root.append(
    svg("path", { class: "mark-phone", d: "M22.2 4.1A20 20 0 0 0 22.2 43.9V31.5H29V16.5H22.2z" }),
    svg("path", { class: "mark-service", d: "M25.8 4.1V12.9H32.6V35.1H25.8V43.9A20 20 0 0 0 25.8 4.1z" }),
  );
  return root;
}
