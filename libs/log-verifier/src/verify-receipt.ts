import {
  type Cosigned,
  checkCheckpoint,
  requireCosignatures,
  unknownSigners,
  type WitnessPolicy,
} from './check-checkpoint.js';
import { type Finding, Findings } from './finding.js';
import { parseReceipt } from './formats/receipt.js';
import type { VerifierKey } from './formats/verifier-key.js';
import { hashLeaf } from './tree/hash.js';
import { inclusionHolds } from './tree/proofs.js';

const PLACE = 'receipt';

export interface ReceiptToVerify {
  /** The text of a tlog-proof. */
  receipt: string;
  /** The leaf it is about, as the log holds it; whoever checks builds it from what the receipt is for. */
  leaf: Buffer;
  log: VerifierKey;
  policy?: WitnessPolicy;
}

/** What a receipt says. It is right if `findings` is empty. */
export interface ReceiptReport {
  /** Of the leaf. */
  index?: number;
  /** Of the tree that was signed. */
  size?: number;
  /** Opaque, and proven by nothing here. */
  extra?: Buffer;
  cosignatures: Cosigned[];
  /** Who else has a line under the checkpoint; not verified. */
  unknownSigners: string[];
  findings: Finding[];
}

/** Verifies one receipt, offline: the log's signature, the witnesses', and the path from the leaf to the signed root. */
export function verifyReceipt({ receipt, leaf, log, policy }: ReceiptToVerify): ReceiptReport {
  const findings = new Findings();
  const parsed = parseReceipt(receipt);
  if (parsed === undefined) {
    findings.add('proof-malformed', PLACE, 'the text is not a proof as c2sp.org/tlog-proof has it');
    return { cosignatures: [], unknownSigners: [], findings: findings.list };
  }
  const { index, path, extra } = parsed;
  const head = checkCheckpoint(parsed.checkpoint, log, PLACE, findings);
  if (head === undefined) return { index, cosignatures: [], unknownSigners: [], findings: findings.list };
  if (!inclusionHolds(hashLeaf(leaf), index, head.size, path, head.root)) {
    findings.add('inclusion-wrong', PLACE, 'the proof does not lead from this leaf to the signed root', index);
  }
  const cosignatures = policy ? requireCosignatures(head.note, policy, PLACE, findings) : [];
  const unknown = unknownSigners(head, cosignatures);
  return {
    index,
    size: head.size,
    ...(extra && { extra }),
    cosignatures,
    unknownSigners: unknown,
    findings: findings.list,
  };
}
