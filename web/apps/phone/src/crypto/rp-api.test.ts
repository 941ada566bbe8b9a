import { expect, test } from "vitest";
import { fixture } from "../../test/fixtures.ts";
import { acspBytes, callbackUrl, userChallenge, verificationCode, verificationCodeOf } from "./acsp.ts";
import { b64, b64u, fromB64, fromHex, hex, utf8 } from "./bytes.ts";
import { parseActivation, parseDeviceLink } from "./device-link.ts";
import { digest } from "./hash.ts";

type Text = Readonly<Record<string, string>>;
interface AcspCase extends Text { readonly inputs: Text & string }

const acsp = fixture<{ cases: AcspCase[] }>("rp-api/acsp-payload.json");
const callback = fixture<{ userChallenges: Text[]; completed: Text[] }>("rp-api/callback.json");
const links = fixture<{ inputs: Record<string, Text>; cases: (Text & { elapsedSeconds?: number })[] }>(
  "rp-api/device-link.json");
const codes = fixture<{ cases: Text[] }>("rp-api/verification-code.json");

test.each(acsp.cases)("payload: $name", async (vector) => {
  const inputs = vector.inputs as Text;
  const challenge = inputs.userChallengeVerifier ? await userChallenge(inputs.userChallengeVerifier) : vector.userChallenge!;
  expect(challenge).toBe(vector.userChallenge);
  const sameDevice = inputs.flowType!.endsWith("2App");
  const bytes = await acspBytes({
    scheme: inputs.scheme!,
    serverRandom: inputs.serverRandom!,
    rpChallenge: inputs.rpChallenge!,
    userChallenge: challenge,
    rpName: inputs.relyingPartyName!,
    brokeredRpName: inputs.brokeredRpName!,
    interactions: inputs.interactions!,
    interactionTypeUsed: inputs.interactionTypeUsed!,
    initialCallbackUrl: sameDevice ? inputs.callback! : "",
    flowType: inputs.flowType!,
  });
  if (vector.payload) expect(new TextDecoder().decode(bytes)).toBe(vector.payload);
  if (vector.sha256) expect(hex(await digest("SHA-256", bytes))).toBe(vector.sha256);
  if (vector.sha512) expect(b64(await digest("SHA-512", bytes))).toBe(vector.sha512);
  if (vector.sha3_512) expect(hex(await digest("SHA3-512", bytes))).toBe(vector.sha3_512);
});

test("a separator cannot be smuggled into a field", async () => {
  const fields = {
    scheme: "s", serverRandom: "r", rpChallenge: "c", userChallenge: "u", rpName: "A|B", brokeredRpName: "|",
    interactions: "|", interactionTypeUsed: "displayTextAndPIN", initialCallbackUrl: "", flowType: "QR",
  };
  await expect(acspBytes(fields)).resolves.toBeDefined();
  for (const name of ["scheme", "serverRandom", "rpChallenge", "initialCallbackUrl", "flowType"]) {
    await expect(acspBytes({ ...fields, [name]: "a|b" })).rejects.toThrow(RangeError);
  }
});

test.each(codes.cases)("verification code $code", async (vector) => {
  const input = vector.challenge ? fromB64(vector.challenge)!
    : vector.inputHex ? fromHex(vector.inputHex) : await digest("SHA-256", utf8(vector.sha256Of!));
  expect(await verificationCode(input)).toBe(vector.code);
  if (vector.challenge) expect(await verificationCodeOf(vector.challenge)).toBe(vector.code);
});

test("callbacks are completed", async () => {
  for (const { verifier, challenge } of callback.userChallenges) {
    expect(await userChallenge(verifier!)).toBe(challenge);
  }
  for (const { callback: url, sessionSecret, verifier, url: expected } of callback.completed) {
    const secretDigest = b64u(await digest("SHA-256", fromB64(sessionSecret!)!));
    expect(callbackUrl(url!, secretDigest, verifier!)).toBe(expected);
  }
  expect(callbackUrl("https://rp.example.org/cb", "d", null)).toBe("https://rp.example.org/cb?sessionSecretDigest=d");
  for (const wrong of ["", "http://rp.example.org/", "javascript:alert(1)", "https://a|b", "https://a#b", "https://a\nb",
    `https://${"a".repeat(1800)}`, "HTTPS://rp.example.org/", "data:text/html,x", "https://"]) {
    expect(callbackUrl(wrong, "d", null), wrong).toBeNull();
  }
});

test.each(links.cases)("device link: $name", (vector) => {
  const inputs = links.inputs[vector.inputs!]!;
  const elapsed = vector.elapsedSeconds === undefined ? "" : `&elapsedSeconds=${vector.elapsedSeconds}`;
  const unprotected = `${inputs.deviceLinkBase}?deviceLinkType=${vector.deviceLinkType}${elapsed}`
    + `&sessionToken=${inputs.sessionToken}&sessionType=${vector.sessionType}&version=1.0&lang=${inputs.lang}`;
  if (vector.unprotected) expect(unprotected).toBe(vector.unprotected);
  const link = `${unprotected}&authCode=${vector.authCode}`;
  expect(parseDeviceLink(link)).toEqual({
    link, base: inputs.deviceLinkBase, linkType: vector.deviceLinkType, sessionType: vector.sessionType, lang: inputs.lang,
  });
  expect(parseDeviceLink(` ${link}\n`)?.link).toBe(link);
  for (const wrong of [unprotected, `${link}&x=1`, link.replace("version=1.0", "version=2.0"), link.replace("&lang", "&lan"),
    link.replace("?", "#"), `${link}${"A".repeat(2048)}`, link.replace("https:", "javascript:"), link.replace("session", "s")]) {
    expect(parseDeviceLink(wrong), wrong).toBeNull();
  }
});

test("the age of a link stands on QR codes and only there", () => {
  const tail = "&sessionToken=TESTtokenTESTtoken012345&sessionType=auth&version=1.0&lang=est&authCode="
    + "IaYhAgaCpGFeBUQW8v0qwewKLA37Nsf4zC_4bdgL3nM";
  const base = "https://sid.example.test/device-link?deviceLinkType=";
  expect(parseDeviceLink(`${base}QR&elapsedSeconds=0${tail}`)).not.toBeNull();
  for (const wrong of [`${base}QR${tail}`, `${base}QR&elapsedSeconds=07${tail}`, `${base}Web2App&elapsedSeconds=7${tail}`]) {
    expect(parseDeviceLink(wrong), wrong).toBeNull();
  }
});

test("activation links give their code, and typed codes are known", () => {
  for (const code of ["QS0SZ352-92DNR8DVQ1Z3QM8RT9PK1GMJ9T", "qs0s z352 92dn r8dv qlz3 qm8r t9pk igmj 9t"]) {
    expect(parseActivation(code)).toBe(code);
  }
  expect(parseActivation("http://127.0.0.1:8080/phone/#activate=ABCD-EF12")).toBe("ABCD-EF12");
  for (const wrong of ["", "ABCD-EF12", "https://x/phone/?activate=ABCD-EF12", "https://x/phone/#activate=a b", "x:/#activate=AAAAAAAA",
    "QS0SZ352-92DNR8DVQ1Z3QM8RT9PK1GMJ9U", "QS0SZ352-92DNR8DVQ1Z3QM8RT9PK1GMJ9"]) {
    expect(parseActivation(wrong), wrong).toBeNull();
  }
});
