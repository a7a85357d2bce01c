import { hash } from 'node:crypto';
import { CATALOGUE_VERSION, encodeLedgerBatch, type LedgerBatch, NIL_UUID } from '@sluice/contracts';
import type { Agencies } from '@sluice/decision';
import type { PulledRecord } from '@sluice/messaging';
import type { ContentKeys, SubjectKeys } from '@sluice/vault';
import type { Aliases } from '../dispatch/aliases.js';
import { makeBlocks, type SealedBlock } from '../dispatch/blocks.js';
import { type Fence, fencesOf } from '../dispatch/fences.js';
import type { BatchEffects, LaneState, PartitionState, ReplayProgress } from '../ledger/batch-effects.js';
import type { ReplaySlice } from '../replay/slice.js';
import type { Reading } from './batch-reader.js';
import { Draft } from './draft.js';
import { fresh, readChanges, withHeaders } from './fresh-records.js';
import type { GrantViews } from './grant-views.js';
import { type Broken, openValues } from './open-values.js';
import { consentSource, isRegistrySource, type RegistrySource, vettingSource } from './read-sources.js';

/** What deciding needs beside the records. */
export interface DecisionContext {
  agencies: Agencies;
  grants: GrantViews;
  lanes: ReadonlyMap<string, LaneState>;
  /** Persons whose later changes wait behind a parked one. */
  waiting: ReadonlySet<string>;
  subjectKeys: SubjectKeys;
  contentKeys: ContentKeys;
  aliases: Aliases;
  now: () => number;
}

/** A decided batch, before its commit. */
export interface DecidedBatch {
  effects: BatchEffects;
  agencies: Agencies;
  blocks: readonly SealedBlock[];
  fences: readonly Fence[];
  /** When the oldest of its new events was recorded, ms since 1970; the time of the decision where there is none. */
  oldest: number;
  traceparent: string | undefined;
}

const EMPTY_LANE: LaneState = { sequence: 0, digest: Buffer.alloc(32) };

/**
 * Decides one reading. Pure but for the keys and grants it looks up: nothing is changed before the effects
 * are committed. `settled` are parked changes that an operator wants tried again, before the new ones; what is replayed
 * comes last, so that every stop and every change that was read stands before it.
 */
export async function decideBatch(
  reading: Reading,
  settled: readonly PulledRecord[],
  slice: ReplaySlice | undefined,
  state: PartitionState,
  context: DecisionContext,
): Promise<DecidedBatch> {
  const broken: Broken = { subjects: new Map(), replayed: new Set() };
  for (;;) {
    const attempt = await draftOf(reading, settled, slice, state, context, broken);
    const found = await openValues(attempt.draft, attempt.changes, broken, context.subjectKeys);
    // Rare: a change that cannot be opened parks its person's changes from there on, so the batch is made again.
    if (!found) return finish(attempt, settled, slice, state, context);
  }
}

interface Attempt {
  draft: Draft;
  changes: Map<number, RegistrySource>;
  marks: Pick<PartitionState, 'registryMark' | 'consentMark' | 'vettingMark'>;
  offsets: Pick<PartitionState, 'registryOffset' | 'consentOffset' | 'vettingOffset'>;
  traceparent: string | undefined;
  /** Source events of the slice that were left out. */
  skipped: number;
}

async function draftOf(
  reading: Reading,
  settled: readonly PulledRecord[],
  slice: ReplaySlice | undefined,
  state: PartitionState,
  context: DecisionContext,
  broken: Broken,
): Promise<Attempt> {
  const vetting = fresh(reading.vetting.map(withHeaders), state.vettingMark);
  const consent = fresh(reading.consent.map(withHeaders), state.consentMark);
  const stops = consent.taken.map(({ record, headers }) => consentSource(record, headers));
  const again = readChanges(settled);
  const read = readChanges(reading.registry);
  const registry = fresh(read.changes, state.registryMark);
  const subjects = [
    ...stops.map(({ event }) => event.data.subject),
    ...again.changes.map(({ source }) => source.ledger.subject),
    ...registry.taken.map(({ source }) => source.ledger.subject),
    ...(slice?.entries ?? []).map(({ source }) => source.ledger.subject),
  ];
  const draft = new Draft(context.agencies, await context.grants.of(subjects), context.now());
  for (const { record, headers } of vetting.taken) {
    const { event, notice } = vettingSource(record, headers);
    draft.vetting(event, notice);
  }
  for (const { event, notice } of stops) draft.consent(event, notice);
  for (const record of [...again.unreadable, ...read.unreadable]) draft.park(record.offset, NIL_UUID, 'unreadable');
  const changes = new Map<number, RegistrySource>();
  const take = (source: RegistrySource, waiting: boolean): void => {
    const { subject, offset } = source.ledger;
    const reason = broken.subjects.get(subject) ?? (waiting ? 'behind' : undefined);
    if (reason !== undefined) {
      draft.park(offset, subject, reason);
      return;
    }
    changes.set(draft.sources.length, source);
    draft.registry(source);
  };
  for (const { source } of again.changes) take(source, false);
  const released = new Set(again.changes.map(({ source }) => source.ledger.subject));
  for (const { source } of registry.taken) {
    const { subject } = source.ledger;
    take(source, context.waiting.has(subject) && !released.has(subject));
  }
  const skipped = slice === undefined ? 0 : replay(slice, draft, changes, context.waiting, broken);
  return {
    draft,
    changes,
    marks: { registryMark: registry.mark, consentMark: consent.mark, vettingMark: vetting.mark },
    offsets: {
      registryOffset: after(reading.registry, state.registryOffset),
      consentOffset: after(reading.consent, state.consentOffset),
      vettingOffset: after(reading.vetting, state.vettingOffset),
    },
    traceparent: registry.taken[0]?.headers.traceparent ?? consent.taken[0]?.headers.traceparent,
    skipped,
  };
}

