/**
 * Addresses of scripts, under `require-trusted-types-for 'script'`. The policy lets through what lies on our own origin below our
 * own path, which is all that the build makes.
 */

interface ScriptPolicy {
  createScriptURL(url: string): unknown;
}
interface TypesFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptPolicy;
}

function own(url: string): string {
  const full = new URL(url, document.baseURI);
  if (full.origin !== location.origin || !full.pathname.startsWith(import.meta.env.BASE_URL)) {
    throw new TypeError("a script of somebody else");
  }
  return full.href;
}

const factory = (globalThis as { trustedTypes?: TypesFactory }).trustedTypes;
const policy = factory?.createPolicy("countersign-screens", { createScriptURL: own });

/** The address of one of our scripts, for `Worker` and `serviceWorker.register`. */
export function scriptUrl(url: string): string {
  return (policy ? policy.createScriptURL(url) : own(url)) as string;
}
