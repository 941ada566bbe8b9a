// Reads the pictures that the browser takes: PNG of 8 bits, RGB or RGBA, not interlaced [PNG, third edition].

import { inflateSync } from "node:zlib";

/** `{ width, height, channels, pixels }` of a picture. */
export function decode(png) {
  let at = 8;
  let header = null;
  const data = [];
  while (at < png.length) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") header = body;
    else if (type === "IDAT") data.push(body);
    at += 12 + length;
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = { 2: 3, 6: 4 }[header[9]];
  if (header[8] !== 8 || channels === undefined || header[12] !== 0) throw new Error("a picture of another kind");
  const raw = inflateSync(Buffer.concat(data));
  const row = width * channels;
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)];
    for (let x = 0; x < row; x++) {
      const left = x >= channels ? pixels[y * row + x - channels] : 0;
      const up = y > 0 ? pixels[(y - 1) * row + x] : 0;
      const corner = y > 0 && x >= channels ? pixels[(y - 1) * row + x - channels] : 0;
      pixels[y * row + x] =
        raw[y * (row + 1) + 1 + x] + [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
    }
  }
  return { width, height, channels, pixels };
}

function paeth(a, b, c) {
  const [p, q, r] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return p <= q && p <= r ? a : q <= r ? b : c;
}

/** The pixels of a part. */
export function part({ width, channels, pixels }, box) {
  const [left, top] = [Math.round(box.x), Math.round(box.y)];
  const rows = [];
  for (let y = top; y < top + Math.round(box.height); y++) {
    rows.push(pixels.subarray((y * width + left) * channels, (y * width + left + Math.round(box.width)) * channels));
  }
  return Buffer.concat(rows);
}
