import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { NIL_UUID, PURPOSE_CODES, PURPOSES, type ReplyOf, type readDeliveryReceipt, uuidText } from '@sluice/contracts';
import { DECISION_AT, LedgerView, SOURCE_AT } from '../domain/ledger-view.js';
import type { SealedFacts } from '../domain/sealing.js';
import { BlockCommitments, blocksOf } from '../log/block-commitments.js';
import { LeafProofs } from '../log/leaf-proofs.js';
import { LOG_SALT_SECRET } from '../log/log-config.js';
import { BlockPlaces } from './block-places.js';
import { LedgerRecords } from './ledger-records.js';

/** A receipt, and whom the delivery was about. */
export interface DeliveryReceipt {
  /** Undefined for a notice about the agency itself. */
  subject: string | undefined;
  /** What a seal would look at. */
  facts: SealedFacts;
  receipt: ReplyOf<typeof readDeliveryReceipt>;
}

/** Makes receipts from the ledger, whose record holds the facts, and the log, which holds the proof. */
@Injectable()
export class DeliveryReceipts {
  constructor(
    private readonly places: BlockPlaces,
    private readonly ledger: LedgerRecords,
    private readonly leaves: LeafProofs,
    @Inject(LOG_SALT_SECRET) private readonly saltSecret: KeyObject,
  ) {}

  /** Undefined where the log has no such delivery, or has it not yet. */
  async of(agency: string, lane: number, sequence: number): Promise<DeliveryReceipt | undefined> {
    const found = await this.places.find(agency, lane, sequence);
    if (found === undefined) return undefined;
    // One waits for Kafka, the other for the log's files.
    const [record, proven] = await Promise.all([
      this.ledger.at(lane, found.ledgerOffset),
      this.leaves.prove(found.leaf),
    ]);
    const batch = new LedgerView(record);
    const block = blocksOf(batch).find((one) => one.agency === agency && one.first === found.first);
    if (block === undefined) throw new Error('the index of the log names a block that the ledger has not got');
    const index = sequence - block.first;
    const { text, salt, path } = new BlockCommitments(this.saltSecret, batch, block).proof(index);
    return {
      subject: subjectOf(batch, block.decision + index),
      facts: factsOf(batch, block.decision + index, agency),
      receipt: {
        delivery: text,
        salt: salt.toString('base64'),
        block: { index, count: block.count, path: path.map((hash) => hash.toString('base64')) },
        ...proven,
      },
    };
  }
}

function factsOf(batch: LedgerView, decision: number, agency: string): SealedFacts {
  const number = batch.bytes[batch.decisionAt(decision) + DECISION_AT.purpose];
  const purpose = PURPOSE_CODES.find((code) => PURPOSES[code].number === number);
  const at = new Date(batch.decidedAt).toISOString();
  return {
    at,
    kind: 'delivered',
    actor: 'service:delivery',
    recipient: agency,
    ...(purpose !== undefined && { purpose }),
  };
}

function subjectOf(batch: LedgerView, decision: number): string | undefined {
  const source = batch.bytes.readUInt32BE(batch.decisionAt(decision) + DECISION_AT.source);
  const subject = uuidText(batch.bytes, batch.sourceAt(source) + SOURCE_AT.subject);
  return subject === NIL_UUID ? undefined : subject;
}
