import encodeQR from "qr";

/** A QR code as a picture, the way an e-service shows it. */
export function qrImage(text: string): Buffer {
  return Buffer.from(encodeQR(text, "gif", { ecc: "low", border: 4, scale: 6 }));
}
