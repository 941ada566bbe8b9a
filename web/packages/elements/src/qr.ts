/** The QR code alone: for pages that log people in and do nothing else with them. Registers nothing. */

export { CountersignQr, type QrTexts } from "./countersign-qr.ts";
export { ending, type Ending, type LinkAnswer, type StatusAnswer } from "./answers.ts";
export { qrMatrix, qrPath } from "./qr-code.ts";
