/** From a custom element to a React component: properties become attributes and properties, events become `on…` functions. */

import { createElement, useCallback, useEffect, useImperativeHandle, useRef, type ReactElement, type ReactNode, type Ref } from "react";

/** What can stand in an attribute. `true` is an empty one, `false` and `undefined` none. */
type AttributeValue = string | number | boolean | undefined;

export interface CommonProps<E> {
  readonly ref?: Ref<E | null>;
  readonly id?: string;
  readonly className?: string;
  readonly slot?: string;
  readonly children?: ReactNode;
}

export interface Description {
  readonly tag: string;
  /** Property of the component → attribute of the element. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Properties that go to the element as they are: what no attribute can hold. */
  readonly properties: readonly string[];
  /** Property of the component → name of the event. */
  readonly events: Readonly<Record<string, string>>;
}

/** A component for an element. Rendered on a server it is the tag with its attributes; it comes to life in the browser. */
export function component<E extends HTMLElement, P extends object>(description: Description, register: () => Promise<unknown>): {
  (props: P & CommonProps<E>): ReactElement;
  displayName: string;
} {
  const { tag, attributes, properties, events } = description;
  const Component = (props: P & CommonProps<E>): ReactElement => {
    const { ref, id, className, slot, children, ...rest } = props as Record<string, unknown> & CommonProps<E>;
    const element = useRef<E | null>(null);
    const latest = useRef(rest);
    latest.current = rest;
    const set = useCallback((made: E | null) => {
      for (const name of properties) {
        const value = latest.current[name];
        if (made && value !== undefined && Reflect.get(made, name) !== value) Reflect.set(made, name, value);
      }
    }, []);
    // Before the element begins, which it does when everything that runs now has run.
    const attach = useCallback((made: E | null) => {
      element.current = made;
      set(made);
    }, [set]);
    useImperativeHandle(ref, () => element.current as E);

    useEffect(() => void register(), []);

    useEffect(() => {
      const made = element.current;
      if (!made) return undefined;
      const heard = new AbortController();
      for (const [name, event] of Object.entries(events)) {
        // The function of the latest rendering: a new one each time costs nothing.
        const listener = (fired: Event) => (latest.current[name] as ((fired: Event) => void) | undefined)?.(fired);
        made.addEventListener(event, listener, { signal: heard.signal });
      }
      return () => heard.abort();
    }, []);

    useEffect(() => set(element.current));

    return createElement(tag, { ...attributesOf(attributes, rest), id, class: className, slot, ref: attach }, children as ReactNode);
  };
  Component.displayName = tag.replace(/(^|-)(\w)/g, (_match, _dash, letter: string) => letter.toUpperCase());
  return Component;
}

export function attributesOf(names: Readonly<Record<string, string>>, props: Readonly<Record<string, unknown>>): Record<string, string> {
  const made: Record<string, string> = {};
  for (const [name, attribute] of Object.entries(names)) {
    const value = props[name] as AttributeValue;
    if (value === undefined || value === false) continue;
    made[attribute] = value === true ? "" : String(value);
  }
  return made;
}
