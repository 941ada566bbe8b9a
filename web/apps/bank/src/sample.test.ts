import { expect, test } from "vitest";
import { pdf } from "./sample.ts";

test("each object of the sample document is where its table says", () => {
  const file = pdf("Promise (half)", "One sheep.");
  expect([...file].every((character) => character.charCodeAt(0) < 128)).toBe(true);
  const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(file)?.[1]);
  expect(file.slice(start, start + 5)).toBe("xref\n");
  const entries = [...file.slice(start).matchAll(/^(\d{10}) 00000 n $/gm)];
  expect(entries.length).toBe(5);
  entries.forEach(([, offset], index) => expect(file.slice(Number(offset))).toMatch(new RegExp(`^${index + 1} 0 obj\\n`)));
  const [, length, content] = /Length (\d+)>>\nstream\n(.*)\nendstream/s.exec(file)!;
  expect(content!.length).toBe(Number(length));
  expect(content).toContain("(Promise \\(half\\)) Tj");
});
