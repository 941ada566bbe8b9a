import { expect, test } from "vitest";
import { DirectArithmetic } from "./arithmetic.ts";
import { random } from "./random.ts";
import { type FromWorker, answer, remoteArithmetic } from "./worker-messages.ts";

/** A thread that copies what goes in and out, as a worker does; `fail` ends it. */
function thread() {
  let fail = () => {};
  const opened: number[] = [];
  const arithmetic = remoteArithmetic(() => {
    const inside = new DirectArithmetic(random);
    let tell: (message: FromWorker) => void;
    opened.push(1);
    return {
      post: (message) => void answer(inside, structuredClone(message)).then((reply) => tell(structuredClone(reply))),
      onMessage: (listener) => void (tell = listener),
      onFailure: (listener) => void (fail = listener),
    };
  });
  return { arithmetic, opened, fail: () => fail() };
}

const guard = { pin: "4071", kid: "key-1", hardware: new Uint8Array() };
const share = { salt: "AAAAAAAAAAAAAAAAAAAAAA", blob: "AAECAwQFBgcICQoLDA0ODw", iterations: 1 };
const core = { id: "core-1", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" };

test("what is computed in the thread comes back to its caller", async () => {
  const { arithmetic, opened } = thread();
  const results = await Promise.all([1, 2, 3].map(() => arithmetic.refresh(share, guard, { ...guard, pin: "8305" }, core)));
  expect(new Set(results.map(({ share: fresh }) => fresh.blob)).size).toBe(3);
  for (const { share: fresh, sealed } of results) {
    expect(fresh).toMatchObject({ iterations: 1, blob: expect.stringMatching(/^[\w-]{22}$/) });
    expect(sealed.id).toBe("core-1");
  }
  expect(opened).toHaveLength(1);
});

test("a failure tells its kind and nothing of what it was about", async () => {
  const { arithmetic } = thread();
  await expect(arithmetic.sealShare(7, core, "AUTH")).rejects.toThrow(/^the arithmetic failed: RangeError$/);
  const wrong = { ...share, blob: "not Base64url: 4071" };
  const error: unknown = await arithmetic.refresh(wrong, guard, guard, core).catch((error: unknown) => error);
  expect(String(error)).not.toContain("4071");
});

test("when the thread ends, its callers hear of it and the next call starts another", async () => {
  const { arithmetic, opened, fail } = thread();
  const lost = arithmetic.refresh(share, guard, guard, core);
  fail();
  await expect(lost).rejects.toThrow("thread failed");
  await arithmetic.refresh(share, guard, guard, core);
  expect(opened).toHaveLength(2);
});
