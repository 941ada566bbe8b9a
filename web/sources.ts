import { defaultClientConditions } from "vite";

/** Our own packages are read as sources: nothing has to be built before what uses them. */
export const sources = { conditions: ["countersign-source", ...defaultClientConditions] };
