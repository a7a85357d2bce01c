import type { BatchEffects } from './batch-effects.js';

/**
 * What several partitions decided, in one statement and one commit. Every part takes its rows by way of `own`, so that
 * a partition whose epoch was raised by another worker changes nothing, and the others are not held up by it. Contents
 * and digests go as one parameter each, cut by offsets.
 */
export const COMMIT = `with own as (
    update delivery.partition p set registry_offset = s.registry_offset, consent_offset = s.consent_offset,
      vetting_offset = s.vetting_offset, registry_xid = s.registry_xid, registry_position = s.registry_position,
      consent_xid = s.consent_xid, consent_position = s.consent_position, vetting_xid = s.vetting_xid,
      vetting_position = s.vetting_position, ledger_sequence = s.ledger_sequence,
      ledger_digest = substring($13::bytea from (s.nth * 32 - 31)::int for 32), dispatched_sequence = s.dispatched_sequence
    from unnest($1::smallint[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
      $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $14::bigint[]) with ordinality
      as s(partition, epoch, registry_offset, consent_offset, vetting_offset, registry_xid, registry_position,
      consent_xid, consent_position, vetting_xid, vetting_position, ledger_sequence, dispatched_sequence, nth)
    where p.partition = s.partition and p.epoch = s.epoch returning p.partition
  ), batch as (
    insert into delivery.batch (partition, sequence, decided_at, content)
    select partition, b.sequence, b.decided_at, substring($19::bytea from b.at for b.length)
    from own join unnest($15::smallint[], $16::bigint[], $17::timestamptz[], $18::int[], $20::int[])
      as b(partition, sequence, decided_at, at, length) using (partition)
  ), block as (
    insert into delivery.block (agency, lane, first, count, batch, digest)
    select b.agency, partition, b.first, b.count, b.batch, substring($26::bytea from (b.nth * 32 - 31)::int for 32)
    from own join unnest($21::smallint[], $22::text[], $23::bigint[], $24::int[], $25::bigint[]) with ordinality
      as b(partition, agency, first, count, batch, nth) using (partition)
  ), lane as (
    insert into delivery.lane (agency, lane, last_sequence, last_digest)
    select l.agency, partition, l.last, substring($26::bytea from l.nth * 32 - 31 for 32)
    from own join unnest($27::smallint[], $28::text[], $29::bigint[], $30::int[]) as l(partition, agency, last, nth)
      using (partition)
    on conflict (agency, lane) do update set last_sequence = excluded.last_sequence, last_digest = excluded.last_digest
  ), subject as (
    insert into delivery.subject (subject, grants)
    select s.subject, s.grants from own join unnest($31::smallint[], $32::uuid[], $33::jsonb[])
      as s(partition, subject, grants) using (partition)
    on conflict (subject) do update set grants = excluded.grants
  ), parked as (
    insert into delivery.parked (partition, registry_offset, subject, reason)
    select partition, p.registry_offset, p.subject, p.reason
    from own join unnest($34::smallint[], $35::bigint[], $36::uuid[], $37::text[])
      as p(partition, registry_offset, subject, reason) using (partition)
    on conflict (partition, registry_offset) do update set reason = excluded.reason, settlement = null
  ), settled as (
    delete from delivery.parked p using own, unnest($38::smallint[], $39::bigint[]) as s(partition, registry_offset)
    where own.partition = s.partition and p.partition = s.partition and p.registry_offset = s.registry_offset
  ), replayed as (
    update delivery.replay_lane l set next = r.next, done = r.done, trouble = null, delivered = l.delivered + r.delivered,
      refused = l.refused + r.refused, skipped = l.skipped + r.skipped
    from own, unnest($40::smallint[], $41::uuid[], $42::bigint[], $43::boolean[], $44::int[], $45::int[], $46::int[])
      as r(partition, replay, next, done, delivered, refused, skipped)
    where own.partition = r.partition and l.lane = r.partition and l.replay = r.replay
  )
  select partition from own`;

/** The parameters of COMMIT for a group of partitions, each in it once. */
export function commitValues(group: readonly BatchEffects[]): unknown[] {
  const states = group.map(({ state }) => state);
  const batches = group.flatMap(({ state, batch }) =>
    batch === undefined ? [] : [{ partition: state.partition, ...batch }],
  );
  const blocks = batches.flatMap(({ partition, sequence, blocks }) =>
    blocks.map((block) => ({ partition, batch: sequence, ...block })),
  );
  const lanes = lastOfEachLane(blocks);
  const subjects = ofEach(group, ({ subjects }) => [...subjects]);
  const parked = ofEach(group, (effects) => effects.parked);
  const settled = ofEach(group, (effects) => effects.settled);
  const replayed = ofEach(group, (effects) => (effects.replayed === undefined ? [] : [effects.replayed]));
  let at = 1;
  const starts = batches.map(({ content }) => {
    const start = at;
    at += content.length;
    return start;
  });
  return [
    states.map((state) => state.partition),
    states.map((state) => state.epoch),
    states.map((state) => state.registryOffset),
    states.map((state) => state.consentOffset),
    states.map((state) => state.vettingOffset),
    states.map((state) => state.registryMark.xid),
    states.map((state) => state.registryMark.position),
    states.map((state) => state.consentMark.xid),
    states.map((state) => state.consentMark.position),
    states.map((state) => state.vettingMark.xid),
    states.map((state) => state.vettingMark.position),
    states.map((state) => state.ledgerSequence),
    Buffer.concat(states.map((state) => state.ledgerDigest)),
    states.map((state) => state.dispatchedSequence),
    batches.map((batch) => batch.partition),
    batches.map(({ sequence }) => sequence),
    batches.map(({ decidedAt }) => new Date(decidedAt)),
    starts,
    Buffer.concat(batches.map(({ content }) => content)),
    batches.map(({ content }) => content.length),
    blocks.map((block) => block.partition),
    blocks.map((block) => block.agency),
    blocks.map((block) => block.first),
    blocks.map((block) => block.count),
    blocks.map((block) => block.batch),
    Buffer.concat(blocks.map((block) => block.digest)),
    lanes.map((nth) => blocks[nth]!.partition),
    lanes.map((nth) => blocks[nth]!.agency),
    lanes.map((nth) => blocks[nth]!.first + blocks[nth]!.count - 1),
    lanes.map((nth) => nth + 1),
    subjects.map(({ partition }) => partition),
    subjects.map(({ one: [subject] }) => subject),
    subjects.map(({ one: [, grants] }) => JSON.stringify(grants)),
    parked.map(({ partition }) => partition),
    parked.map(({ one }) => one.offset),
    parked.map(({ one }) => one.subject),
    parked.map(({ one }) => one.reason),
    settled.map(({ partition }) => partition),
    settled.map(({ one }) => one),
    replayed.map(({ partition }) => partition),
    replayed.map(({ one }) => one.replay),
    replayed.map(({ one }) => one.next),
    replayed.map(({ one }) => one.done),
    replayed.map(({ one }) => one.delivered),
    replayed.map(({ one }) => one.refused),
    replayed.map(({ one }) => one.skipped),
  ];
}

function ofEach<T>(group: readonly BatchEffects[], list: (effects: BatchEffects) => readonly T[]) {
  return group.flatMap((effects) => list(effects).map((one) => ({ partition: effects.state.partition, one })));
}

/** Indices of the last block of each lane. */
function lastOfEachLane(blocks: readonly { partition: number; agency: string }[]): number[] {
  const last = new Map<string, number>();
  for (const [i, { partition, agency }] of blocks.entries()) last.set(`${partition}/${agency}`, i);
  return [...last.values()];
}
