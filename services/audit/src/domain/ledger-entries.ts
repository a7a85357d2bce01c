import { NIL_UUID, uuidBytes } from '@sluice/contracts';
import type { Alarm } from './alarm.js';
import {
  type BlockView,
  DECISION_AT,
  DECISION_BYTES,
  type LedgerView,
  SOURCE_AT,
  SOURCE_BYTES,
} from './ledger-view.js';

/**
 * The entry of one source event with all that was decided about it:
 *
 * ```
 * u8 format (1, or 3 for a replay) | u8 lane | u16 decisions | u64 ledger sequence | source as in the ledger | u8 length, actor
 * | for each decision: as in the ledger, u64 lane sequence (0: nothing was delivered), u8 length, agency
 * | format 3: u8 length, plan of the replay
 * ```
 *
 * Indexes into the batch's strings are left as they are and mean nothing here.
 */
export const LEDGER_ENTRY_FORMAT = 1;
export const REPLAYED_ENTRY_FORMAT = 3;
export const ENTRY_HEAD_BYTES = 12;
const DELIVERED = 0;
const NIL = uuidBytes(NIL_UUID);

/** Takes one row per source. `write` fills `length` bytes of `into` from `at` on. */
export interface EntrySink {
  row(index: number, subject: Buffer, subjectAt: number, length: number): { into: Buffer; at: number };
}

/**
 * Writes an entry for each source that is about a person. An alarm where the blocks do not hold what was decided for them.
 */
export function writeLedgerEntries(batch: LedgerView, place: string, sink: EntrySink): Alarm[] {
  const { bytes, strings } = batch;
  const bySource = decisionsBySource(batch);
  const { sequences, alarms } = laneSequences(batch, place);
  for (let source = 0; source < batch.sources; source++) {
    const sourceAt = batch.sourceAt(source);
    if (isNil(bytes, sourceAt + SOURCE_AT.subject)) continue;
    const from = bySource.starts[source]!;
    const to = bySource.starts[source + 1]!;
    const actor = strings[bytes.readUInt16BE(sourceAt + SOURCE_AT.actor)]!;
    const replay = batch.replayOf(source);
    let length = ENTRY_HEAD_BYTES + SOURCE_BYTES + 1 + actor.length + (replay === undefined ? 0 : 1 + replay.length);
    for (let i = from; i < to; i++) {
      const decisionAt = batch.decisionAt(bySource.order[i]!);
      length += DECISION_BYTES + 9 + strings[bytes.readUInt16BE(decisionAt + DECISION_AT.agency)]!.length;
    }
    const row = sink.row(source, bytes, sourceAt + SOURCE_AT.subject, length);
    const into = row.into;
    let at = row.at;
    into[at] = replay === undefined ? LEDGER_ENTRY_FORMAT : REPLAYED_ENTRY_FORMAT;
    into[at + 1] = batch.partition;
    into.writeUInt16BE(to - from, at + 2);
    writeU64(into, batch.sequence, at + 4);
    at += ENTRY_HEAD_BYTES;
    bytes.copy(into, at, sourceAt, sourceAt + SOURCE_BYTES);
    at = writeShort(into, at + SOURCE_BYTES, actor);
    for (let i = from; i < to; i++) {
      const decision = bySource.order[i]!;
      const decisionAt = batch.decisionAt(decision);
      bytes.copy(into, at, decisionAt, decisionAt + DECISION_BYTES);
      writeU64(into, sequences[decision]!, at + DECISION_BYTES);
      at = writeShort(into, at + DECISION_BYTES + 8, strings[bytes.readUInt16BE(decisionAt + DECISION_AT.agency)]!);
    }
    if (replay !== undefined) writeShort(into, at, replay);
  }
  return alarms;
}

/** Decisions stand in block order; here they are brought together by source (a counting sort). */
function decisionsBySource(batch: LedgerView): { starts: Uint32Array; order: Uint32Array } {
  const starts = new Uint32Array(batch.sources + 1);
  for (let i = 0; i < batch.decisions; i++) {
    const source = batch.bytes.readUInt32BE(batch.decisionAt(i) + DECISION_AT.source);
    starts[source + 1]! += 1;
  }
  for (let i = 0; i < batch.sources; i++) starts[i + 1]! += starts[i]!;
  const next = starts.slice();
  const order = new Uint32Array(batch.decisions);
  for (let i = 0; i < batch.decisions; i++) {
    const source = batch.bytes.readUInt32BE(batch.decisionAt(i) + DECISION_AT.source);
    order[next[source]!] = i;
    next[source]! += 1;
  }
  return { starts, order };
}

/** The lane sequence of each delivery: the deliveries of an agency, in order, fill its blocks. */
function laneSequences(batch: LedgerView, place: string): { sequences: Float64Array; alarms: Alarm[] } {
  const sequences = new Float64Array(batch.decisions);
  const blocks: BlockView[][] = batch.strings.map(() => []);
  for (const block of batch.blocks) blocks[block.agency]!.push(block);
  const delivered = new Uint32Array(batch.strings.length);
  const current = new Uint32Array(batch.strings.length);
  const inBlock = new Uint32Array(batch.strings.length);
  for (let i = 0; i < batch.decisions; i++) {
    const at = batch.decisionAt(i);
    if (batch.bytes[at + DECISION_AT.outcome] !== DELIVERED) continue;
    const agency = batch.bytes.readUInt16BE(at + DECISION_AT.agency);
    delivered[agency]! += 1;
    const block = blocks[agency]![current[agency]!];
    if (block === undefined) continue;
    sequences[i] = block.first + inBlock[agency]!;
    inBlock[agency]! += 1;
    if (inBlock[agency] === block.count) {
      inBlock[agency] = 0;
      current[agency]! += 1;
    }
  }
  const alarms: Alarm[] = [];
  for (const [agency, ofAgency] of blocks.entries()) {
    const held = ofAgency.reduce((sum, { count }) => sum + count, 0);
    if (held === delivered[agency]) continue;
    const counts = { expected: `${delivered[agency]} deliveries`, found: `${held} in blocks` };
    alarms.push({ kind: 'lane-count', place: `${place} ${batch.strings[agency]!.toString()}`, ...counts });
  }
  return { sequences, alarms };
}

function isNil(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0 && bytes.compare(NIL, 0, 16, at, at + 16) === 0;
}

function writeShort(into: Buffer, at: number, text: Buffer): number {
  into[at] = text.length;
  text.copy(into, at + 1);
  return at + 1 + text.length;
}

function writeU64(into: Buffer, value: number, at: number): void {
  into.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  into.writeUInt32BE(value >>> 0, at + 4);
}
