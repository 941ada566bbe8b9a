import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Phone } from "../src/engine/phone.ts";
import { type AccountId, PhoneError, type Presented, type Problem, type Waiting } from "../src/engine/types.ts";
import { Device, lying, network } from "./device.ts";
import { RpSession, Service, binary } from "./service.ts";

const [PIN1, PIN2] = ["4071", "92716"];
const PATIENCE = 600_000;

if (!binary) console.log("SKIP phone against a service: no binary (COUNTERSIGN_BINARY or target/debug/countersign)");

describe.skipIf(!binary)("a phone against a running service", { timeout: PATIENCE }, () => {
  let service: Service;
  beforeAll(async () => {
    service = await Service.start();
  }, PATIENCE);
  afterAll(() => service?.stop(), PATIENCE);

  interface Enrolled { readonly device: Device; readonly phone: Phone; readonly id: AccountId; readonly document: string }

  async function enrolled(device = new Device(service.origin)): Promise<Enrolled> {
    const phone = device.phone();
    const { activationCode } = await service.activation();
    const steps: string[] = [];
    const { account: id, state, words } = await phone.enrol({
      activationCode, pin1: PIN1, pin2: PIN2, onProgress: ({ step }) => steps.push(step),
    });
    expect(steps).toEqual(
      ["ACTIVATE", "WORDS", "KEY_AUTH", "PROOF_AUTH", "KEY_SIGN", "PROOF_SIGN", "CERTIFICATES", "DONE"]);
    expect([state, words.length]).toEqual(["CERTIFIED", 4]);
    const { documentNumber: document } = await phone.account(id);
    return { device, phone, id, document };
  }

  /** The first transaction that waits. */
  const next = (phone: Phone): Promise<Waiting> => new Promise((resolve) => {
    const stop = phone.watch({
      onTransactions([first]) {
        if (!first) return;
        setTimeout(() => stop());
        resolve(first);
      },
    });
  });

  const opened = async (phone: Phone): Promise<Presented> => phone.open(await next(phone));

  const problemOf = async (work: Promise<unknown>): Promise<Problem> => {
    const error = await work.then(() => null, (error: unknown) => error);
    if (!(error instanceof PhoneError)) throw new Error(`expected a problem, found ${String(error)}`);
    return error.problem;
  };

  let usual: Enrolled;
  beforeAll(async () => {
    usual = await enrolled();
  }, PATIENCE);

  test("an enrolled account shows who it is", async () => {
    const view = await usual.phone.account(usual.id);
    expect(view).toMatchObject({ state: "CERTIFIED", status: "READY", stale: false, unsettled: false, qualified: true, recent: [] });
    expect(view.person).toBe(usual.document.slice(0, -7));
    expect(view.surname).not.toBe("");
    expect(view.keys.map(({ use, state, triesLeft }) => [use, state, triesLeft])).toEqual(
      [["AUTH", "ACTIVE", 3], ["SIGN", "ACTIVE", 3]]);
    expect(view.devices).toMatchObject([{ platform: "web", state: "ACTIVE", here: true }]);
    for (const { certificate } of view.keys) {
      expect(certificate!.notAfter.getTime()).toBeGreaterThan(Date.now());
      expect(certificate!.subject.find(({ name }) => name === "serialNumber")?.value).toBe(view.person);
    }
  });

  test("a log-in by notification, with a code to compare", async () => {
    const rp = await RpSession.authenticate(service, { document: usual.document });
    const presented = await opened(usual.phone);
    expect(presented).toMatchObject({
      kind: "AUTH", pin: "PIN1", code: rp.vc, codes: null, flow: "notification", interaction: "displayTextAndPIN", sameDevice: false,
      rp: { text: "DEMO", altered: false }, text: { text: "Log in" }, resumes: false, key: { state: "ACTIVE", triesLeft: 3 },
    });
    expect(await usual.phone.approve(presented, PIN1)).toMatchObject({ callback: null, awaitsSignature: false });
    await rp.authenticated();
    expect((await usual.phone.account(usual.id)).recent[0]).toMatchObject({ kind: "AUTH", outcome: "APPROVED", rp: { text: "DEMO" } });
    expect(await problemOf(usual.phone.approve(presented, PIN1))).toEqual({ code: "ALREADY_DONE" });
  });

  test("a signature", async () => {
    const data = Buffer.from("a contract");
    const rp = await RpSession.sign(service, usual.document, data);
    const presented = await opened(usual.phone);
    expect(presented).toMatchObject({ kind: "SIGN", pin: "PIN2", code: rp.vc, text: { text: "Sign contract.pdf" } });
    await usual.phone.approve(presented, PIN2);
    await rp.signed(data);
  });

  test.each(["SHA-256", "SHA-384", "SHA3-256"])("a log-in with %s", async (hash) => {
    const rp = await RpSession.authenticate(service, { document: usual.document }, undefined, hash);
    await usual.phone.approve(await opened(usual.phone), PIN1);
    // The service has verified it before it gave it out.
    expect((await rp.status()).result?.endResult).toBe("OK");
  });

  test("a signature with PKCS#1 v1.5", async () => {
    const rp = await RpSession.sign(service, usual.document, Buffer.from("x"), {
      signatureProtocolParameters: {
        digest: Buffer.alloc(48, 7).toString("base64"), signatureAlgorithm: "sha384WithRSAEncryption",
      },
    });
    await usual.phone.approve(await opened(usual.phone), PIN2);
    expect((await rp.status()).result?.endResult).toBe("OK");
  });

  test("a QR code, and a link on the same device with its way back", async () => {
    const byQr = await RpSession.authenticate(service);
    const link = byQr.deviceLink(0);
    expect(usual.phone.readLink(link)).toMatchObject({ kind: "DEVICE_LINK", purpose: "AUTH", sameDevice: false });
    const claimed = await usual.phone.claim(link);
    if (claimed.kind !== "CLAIMED") throw new Error("one account needs no choice");
    const presented = await usual.phone.open(claimed.ref);
    expect(presented).toMatchObject({ flow: "device-link", flowType: "QR", code: null, sameDevice: false });
    expect((await usual.phone.approve(presented, PIN1)).callback).toBeNull();
    await byQr.authenticated();

    const here = await RpSession.authenticate(service, { callback: "https://rp.example.org/back?value=abc" });
    const again = await usual.phone.claim(here.deviceLink("Web2App"));
    if (again.kind !== "CLAIMED") throw new Error("one account needs no choice");
    const onThis = await usual.phone.open(again.ref);
    expect(onThis).toMatchObject({ flowType: "Web2App", sameDevice: true });
    const { callback } = await usual.phone.approve(onThis, PIN1);
    const url = new URL(callback!);
    expect([url.host, url.searchParams.get("value")]).toEqual(["rp.example.org", "abc"]);
    expect(url.searchParams.get("sessionSecretDigest")).toBe(here.secretDigest());
    await here.authenticated(url.searchParams.get("userChallengeVerifier")!);
  });

  test("links that are wrong", async () => {
    const { phone } = usual;
    expect(await problemOf(phone.claim("https://example.org/"))).toEqual({ code: "LINK_UNREADABLE" });
    const stale = await RpSession.authenticate(service);
    expect(await problemOf(phone.claim(stale.deviceLink(999)))).toEqual({ code: "LINK_STALE" });
    const forged = await RpSession.authenticate(service);
    const link = forged.deviceLink(0).replace(/authCode=.*/, `authCode=${"A".repeat(43)}`);
    expect(await problemOf(phone.claim(link))).toEqual({ code: "LINK_INVALID" });
    expect((await forged.status()).result?.endResult).toBe("PROTOCOL_FAILURE");
    expect(await problemOf(phone.open({ account: usual.id, tx: "nothing" }))).toEqual({ code: "NOT_FOUND" });
    expect(await problemOf(phone.open({ account: usual.id, tx: "../account" }))).toEqual({ code: "NOT_FOUND" });
  });

  test("a certificate choice and the signature that follows", async () => {
    const { phone } = usual;
    const choice = await RpSession.chooseCertificate(service);
    const claimed = await phone.claim(choice.deviceLink(0));
    if (claimed.kind !== "CLAIMED") throw new Error("one account needs no choice");
    const presented = await phone.open(claimed.ref);
    expect(presented).toMatchObject({ kind: "CERT_CHOICE", pin: null, text: null, interaction: null });
    expect(await phone.approve(presented)).toMatchObject({ awaitsSignature: true });
    const document = (await choice.status()).result!.documentNumber!;
    expect(document).toBe(usual.document);
    const data = Buffer.from("linked");
    const rp = await RpSession.sign(service, document, data, { linkedSessionID: choice.id }, `notification/linked/${document}`);
    const following = await opened(phone);
    expect(following).toMatchObject({ flow: "linked", kind: "SIGN", code: null });
    await phone.approve(following, PIN2);
    await rp.signed(data);
  });

  test("a choice of codes, right and wrong", async () => {
    const { phone } = usual;
    const choice = [{ type: "confirmationMessageAndVerificationCodeChoice", displayText200: "Transfer 10 EUR" }];
    const right = await RpSession.authenticate(service, { document: usual.document }, choice);
    const presented = await opened(phone);
    expect(presented.code).toBeNull();
    expect(presented.codes).toHaveLength(3);
    expect(presented.codes).toContain(right.vc);
    expect(await phone.chooseCode(presented, right.vc!)).toEqual({ right: true });
    await phone.approve(presented, PIN1, right.vc!);
    await right.authenticated();

    const wrong = await RpSession.authenticate(service, { document: usual.document }, choice);
    const second = await opened(phone);
    const other = second.codes!.find((code) => code !== wrong.vc)!;
    expect(await phone.chooseCode(second, other)).toEqual({ right: false, callback: null });
    expect((await wrong.status()).result?.endResult).toBe("WRONG_VC");

    const late = await RpSession.authenticate(service, { document: usual.document }, choice);
    const third = await opened(phone);
    const chosen = third.codes!.find((code) => code !== late.vc)!;
    expect(await problemOf(phone.approve(third, PIN1, chosen))).toEqual({ code: "WRONG_CODE" });
    expect((await phone.account(usual.id)).unsettled).toBe(false);
  });

  test("refusals", async () => {
    for (const [reason, end] of [["USER", "USER_REFUSED_INTERACTION"], ["NOT_ME", "USER_REFUSED"]] as const) {
      const rp = await RpSession.authenticate(service, { document: usual.document });
      expect(await usual.phone.refuse(await opened(usual.phone), reason)).toEqual({ callback: null });
      expect((await rp.status()).result?.endResult).toBe(end);
    }
    expect((await usual.phone.account(usual.id)).recent[0]).toMatchObject({ outcome: "NOT_ME" });
    const choice = await RpSession.chooseCertificate(service);
    const claimed = await usual.phone.claim(choice.deviceLink(0));
    if (claimed.kind !== "CLAIMED") throw new Error("one account needs no choice");
    await usual.phone.refuse(await usual.phone.open(claimed.ref), "USER");
    expect((await choice.status()).result?.endResult).toBe("USER_REFUSED_CERT_CHOICE");
  });

  test("texts of strangers arrive clean", async () => {
    const text = "Pay \u202e01 EUR\u2066 <b>now</b>\u200b";
    await RpSession.authenticate(service, { document: usual.document }, [{ type: "confirmationMessage", displayText200: text }]);
    const presented = await opened(usual.phone);
    expect(presented.text).toEqual({ text: "Pay 01 EUR <b>now</b>", altered: true, cut: false });
    await usual.phone.refuse(presented, "USER");
  });

  test("when the answer is lost, the same again gives exactly one signature", async () => {
    const data = Buffer.from("once");
    const rp = await RpSession.sign(service, usual.document, data);
    const lossy = usual.device.phone(network((path, count) => path.endsWith("/confirm") && count === 0 ? "lose-answer" : "pass"));
    const presented = await opened(lossy);
    expect(await problemOf(lossy.approve(presented, PIN2))).toEqual({ code: "OFFLINE" });
    expect((await lossy.accounts())[0]).toMatchObject({ unsettled: true });
    const first = await rp.signed(data);
    // The answer is resent whatever the PIN is now.
    expect(await lossy.approve(presented, "50284")).toMatchObject({ callback: null });
    expect((await rp.signed(data)).signature).toEqual(first.signature);
    expect((await lossy.account(usual.id)).keys[1]).toMatchObject({ triesLeft: 3 });
  });

  test("when the page is closed between PIN and answer, the next one finds out", async () => {
    const data = Buffer.from("closed");
    const rp = await RpSession.sign(service, usual.document, data);
    const closed = usual.device.phone(network((path) => path.endsWith("/confirm") ? "lose-answer" : "pass"));
    await problemOf(closed.approve(await opened(closed), PIN2));
    const reopened = usual.device.phone();
    expect((await reopened.accounts())[0]).toMatchObject({ unsettled: true });
    expect(await reopened.settle(usual.id)).toMatchObject({ kind: "CONFIRMED", callback: null });
    expect(await reopened.settle(usual.id)).toEqual({ kind: "NOTHING" });
    await rp.signed(data);
  });

  test("when the request is lost, nothing was done and nothing counted", async () => {
    const rp = await RpSession.authenticate(service, { document: usual.document });
    const down = usual.device.phone(network((path) => path.endsWith("/confirm") ? "lose-request" : "pass"));
    expect(await problemOf(down.approve(await opened(down), PIN1))).toEqual({ code: "OFFLINE" });
    expect(await usual.phone.settle(usual.id)).toEqual({ kind: "NOT_DONE" });
    await usual.phone.approve(await opened(usual.phone), PIN1);
    await rp.authenticated();
  });

  test("a page that dies at any of its writes loses nothing", async () => {
    const { device, document, id, phone } = usual;
    // An approval: before it is sent, after its answer.
    let deaths = 0;
    for (let fatal = 1; fatal < 10; fatal++) {
      const data = Buffer.from(`dying ${fatal}`);
      const rp = await RpSession.sign(service, document, data);
      const presented = await opened(phone);
      const dying = device.dyingPhone(fatal);
      const own = await dying.phone.open(presented).catch(() => null);
      const approved = own && await dying.phone.approve(own, PIN2).then(() => true, () => false);
      if (dying.died()) deaths++;
      const settled = await phone.settle(id);
      const { state } = await rp.status();
      if (state !== "COMPLETE") {
        expect(settled.kind).not.toBe("CONFIRMED");
        await phone.approve(await opened(phone), PIN2);
      } else if (!approved) expect(settled.kind).toBe("CONFIRMED");
      await rp.signed(data);
      if (!dying.died()) break;
    }
    expect(deaths).toBeGreaterThanOrEqual(3);
    expect(await phone.account(id)).toMatchObject({ state: "CERTIFIED", unsettled: false });

    // A change of PIN, with its two counted requests.
    let [pin, fresh] = ["4071", "8305"];
    deaths = 0;
    for (let fatal = 1; fatal < 12; fatal++) {
      const dying = device.dyingPhone(fatal);
      await dying.phone.changePin(id, "AUTH", pin, fresh).catch(() => undefined);
      if (dying.died()) {
        deaths++;
        await phone.changePin(id, "AUTH", pin, fresh);
      }
      [pin, fresh] = [fresh, pin];
      if (!dying.died()) break;
    }
    expect(deaths).toBe(4);
    if (pin !== PIN1) await phone.changePin(id, "AUTH", pin, PIN1);
    const rp = await RpSession.authenticate(service, { document });
    await phone.approve(await opened(phone), PIN1);
    await rp.authenticated();
    expect((await phone.account(id)).keys[0]).toMatchObject({ state: "ACTIVE", triesLeft: 3 });
  });

  test("a service that shows one thing and asks for another is not signed for", async () => {
    const rp = await RpSession.authenticate(service, { document: usual.document });
    const { tx } = await next(usual.phone);
    const lies: readonly ((transaction: Record<string, unknown>) => void)[] = [
      (transaction) => transaction.rp = { name: "Another bank" },
      (transaction) => transaction.digest = "AAAA",
      (transaction) => delete transaction.acsp,
      (transaction) => transaction.kind = "SIGN",
      (transaction) => transaction.signatureAlgorithm = "sha256WithRSAEncryption",
      (transaction) => transaction.hash = "MD5",
      (transaction) => transaction.kid = "another-key",
      (transaction) => (transaction.acsp as Record<string, string>).callback = "https://a|b",
      (transaction) => transaction.interactions = "!",
      (transaction) => transaction.tx = "another",
    ];
    for (const lie of lies) {
      const phone = usual.device.phone(lying((path, answer) => {
        if (path.endsWith(`/transactions/${tx}`)) lie(answer);
      }));
      const approved = phone.open({ account: usual.id, tx }).then((presented) => phone.approve(presented, PIN1));
      expect((await problemOf(approved)).code, String(lie)).toBe("MALFORMED_TRANSACTION");
    }
    // Nothing was sent, nothing counted, and the honest request can still be approved.
    expect(await usual.phone.account(usual.id)).toMatchObject({ unsettled: false, keys: [{ triesLeft: 3 }, { triesLeft: 3 }] });
    await usual.phone.approve(await usual.phone.open({ account: usual.id, tx }), PIN1);
    await rp.authenticated();
  });

  test("keys are made as this phone wants them, and certified for itself only", async () => {
    const { activationCode } = await service.activation();
    const device = new Device(service.origin);
    const enrolWith = async (change: (path: string, answer: Record<string, unknown>) => void) => {
      const [begun] = await device.phone().accounts();
      const pins = { pin1: PIN1, pin2: PIN2 };
      return problemOf(device.phone(lying(change)).enrol(begun ? { ...pins, resume: begun.id } : { ...pins, activationCode }));
    };
    const parameters = (change: object) => (path: string, answer: Record<string, unknown>) => {
      if (path.endsWith("/activations")) answer.parameters = { ...(answer.parameters as object), ...change };
    };
    // A short share would betray the whole key.
    expect((await enrolWith(parameters({ shareBits: 256 }))).code).toBe("UNEXPECTED");
    const other = new Device(service.origin);
    const { activationCode: second } = await service.activation();
    const lies: readonly ((answer: Record<string, unknown>) => void)[] = [
      (answer) => answer.n = `${String(answer.n).slice(0, -1)}A`,
      (answer) => answer.kid = "../account",
      (answer) => (answer.csr as Record<string, string>).digest = "A".repeat(43),
      (answer) => {
        const csr = answer.csr as Record<string, string>;
        const info = Buffer.from("a request for another key");
        csr.info = info.toString("base64url");
        csr.digest = createHash("sha256").update(info).digest("base64url");
      },
    ];
    for (const lie of lies) {
      const [begun] = await other.phone().accounts();
      const pins = { pin1: PIN1, pin2: PIN2 };
      const phone = other.phone(lying((path, answer) => {
        if (path.endsWith("/keys")) lie(answer);
      }));
      const problem = await problemOf(phone.enrol(begun ? { ...pins, resume: begun.id } : { ...pins, activationCode: second }));
      expect(problem.code, String(lie)).toBe("UNEXPECTED");
      expect((await other.vault().list())[0]!.keys).toEqual([]);
    }
  });

  test("two tabs at once", async () => {
    const [one, other] = [usual.device.phone(), usual.device.phone()];
    const rp = await RpSession.authenticate(service, { document: usual.document });
    const [first, second] = [await opened(one), await opened(other)];
    const results = await Promise.allSettled([one.approve(first, PIN1), other.approve(second, PIN1)]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await rp.authenticated();
    expect(await one.account(usual.id)).toMatchObject({ state: "CERTIFIED", status: "READY" });
  });

  test("nothing but what the reference lists is in the storage", async () => {
    const [record] = await usual.device.vault().list();
    expect(Object.keys(record!).sort()).toEqual(["activated", "activationCode", "certified", "createdAt", "dk", "ek", "ended", "id",
      "keys", "last", "outerKey", "passkey", "pending", "recent", "token", "version"]);
    expect([record!.dk.privateKey, record!.ek.privateKey, record!.outerKey].map((key) => key!.extractable)).toEqual(
      [false, false, false]);
    expect(record!.activationCode).toBeNull();
    for (const key of record!.keys) expect(Object.keys(key).sort()).toEqual(["changing", "kid", "locked", "proven", "use"]);
    const text = JSON.stringify(record, (_, value: unknown) => value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value);
    for (const secret of [PIN1, PIN2]) expect(text).not.toContain(`"${secret}"`);
    // The outer key opens a value only in its own place.
    expect(record!.keys[0]!.locked.ct).not.toEqual(record!.keys[1]!.locked.ct);
  });

  test("wrong PINs lock, the clock moves, the right one unlocks", async () => {
    const { phone, id, document } = await enrolled();
    const rp = await RpSession.authenticate(service, { document });
    const presented = await opened(phone);
    expect(await problemOf(phone.approve(presented, "1111"))).toEqual({ code: "WRONG_PIN", triesLeft: 2 });
    expect(await problemOf(phone.approve(presented, "2222"))).toEqual({ code: "WRONG_PIN", triesLeft: 1 });
    const locked = await problemOf(phone.approve(presented, "3333"));
    expect(locked.code).toBe("LOCKED");
    const hours = ((locked as { until: Date }).until.getTime() - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(2.9);
    expect(hours).toBeLessThan(3.1);
    expect((await phone.account(id)).keys[0]).toMatchObject({ state: "LOCKED", triesLeft: 0 });
    expect(["TX_CANCELLED", "LOCKED"]).toContain((await problemOf(phone.approve(presented, PIN1))).code);
    expect((await rp.status()).result?.endResult).toBeDefined();
    await service.advance(3 * 3600 + 60);
    // The phone's own clock did not move: it learns the service's time.
    const again = await RpSession.authenticate(service, { document });
    await phone.approve(await opened(phone), PIN1);
    await again.authenticated();
    expect((await phone.account(id)).keys[0]).toMatchObject({ state: "ACTIVE", triesLeft: 3, lockedUntil: null });
  });

  test("a phone with a wrong clock works", async () => {
    const wrong = usual.device.phone(fetch, () => Date.now() - 9 * 86_400_000);
    const rp = await RpSession.authenticate(service, { document: usual.document });
    const presented = await opened(wrong);
    const left = presented.expires.getTime() - (Date.now() - 9 * 86_400_000);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(600_000);
    await wrong.approve(presented, PIN1);
    await rp.authenticated();
  });

  test("a change of PIN: the old one fails, the new one works", async () => {
    const { phone, id, device, document } = await enrolled();
    expect(await problemOf(phone.changePin(id, "AUTH", PIN1, "1234"))).toMatchObject({ code: "PIN_NOT_ALLOWED", fault: "WEAK" });
    expect(await problemOf(phone.changePin(id, "AUTH", "9999", "8305"))).toEqual({ code: "WRONG_PIN", triesLeft: 2 });
    await phone.changePin(id, "AUTH", PIN1, "8305");
    const rp = await RpSession.authenticate(service, { document });
    const presented = await opened(phone);
    expect(await problemOf(phone.approve(presented, PIN1))).toMatchObject({ code: "WRONG_PIN" });
    await phone.approve(presented, "8305");
    await rp.authenticated();

    // Interrupted after each of its steps, it goes on where it stopped.
    for (const [path, pin, fresh] of [["/pin-change", "8305", "6184"], ["/pin-change/commit", "6184", "7209"]] as const) {
      const lossy = device.phone(network((at) => at.endsWith(path) ? "lose-answer" : "pass"));
      expect(await problemOf(lossy.changePin(id, "AUTH", pin, fresh))).toEqual({ code: "OFFLINE" });
      await phone.changePin(id, "AUTH", pin, fresh);
    }
    const last = await RpSession.authenticate(service, { document });
    await phone.approve(await opened(phone), "7209");
    await last.authenticated();
  });

  test("enrolment goes on where it stopped", async () => {
    const { activationCode } = await service.activation();
    const device = new Device(service.origin);
    const request = { activationCode, pin1: PIN1, pin2: PIN2 };
    const stops = ["/activations", "/keys", "/proof", "/registration/complete"];
    for (const stop of stops) {
      const [unfinished] = await device.phone().accounts();
      const broken = device.phone(network((path) => path.endsWith(stop) ? "lose-answer" : "pass"));
      const asked = unfinished ? { pin1: PIN1, pin2: PIN2, resume: unfinished.id } : request;
      expect(await problemOf(broken.enrol(asked)), stop).toEqual({ code: "OFFLINE" });
      expect((await device.phone().accounts()).map(({ status }) => status)).toEqual(["UNFINISHED"]);
    }
    const [unfinished] = await device.phone().accounts();
    // Both keys have their PINs by now; other ones would not work later, so they are not taken.
    expect(await problemOf(device.phone().enrol({ resume: unfinished!.id, pin1: PIN1, pin2: "50284" }))).toEqual(
      { code: "WRONG_PIN", triesLeft: 2, use: "SIGN" });
    const { state } = await device.phone().enrol({ resume: unfinished!.id, pin1: PIN1, pin2: PIN2 });
    expect(state).toBe("CERTIFIED");
    const view = await device.phone().account(unfinished!.id);
    const rp = await RpSession.authenticate(service, { document: view.documentNumber });
    const phone = device.phone();
    await phone.approve(await opened(phone), PIN1);
    await rp.authenticated();
  });

  test("codes and PINs that do not do", async () => {
    const phone = new Device(service.origin).phone();
    const wrong = { activationCode: "ABCD-EFGH-JKMN", pin1: PIN1, pin2: PIN2 };
    expect(await problemOf(phone.enrol(wrong))).toEqual({ code: "ACTIVATION_INVALID" });
    expect(await phone.accounts()).toEqual([]);
    for (const [pin1, pin2, use, fault] of [["1234", PIN2, "AUTH", "WEAK"], [PIN1, "40", "SIGN", "TOO_SHORT"], ["40718", "40718",
      "SIGN", "SAME"], [PIN1, "9271a", "SIGN", "NOT_DIGITS"], ["1".repeat(13), PIN2, "AUTH", "TOO_LONG"]] as const) {
      expect(await problemOf(phone.enrol({ ...wrong, pin1, pin2 }))).toEqual({ code: "PIN_NOT_ALLOWED", use, fault });
    }
  });

  test("a copied storage is noticed", async () => {
    const { phone, id, device, document } = await enrolled();
    const [record] = await device.vault().list();
    const copy = new Device(service.origin);
    await copy.vault().insert(structuredClone(record!));
    const rp = await RpSession.authenticate(service, { document });
    await phone.approve(await opened(phone), PIN1);
    await rp.authenticated();
    await RpSession.authenticate(service, { document });
    const thief = copy.phone();
    expect(await problemOf(thief.approve(await opened(thief), PIN1))).toEqual({ code: "CLONE_SUSPECT" });
    expect(await phone.account(id)).toMatchObject({ state: "CLONE_SUSPECT", status: "ENDED" });
  });

  test("several accounts on one phone, and the end of one", async () => {
    const device = new Device(service.origin);
    const [one, two] = [await enrolled(device), await enrolled(device)];
    const { phone } = two;
    const rp = await RpSession.authenticate(service);
    const link = rp.deviceLink(0);
    const claimed = await phone.claim(link);
    expect(claimed.kind === "CHOOSE_ACCOUNT" && claimed.accounts.map(({ id }) => id)).toEqual([one.id, two.id]);
    const chosen = await phone.claim(link, one.id);
    if (chosen.kind !== "CLAIMED") throw new Error("an account was chosen");
    const presented = await phone.open(chosen.ref);
    expect(presented.otherAccounts.map(({ id }) => id)).toEqual([two.id]);
    await phone.approve(presented, PIN1);
    expect((await rp.authenticated()).result?.documentNumber).toBe(one.document);

    const ended: string[] = [];
    const over = new Promise<void>((resolve) => {
      const stop = phone.watch({
        onTransactions: () => undefined,
        onEnded: (account, { code }) => {
          ended.push(account, code);
          stop();
          resolve();
        },
      });
    });
    const elsewhere = device.phone();
    await elsewhere.revoke(one.id, "ACCOUNT");
    expect((await phone.accounts()).map(({ status }) => status)).toEqual(["ENDED", "READY"]);
    void over;
    expect(await phone.account(one.id)).toMatchObject({ status: "ENDED" });
    await phone.forget(one.id);
    expect((await phone.accounts()).map(({ id }) => id)).toEqual([two.id]);
  });

  test("a passkey guards the storage", async () => {
    const device = new Device(service.origin);
    const secrets = new Map<string, Uint8Array<ArrayBuffer>>();
    let asked = 0;
    device.passkeys = {
      available: () => Promise.resolve(true),
      create: (_, salt) => {
        const secret = crypto.getRandomValues(new Uint8Array(32));
        secrets.set(String(salt), secret);
        return Promise.resolve({ credential: Uint8Array.of(1, 2, 3), secret });
      },
      evaluate: (_, salt) => {
        asked++;
        return Promise.resolve(secrets.get(String(salt))!);
      },
    };
    const phone = device.phone();
    const { activationCode } = await service.activation();
    const { account } = await phone.enrol({ activationCode, pin1: PIN1, pin2: PIN2, passkey: true });
    expect(asked).toBe(0);
    const [record] = await device.vault().list();
    expect(record!.outerKey).toBeNull();
    const { documentNumber, passkey } = await phone.account(account);
    expect(passkey).toBe(true);
    const rp = await RpSession.authenticate(service, { document: documentNumber });
    await phone.approve(await opened(phone), PIN1);
    await rp.authenticated();
    expect(asked).toBe(1);
    // Without its authenticator the copy of a storage is worth nothing: it cannot even try a PIN.
    device.passkeys = null;
    await RpSession.authenticate(service, { document: documentNumber });
    const without = device.phone();
    const presented = await opened(without);
    expect(await problemOf(without.approve(presented, PIN1))).toEqual({ code: "PASSKEY", gone: true });
    await without.refuse(presented, "USER");
  });

  test("without a connection the phone shows what it knows", async () => {
    const offline = usual.device.phone(() => Promise.reject(new TypeError("no network")));
    expect(await offline.account(usual.id)).toMatchObject({ stale: true, state: "CERTIFIED", status: "READY" });
    const connected = await new Promise<boolean>((resolve) => {
      const stop = offline.watch({
        onTransactions: () => undefined,
        onConnection: (now) => {
          stop();
          resolve(now);
        },
      });
    });
    expect(connected).toBe(false);
    expect(await problemOf(offline.open({ account: usual.id, tx: "x" }))).toEqual({ code: "OFFLINE" });
  });
});
