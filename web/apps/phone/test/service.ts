/** A real service, and an e-service that talks to it. */

import { type ChildProcess, spawn } from "node:child_process";
import { constants, createHash, createHmac, createVerify, randomBytes, verify, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const built = fileURLToPath(new URL("../../../../target/debug/countersign", import.meta.url));

/** The program under test, or null: then these tests are skipped by name. */
export const binary = [process.env.COUNTERSIGN_BINARY, built].find((path) => path !== undefined && existsSync(path)) ?? null;

const RP = { relyingPartyUUID: "00000000-0000-4000-8000-000000000000", relyingPartyName: "DEMO" };

export class Service {
  readonly origin: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, origin: string) {
    this.#process = process;
    this.origin = origin;
  }

  static async start(program = binary!): Promise<Service> {
    const child = spawn(program, ["dev", "--listen", "127.0.0.1:0", "--tls-listen", "off"], {
      stdio: ["ignore", "pipe", "ignore"],
      // The service reads variables with its own prefix, and refuses those that it does not know.
      env: { PATH: process.env.PATH },
    });
    let printed = "";
    for await (const chunk of child.stdout) {
      printed += String(chunk);
      const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
      if (origin !== undefined) {
        child.stdout.resume();
        return new Service(child, origin);
      }
    }
    throw new Error(`the service did not start: ${printed}`);
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await ended;
  }

  async post<A>(path: string, body: object): Promise<A> {
    const response = await fetch(this.origin + path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text) as A;
  }

  /** A code for somebody new, or for a test person. */
  activation(person: object = {}): Promise<{ activationCode: string; link: string; person: string }> {
    return this.post("/control/v1/activations", person);
  }

  advance(seconds: number): Promise<unknown> {
    return this.post("/control/v1/clock", { advanceSeconds: seconds });
  }
}

export interface Status {
  readonly state: string;
  readonly result?: { readonly endResult: string; readonly documentNumber?: string };
  readonly signature?: Readonly<Record<"value" | "serverRandom" | "userChallenge" | "flowType", string>>;
  readonly cert?: { readonly value: string };
  readonly interactionTypeUsed?: string;
}

const interactionsOf = (list: readonly object[]) => Buffer.from(JSON.stringify(list)).toString("base64");

/** One session as the e-service sees it. */
export class RpSession {
  readonly service: Service;
  readonly id: string;
  readonly #asked: { readonly rpChallenge?: string; readonly digest?: string; readonly interactions: string; readonly callback: string };
  readonly #link: { readonly base: string; readonly token: string; readonly secret: string; readonly type: "auth" | "sign" | "cert" } | null;
  readonly vc: string | null;

  private constructor(
    service: Service, id: string, asked: Partial<RpSession["asked"]>, link: RpSession["link"], vc: string | null,
  ) {
    this.service = service;
    this.id = id;
    this.#asked = { interactions: "", callback: "", ...asked };
    this.#link = link;
    this.vc = vc;
  }

  get asked() {
    return this.#asked;
  }

  get link() {
    return this.#link;
  }

