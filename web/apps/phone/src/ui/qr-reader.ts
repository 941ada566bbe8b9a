/** From a picture to the text of its QR code: the browser's decoder where there is one, else our own in a worker. */

import type { Decoded, Frame } from "./qr-worker.ts";
import workerUrl from "./qr-worker.ts?worker&url";
import { scriptUrl } from "./trusted-script.ts";

export interface QrReader {
  /** The text of a code in the picture, or null. */
  read(picture: ImageBitmap | HTMLVideoElement): Promise<string | null>;
  close(): void;
}

interface BarcodeDetectorLike {
  detect(source: ImageBitmapSource): Promise<readonly { rawValue: string }[]>;
}
interface BarcodeDetectorClass {
  new (options: { formats: string[] }): BarcodeDetectorLike;
  getSupportedFormats(): Promise<string[]>;
}

/** Pictures are made this small before they are looked at, in pixels along the longer edge. */
const EDGE = 800;

export async function qrReader(): Promise<QrReader> {
  const native = (globalThis as { BarcodeDetector?: BarcodeDetectorClass }).BarcodeDetector;
  if (native) {
    try {
      if ((await native.getSupportedFormats()).includes("qr_code")) {
        const detector = new native({ formats: ["qr_code"] });
        return {
          read: async (picture) => (await detector.detect(picture))[0]?.rawValue ?? null,
          close: () => undefined,
        };
      }
    } catch {
      // It is there in name only; take ours.
    }
  }
  return ownReader();
}

function ownReader(): QrReader {
  const worker = new Worker(scriptUrl(workerUrl), { type: "module" });
  const waiting = new Map<number, (text: string | null) => void>();
  let next = 0;
  worker.addEventListener("message", ({ data }: MessageEvent<Decoded>) => {
    waiting.get(data.id)?.(data.text);
    waiting.delete(data.id);
  });
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const ask = (width: number, height: number, scale: number, picture: CanvasImageSource) => {
    if (!context) return Promise.resolve(null);
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const id = next++;
    return new Promise<string | null>((resolve) => {
      waiting.set(id, resolve);
      const frame: Frame = { id, width: canvas.width, height: canvas.height, data: data.buffer };
      worker.postMessage(frame, [data.buffer]);
    });
  };
  return {
    read: async (picture) => {
      const video = picture instanceof HTMLVideoElement;
      const [width, height] = video ? [picture.videoWidth, picture.videoHeight] : [picture.width, picture.height];
      if (width === 0 || height === 0) return null;
      const fit = Math.min(1, EDGE / Math.max(width, height));
      const found = await ask(width, height, fit, picture);
      // A still picture may hold a code too small for that: once more as it is, within reason.
      return (
        found ??
        (video || fit === 1 ? null : ask(width, height, Math.min(1, (2 * EDGE) / Math.max(width, height)), picture))
      );
    },
    close: () => worker.terminate(),
  };
}
