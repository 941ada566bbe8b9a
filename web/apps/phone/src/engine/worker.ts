/** The thread of the arithmetic. */

import { DirectArithmetic } from "./arithmetic.ts";
import { random } from "./random.ts";
import { type ToWorker, answer } from "./worker-messages.ts";

const arithmetic = new DirectArithmetic(random);

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  void answer(arithmetic, data).then((reply) => postMessage(reply));
});
