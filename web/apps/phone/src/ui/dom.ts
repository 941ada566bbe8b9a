/**
 * Building the page. Text always goes in as text: there is no way here from a string to markup, which is what the
 * Trusted Types policy of the page asks for and what keeps a stranger's words words.
 */

export type Child = Node | string | null | undefined | false;

type Listeners = { [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void };

export interface Props {
  class?: string;
  id?: string;
  /** Attributes as written; `true` is an empty attribute, `false` and `undefined` none. */
  attrs?: Record<string, string | number | boolean | undefined>;
  on?: Listeners;
}

/** An element with its children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props?: Props | null,
  ...children: Child[]
): HTMLElementTagNameMap[K];
export function h(tag: string, props?: Props | null, ...children: Child[]): HTMLElement;
export function h(tag: string, props?: Props | null, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  if (props) {
    if (props.class) element.className = props.class;
    if (props.id) element.id = props.id;
    setAttributes(element, props.attrs);
    for (const [name, listener] of Object.entries(props.on ?? {})) {
      element.addEventListener(name, listener as EventListener);
    }
  }
  append(element, children);
  return element;
}

/** A button that never submits anything. */
export function button(label: Child, onClick: () => void, props: Props = {}, ...more: Child[]): HTMLButtonElement {
  return h(
    "button",
    { ...props, attrs: { type: "button", ...props.attrs }, on: { click: onClick, ...props.on } },
    label,
    ...more,
  );
}

/** Appends what is there, and leaves out what is not. */
export function append(parent: Node, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  }
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
