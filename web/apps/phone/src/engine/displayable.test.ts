import { expect, test } from "vitest";
import { displayable } from "./displayable.ts";

const show = (text: string, limit = 60) => displayable(text, limit);

test("ordinary texts of many scripts stay as they are", () => {
  for (const text of ["Log in to Näidis OÜ", "Платёж 10 €", "ログイン", "تسجيل الدخول إلى البنك", "כניסה לחשבון", "Įvesti “PIN”",
    "Đăng nhập", "ขอเข้าสู่ระบบ", "क्षमा करें", "👍 OK", "a<b & c>d \"e\" 'f'"]) {
    expect(show(text)).toEqual({ text: text.normalize("NFC"), altered: false, cut: false });
  }
});

test("markup stays text", () => {
  const text = "<img src=x onerror=alert(1)><script>1</script>&lt;b&gt;";
  expect(show(text)).toEqual({ text, altered: false, cut: false });
});

test("direction controls are taken out", () => {
  for (const code of [0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0x200e, 0x200f, 0x61c]) {
    expect(show(`Pay ${String.fromCodePoint(code)}001 EUR`), code.toString(16)).toEqual(
      { text: "Pay 001 EUR", altered: true, cut: false });
  }
});

test("invisible characters are taken out", () => {
  const codes = [0, 7, 8, 0x1b, 0x7f, 0x9f, 0xad, 0x34f, 0x115f, 0x1160, 0x17b4, 0x180e, 0x200b, 0x200c, 0x200d, 0x2060, 0x2064,
    0x2800, 0x3164, 0xfeff, 0xfff9, 0xfffe, 0xffa0, 0x1d173, 0xe0001, 0xe0041, 0xe007f, 0xe0100, 0xe000, 0xf0000, 0x378];
  for (const code of codes) {
    expect(show(`a${String.fromCodePoint(code)}b`), code.toString(16)).toEqual({ text: "ab", altered: true, cut: false });
  }
  expect(show("a\ud800b")).toEqual({ text: "ab", altered: true, cut: false });
  expect(show("❤️")).toEqual({ text: "❤", altered: false, cut: false });
});

test("a text is one line without runs of spaces", () => {
  expect(show("  Pay\r\n\t10\u2028\u2029\u00a0\u3000EUR\u0085 ").text).toBe("Pay 10 EUR");
  expect(show(`Pay 1${"\u00a0".repeat(100)}000 EUR`)).toEqual({ text: "Pay 1 000 EUR", altered: false, cut: false });
});

test("marks do not pile up", () => {
  expect(show(`a${"\u0301".repeat(40)}b`)).toEqual({ text: "á\u0301\u0301\u0301b", altered: true, cut: false });
  expect(show(`Z${"\u0335\u0489\u20dd".repeat(30)}`).text).toHaveLength(4);
  expect(show("\u0301Pay").text).toBe("Pay");
  // Hebrew with points, and Vietnamese, have as many as they need.
  expect(show("שָׁלוֹם").altered).toBe(false);
  expect(show("Việt ngữ".normalize("NFD")).text).toBe("Việt ngữ");
});

test("a long text is cut with a visible sign", () => {
  expect(show("a".repeat(60)).cut).toBe(false);
  const { text, cut } = show("a".repeat(61));
  expect([cut, [...text].length, text.endsWith("…")]).toEqual([true, 60, true]);
  // Characters outside the basic plane count once and are not torn apart.
  expect([...show("😀".repeat(100)).text]).toHaveLength(60);
  expect(show("x".repeat(1_000_000), 200).text).toHaveLength(200);
  expect(show("\u200b".repeat(1_000_000), 200)).toEqual({ text: "□…", altered: true, cut: true });
});

test("nothing to show is shown as such", () => {
  expect(show("")).toEqual({ text: "□", altered: false, cut: false });
  for (const text of ["\u200b", " ", "\u0301", "\u202e\u2066"]) expect(show(text)).toEqual({ text: "□", altered: true, cut: false });
});

test("what is safe stays the same when it goes through again", () => {
  for (const text of ["Pay\u202e 10", `a${"\u0301".repeat(9)}`, "x".repeat(99), "\u1100\u1161\u200d\u11a8", "e\u200b\u0301\u0301\u0301\u0301"]) {
    const once = show(text).text;
    expect(show(once).text).toBe(once);
  }
});

test("whatever comes, what is shown keeps the rules", () => {
  let seed = 20261129;
  const random = (below: number) => {
    seed = Math.imul(seed ^ seed >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return (seed >>> 0) % below;
  };
  const ranges = [[0, 0x100], [0x300, 0x370], [0x590, 0x700], [0x900, 0xe80], [0x1100, 0x1200], [0x2000, 0x2100], [0x2800, 0x2801],
    [0xd800, 0xe000], [0xfe00, 0xfe10], [0xe0000, 0xe0200], [0x1f300, 0x1f700], [0, 0x110000]] as const;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: random(80) }, () => {
      const [from, to] = ranges[random(ranges.length)]!;
      return String.fromCodePoint(from + random(to - from));
    }).join("");
    const limit = round % 2 ? 60 : 200;
    const { text: shown } = show(text, limit);
    expect([...shown].length).toBeLessThanOrEqual(limit);
    expect(shown).not.toMatch(/[\p{C}\p{DI}\u2800]|\p{M}{4}|^\p{M}|[\p{Zl}\p{Zp}]| {2}|^ | $/u);
    expect(shown).not.toBe("");
    expect(show(shown, limit).text).toBe(shown);
  }
});
