/** What every element here is made of. */

/** Outside a browser the classes can still be imported; only the elements cannot be made there. */
export const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** A style sheet that no content security policy asks about: it is made by script, and has no text in the page. */
export function styleSheet(text: string): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(text);
  return made;
}

/** Waits, or less when it is called off. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}
