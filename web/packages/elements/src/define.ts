/** Registers elements under their names, once. On a server there is nothing to register with, and nothing to do. */
export function define(elements: Readonly<Record<string, CustomElementConstructor>>): void {
  const registry = globalThis.customElements;
  for (const [name, element] of Object.entries(elements)) {
    if (registry && !registry.get(name)) registry.define(name, element);
  }
}
