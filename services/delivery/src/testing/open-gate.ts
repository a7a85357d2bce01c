import type { AuditGate } from '../audit-gate/audit-gate.js';

/** For tests that play without audit. */
export const OPEN_GATE: AuditGate = { isOpen: true, whenOpen: async () => {} };
