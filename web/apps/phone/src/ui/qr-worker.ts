/** Decodes QR codes away from the page's own thread. Loaded only where the browser has no decoder of its own. */

import decodeQR from "qr/decode.js";

export interface Frame {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  /** RGBA. */
  readonly data: ArrayBuffer;
}

export interface Decoded {
  readonly id: number;
  readonly text: string | null;
}

self.addEventListener("message", ({ data: frame }: MessageEvent<Frame>) => {
  let text: string | null;
  try {
    text = decodeQR({ width: frame.width, height: frame.height, data: new Uint8ClampedArray(frame.data) });
  } catch {
    // No code in this picture, or one that cannot be read.
    text = null;
  }
  self.postMessage({ id: frame.id, text } satisfies Decoded);
});
