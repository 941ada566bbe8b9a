import type { RecentApproval } from "./types.ts";
import type { AccountRecord } from "./vault.ts";

/** Approvals and refusals that are remembered. */
const RECENT = 50;

/** The record with one more of them, newest first. */
export const recorded = (record: AccountRecord, approval: RecentApproval): AccountRecord =>
  ({ ...record, recent: [approval, ...record.recent].slice(0, RECENT) });