  static async authenticate(
    service: Service, to: { readonly document: string } | { readonly person: string } | { readonly callback?: string } = {},
    list: readonly object[] = [{ type: "displayTextAndPIN", displayText60: "Log in" }], hashAlgorithm = "SHA3-512",
  ): Promise<RpSession> {
    const rpChallenge = randomBytes(64).toString("base64");
    const interactions = interactionsOf(list);
    const body = {
      ...RP, interactions, signatureProtocol: "ACSP_V2",
      signatureProtocolParameters: { rpChallenge, signatureAlgorithm: "rsassa-pss", signatureAlgorithmParameters: { hashAlgorithm } },
    };
    if ("document" in to) {
      const path = `/smart-id-rp/v3/authentication/notification/document/${to.document}`;
      const { sessionID } = await service.post<{ sessionID: string }>(path, { ...body, vcType: "numeric4" });
      const hash = createHash("sha256").update(Buffer.from(rpChallenge, "base64")).digest();
      const vc = String(hash.readUInt16BE(30) % 10_000).padStart(4, "0");
      return new RpSession(service, sessionID, { rpChallenge, interactions }, null, vc);
    }
    const callback = "callback" in to && to.callback ? to.callback : "person" in to ? "https://rp.example.org/back?value=named" : "";
    const recipient = "person" in to ? `etsi/${to.person}` : "anonymous";
    return RpSession.#linked(service, "authentication", "auth", {
      ...body, ...(callback && { initialCallbackUrl: callback }),
    }, { rpChallenge, interactions, callback }, recipient);
  }

  static async sign(
    service: Service, document: string, data: Buffer, more: object = {}, path = `notification/document/${document}`,
    list: readonly object[] = [{ type: "displayTextAndPIN", displayText60: "Sign contract.pdf" }],
  ): Promise<RpSession> {
    const digest = createHash("sha512").update(data).digest("base64");
    const { sessionID, vc } = await service.post<{ sessionID: string; vc?: { value: string } }>(
      `/smart-id-rp/v3/signature/${path}`, {
        ...RP, interactions: interactionsOf(list), signatureProtocol: "RAW_DIGEST_SIGNATURE",
        signatureProtocolParameters: {
          digest, signatureAlgorithm: "rsassa-pss", signatureAlgorithmParameters: { hashAlgorithm: "SHA-512" },
        },
        ...more,
      });
    return new RpSession(service, sessionID, { digest }, null, vc?.value ?? null);
  }

  static chooseCertificate(service: Service, callback = ""): Promise<RpSession> {
    const body = { ...RP, ...(callback && { initialCallbackUrl: callback }) };
    return RpSession.#linked(service, "signature/certificate-choice", "cert", body, { callback });
  }

  static async #linked(
    service: Service, path: string, type: "auth" | "sign" | "cert", body: object, asked: Partial<RpSession["asked"]>,
    recipient = "anonymous",
  ): Promise<RpSession> {
    const answer = await service.post<Record<"sessionID" | "sessionToken" | "sessionSecret" | "deviceLinkBase", string>>(
      `/smart-id-rp/v3/${path}/device-link/${recipient}`, body);
    const { sessionID, sessionToken: token, sessionSecret: secret, deviceLinkBase: base } = answer;
    return new RpSession(service, sessionID, asked, { base, token, secret, type }, null);
  }

  /** The link for a QR code of a second, or for this device. */
  deviceLink(kind: "Web2App" | number): string {
    const { base, token, secret, type } = this.#link!;
    const { rpChallenge = "", digest = "", interactions, callback } = this.#asked;
    const shown = kind === "Web2App" ? "deviceLinkType=Web2App" : `deviceLinkType=QR&elapsedSeconds=${kind}`;
    const unprotected = `${base}?${shown}&sessionToken=${token}&sessionType=${type}&version=1.0&lang=eng`;
    const protocol = type === "auth" ? "ACSP_V2" : type === "sign" ? "RAW_DIGEST_SIGNATURE" : "";
    const payload = ["smart-id-demo", protocol, rpChallenge + digest, Buffer.from("DEMO").toString("base64"), "", interactions,
      kind === "Web2App" ? callback : "", unprotected].join("|");
    const code = createHmac("sha256", Buffer.from(secret, "base64")).update(payload).digest("base64url");
    return `${unprotected}&authCode=${code}`;
  }

  secretDigest(): string {
    return createHash("sha256").update(Buffer.from(this.#link!.secret, "base64")).digest("base64url");
  }

  status(timeoutMs = 1000): Promise<Status> {
    return fetch(`${this.service.origin}/smart-id-rp/v3/session/${this.id}?timeoutMs=${timeoutMs}`)
      .then((response) => response.json() as Promise<Status>);
  }

  /** The end of an authentication: throws unless everything verifies. */
  async authenticated(verifier?: string): Promise<Status> {
    const status = await this.status();
    const { signature, cert, interactionTypeUsed } = status;
    if (status.result?.endResult !== "OK") throw new Error(`ended ${JSON.stringify(status.result)}`);
    const { rpChallenge, interactions, callback } = this.#asked;
    const sameDevice = signature!.flowType === "Web2App";
    const payload = ["smart-id-demo", "ACSP_V2", signature!.serverRandom, rpChallenge, signature!.userChallenge,
      Buffer.from("DEMO").toString("base64"), "", createHash("sha256").update(interactions).digest("base64"), interactionTypeUsed,
      sameDevice ? callback : "", signature!.flowType].join("|");
    const key = certificate(cert!.value).publicKey;
    const right = verify("sha3-512", Buffer.from(payload), {
      key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64,
    }, Buffer.from(signature!.value, "base64"));
    if (!right) throw new Error("the authentication's signature does not verify");
    if (verifier !== undefined && createHash("sha256").update(verifier).digest("base64url") !== signature!.userChallenge) {
      throw new Error("the verifier of the callback is not that of the authentication");
    }
    return status;
  }

  /** The end of a signature over `data`: throws unless it verifies. */
  async signed(data: Buffer): Promise<Status> {
    const status = await this.status();
    if (status.result?.endResult !== "OK") throw new Error(`ended ${JSON.stringify(status.result)}`);
    const right = createVerify("sha512").update(data).verify({
      key: certificate(status.cert!.value).publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64,
    }, Buffer.from(status.signature!.value, "base64"));
    if (!right) throw new Error("the signature does not verify");
    return status;
  }
}

const certificate = (base64: string) => new X509Certificate(Buffer.from(base64, "base64"));
