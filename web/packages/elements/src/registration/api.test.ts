import { describe, expect, it } from "vitest";
import { RegistrationApi, RegistrationError } from "./api.ts";

interface Seen {
  readonly url: string;
  readonly init: RequestInit;
}

function service(...answers: Response[]) {
  const seen: Seen[] = [];
  const fetcher = (async (url: string, init: RequestInit) => {
    seen.push({ url, init });
    const next = answers.shift();
    if (!next) throw new TypeError("no network");
    return next;
  }) as unknown as typeof fetch;
  return { seen, fetcher };
}

const json = (body: unknown, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const bearer = ({ init }: Seen) => (init.headers as Record<string, string>)["authorization"];

describe("a call", () => {
  it("shows the token, and nothing that a browser would add", async () => {
    const { seen, fetcher } = service(json({}));
    await new RegistrationApi("https://id.example/", () => "one", fetcher).sendCode("41791234567");
    expect(seen[0]?.url).toBe("https://id.example/api/public/phone/verification");
    expect(bearer(seen[0]!)).toBe("Bearer one");
    expect(seen[0]?.init).toMatchObject({ credentials: "omit", body: '{"msisdn":"41791234567"}' });
  });

  it("gets another token once when one is refused", async () => {
    const { seen, fetcher } = service(json({ error: "invalid_token" }, 401), json({}));
    const api = new RegistrationApi("https://id.example", (refused) => (refused ? "two" : "one"), fetcher);
    await api.checkCode("41791234567", "123456");
    expect(seen.map(bearer)).toEqual(["Bearer one", "Bearer two"]);
  });

  it("says why it came to nothing", async () => {
    const fault = async (...answers: Response[]) => {
      const { fetcher } = service(...answers);
      return new RegistrationApi("https://id.example", () => "t", fetcher).status("41791234567").catch((error: unknown) => error as RegistrationError);
    };
    expect(await fault(json({ error: "otp_invalid", attemptsLeft: 2 }, 400))).toMatchObject({ code: "otp_invalid", attemptsLeft: 2, isPassing: false });
    expect(await fault(json({ error: "too_many_requests" }, 429, { "retry-after": "30" }))).toMatchObject({ retryAfter: 30, isPassing: true });
    expect(await fault(new Response("<html>", { status: 502 }))).toMatchObject({ code: "internal", isPassing: true });
    expect(await fault(json({ nothing: 1 }))).toMatchObject({ code: "unreadable" });
    expect(await fault()).toMatchObject({ code: "offline", isPassing: true });
    const { fetcher } = service();
    expect(await new RegistrationApi("https://id.example", () => "", fetcher).settings().catch((error: unknown) => error)).toMatchObject({ code: "no_token", isPassing: false });
  });

  it("takes a service without settings for one with the usual", async () => {
    const { fetcher } = service(json({ error: "not_found" }, 404), json({ error: "tc_already_accepted" }, 404));
    const api = new RegistrationApi("https://id.example", () => "t", fetcher);
    expect((await api.settings()).codeSeconds).toBe(480);
    expect(await api.terms("41791234567")).toBeNull();
  });

  it("spells a decision as the guide does", async () => {
    const { seen, fetcher } = service(json({}));
    const api = new RegistrationApi("https://id.example", () => "t", fetcher);
    await api.decide("x", { accepts: { zertes: true, eidas: false }, knowsTheRisk: true });
    expect(JSON.parse(String(seen[0]?.init.body))).toEqual({ token: "x", decizionZertes: true, decisionEidas: false, knowsTheRisk: true });
  });
});
