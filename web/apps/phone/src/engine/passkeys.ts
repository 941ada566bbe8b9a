/** Secrets of an authenticator, through the PRF extension of WebAuthn. */

import type { Bytes } from "../crypto/bytes.ts";
import type { Passkeys } from "./environment.ts";
import { PhoneError } from "./types.ts";

interface PrfOutput { readonly prf?: { readonly enabled?: boolean; readonly results?: { readonly first?: BufferSource } } }

const TIMEOUT = 120_000;

export function browserPasskeys(random: (length: number) => Bytes): Passkeys {
  const extension = (salt: Bytes) => ({ prf: { eval: { first: salt } } }) as AuthenticationExtensionsClientInputs;
  const evaluate = async (credential: Bytes, salt: Bytes): Promise<Bytes> => {
    let found: Credential | null;
    try {
      found = await navigator.credentials.get({
        publicKey: {
          challenge: random(32), allowCredentials: [{ type: "public-key", id: credential }], userVerification: "required",
          timeout: TIMEOUT, extensions: extension(salt),
        },
      });
    } catch (cause) {
      throw new PhoneError({ code: "PASSKEY", gone: false }, { cause });
    }
    return secretOf(found) ?? fail();
  };
  return {
    async available() {
      // Passkeys belong to host names; an address has none.
      if (typeof PublicKeyCredential !== "function" || /^(\d+\.){3}\d+$|:/.test(location.hostname)) return false;
      const { getClientCapabilities } = PublicKeyCredential as { getClientCapabilities?: () => Promise<Record<string, boolean>> };
      const capabilities = await getClientCapabilities?.call(PublicKeyCredential).catch(() => undefined);
      if (capabilities?.["extension:prf"] === false) return false;
      return PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
    },
    async create(label, salt) {
      const asked = navigator.credentials.create({
        publicKey: {
          rp: { name: "Countersign" },
          user: { id: random(16), name: `Countersign ${label}`, displayName: `Countersign ${label}` },
          challenge: random(32),
          pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
          authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
          timeout: TIMEOUT,
          extensions: extension(salt),
        },
      }) as Promise<PublicKeyCredential | null>;
      const made = await asked.catch(fail);
      if (!made || !(made.getClientExtensionResults() as PrfOutput).prf?.enabled) fail();
      const credential = new Uint8Array(made.rawId);
      // Many authenticators derive the secret only when asked the second time.
      return { credential, secret: secretOf(made) ?? await evaluate(credential, salt) };
    },
    evaluate,
  };
}

function secretOf(credential: Credential | null): Bytes | null {
  const first = (credential as PublicKeyCredential | null)?.getClientExtensionResults() as PrfOutput | undefined;
  const secret = first?.prf?.results?.first;
  if (!secret) return null;
  const octets = ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer as ArrayBuffer, secret.byteOffset, secret.byteLength).slice() : new Uint8Array(secret);
  return octets.length === 32 ? octets : null;
}

function fail(cause?: unknown): never {
  throw new PhoneError({ code: "PASSKEY", gone: false }, { cause });
}
