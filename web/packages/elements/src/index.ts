/** The classes. Importing them registers nothing; `register.ts` does that. */

export { CountersignQr, type QrTexts } from "./countersign-qr.ts";
export { ending, type Ending, type LinkAnswer, type StatusAnswer } from "./answers.ts";
export { qrMatrix, qrPath } from "./qr-code.ts";
