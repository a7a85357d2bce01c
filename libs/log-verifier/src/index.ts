export type { Cosigned, WitnessPolicy } from './check-checkpoint.js';
export { checkCosignatures } from './check-checkpoint.js';
export { type Finding, type FindingCode, Findings, MAX_FINDINGS } from './finding.js';
export { type Checkpoint, parseCheckpoint } from './formats/checkpoint.js';
export { type Note, parseNote, type Signed, signedBy } from './formats/note.js';
export { parseVerifierKey, type VerifierKey, VerifierKeyMalformed } from './formats/verifier-key.js';
export {
  type HistoriesReport,
  type HistoriesToVerify,
  type RecordPage,
  type RecordSource,
  type RecordWithRows,
  verifyHistories,
} from './histories/verify-histories.js';
export type { HeadsEpoch } from './history/heads-leaf.js';
export { type HistoryReport, type HistoryToVerify, verifyHistory } from './history/verify-history.js';
export { folderSource, httpSource, type LogSource } from './source/log-source.js';
export { consistencyHolds, type Head, inclusionHolds } from './tree/proofs.js';
export { type DeliveryInBlock, isInBlock } from './verify-block.js';
export { type CheckpointsToCompare, type ConsistencyReport, verifyConsistency } from './verify-consistency.js';
export { type LogReport, type LogToVerify, verifyLog } from './verify-log.js';
export { type RangeToVerify, verifyRange } from './verify-range.js';
export { type ReceiptReport, type ReceiptToVerify, verifyReceipt } from './verify-receipt.js';
