import jsQR from "jsqr";
import { expect, it } from "vitest";
import { QUIET, qrMatrix, qrPath } from "./qr-code.ts";

const LINK =
  "https://localhost:8443/device-link?deviceLinkType=QR&elapsedSeconds=7&sessionToken=TESTtokenTESTtoken012345" +
  "&sessionType=auth&version=1.0&lang=eng&authCode=IaYhAgaCpGFeBUQW8v0qwewKLA37Nsf4zC_4bdgL3nM";

/** Draws the path, as a browser would, with modules of `size` pixels. */
function draw(path: string, modules: number, size: number): Uint8ClampedArray {
  const width = modules * size;
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g)) {
    for (let row = Number(y) * size; row < (Number(y) + 1) * size; row += 1) {
      for (let column = Number(x) * size; column < (Number(x) + Number(run)) * size; column += 1) {
        pixels.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
      }
    }
  }
  return pixels;
}

it("a device link comes out of the drawn code as it went in", () => {
  for (const link of [LINK, `${LINK}${"x".repeat(200)}`]) {
    const matrix = qrMatrix(link);
    const width = matrix.length * 4;
    expect(jsQR(draw(qrPath(matrix), matrix.length, 4), width, width)?.data).toBe(link);
  }
});

it("the quiet zone is empty on every side", () => {
  const matrix = qrMatrix(LINK);
  const inner = matrix.slice(QUIET, -QUIET).map((row) => row.slice(QUIET, -QUIET));
  const count = (rows: boolean[][]) => rows.flat().filter(Boolean).length;
  expect(count(matrix)).toBe(count(inner));
  expect(inner[0]?.[0]).toBe(true);
});