/** Answers how many were left out. Present values of a person with parked changes are not known to be present. */
function replay(
  slice: ReplaySlice,
  draft: Draft,
  changes: Map<number, RegistrySource>,
  waiting: ReadonlySet<string>,
  broken: Broken,
): number {
  let skipped = 0;
  for (const entry of slice.entries) {
    const { subject, offset } = entry.source.ledger;
    const registry = isRegistrySource(entry.source) ? entry.source : undefined;
    if ((registry && broken.replayed.has(offset)) || (slice.present && waiting.has(subject))) {
      skipped += 1;
      continue;
    }
    const index = draft.replay(slice, entry);
    // The draft has a rendering of its own, marked as a replay: values are opened into that one.
    if (index !== undefined && registry) changes.set(index, { ...registry, ...draft.sources[index]! });
  }
  return skipped;
}

async function finish(
  { draft, marks, offsets, traceparent, skipped }: Attempt,
  settled: readonly PulledRecord[],
  slice: ReplaySlice | undefined,
  before: PartitionState,
  context: DecisionContext,
): Promise<DecidedBatch> {
  const state: PartitionState = { ...before, ...marks, ...offsets };
  const blocks = await blocksOf(draft, state.partition, context);
  const effects: BatchEffects = {
    state,
    subjects: draft.grants.changed,
    parked: draft.parked,
    settled: settled.map((record) => record.offset).filter((o) => !draft.parked.some((one) => one.offset === o)),
    ...(slice && { replayed: progressOf(slice, draft, skipped) }),
  };
  const decided = { effects, agencies: draft.agencies, blocks, oldest: oldestOf(draft), traceparent };
  if (draft.sources.length === 0) return { ...decided, fences: [] };
  state.ledgerSequence += 1;
  const ledger = ledgerOf(draft, blocks, state, before.ledgerDigest);
  const content = encodeLedgerBatch(ledger);
  state.ledgerDigest = hash('sha256', content, 'buffer');
  const { sequence, decidedAt } = ledger;
  effects.batch = { sequence, decidedAt, blocks: ledger.blocks, content };
  return { ...decided, fences: fencesOf(ledger) };
}

function oldestOf({ sources, now }: Draft): number {
  return sources.reduce(
    (least, { ledger }) => (ledger.replay === undefined ? Math.min(least, ledger.time) : least),
    now,
  );
}

function progressOf({ replay, next, done }: ReplaySlice, draft: Draft, skipped: number): ReplayProgress {
  const ofReplay = ({ source }: { source: number }) => draft.sources[source]!.ledger.replay !== undefined;
  const delivered = [...draft.deliveries.values()].flat().filter(ofReplay).length;
  return { replay, next, done, delivered, refused: draft.refusals.filter(ofReplay).length, skipped };
}

async function blocksOf(draft: Draft, lane: number, context: DecisionContext): Promise<SealedBlock[]> {
  const lookup = {
    render: (source: number) => draft.sources[source]!.render,
    subject: (source: number) => draft.sources[source]!.ledger.subject,
  };
  const blocks: SealedBlock[] = [];
  for (const [code, decisions] of draft.deliveries) {
    const agency = draft.agencies.get(code)!;
    const key = await context.contentKeys.of(code, agency.keyEpoch, agency.publicKey);
    const deliveries = { agency: code, lane, keyEpoch: agency.keyEpoch, key, decisions };
    blocks.push(...makeBlocks(deliveries, context.lanes.get(code) ?? EMPTY_LANE, lookup, context.aliases));
  }
  return blocks;
}

function ledgerOf(draft: Draft, blocks: readonly SealedBlock[], state: PartitionState, previous: Buffer): LedgerBatch {
  return {
    partition: state.partition,
    sequence: state.ledgerSequence,
    epoch: state.epoch,
    decidedAt: draft.now,
    catalogueVersion: CATALOGUE_VERSION,
    registryOffset: state.registryOffset,
    consentOffset: state.consentOffset,
    vettingOffset: state.vettingOffset,
    previous,
    sources: draft.sources.map((source) => source.ledger),
    decisions: [...[...draft.deliveries.values()].flat(), ...draft.refusals],
    blocks: blocks.map((block) => block.ledger),
  };
}

function after(records: readonly PulledRecord[], otherwise: bigint): bigint {
  const last = records.at(-1);
  return last === undefined ? otherwise : last.offset + 1n;
}
