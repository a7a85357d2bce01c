import { hash, randomBytes, randomUUID } from 'node:crypto';
import type { HistoryProof } from '@sluice/contracts';
import { type FindingCode, parseVerifierKey, verifyHistory } from '@sluice/log-verifier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BuiltHistories, type BuiltRow } from '../testing/built-histories.js';

const built = new BuiltHistories();
const [subject, other, absent] = [randomUUID(), randomUUID(), randomUUID()];
let proof: HistoryProof;
let older: HistoryProof;

const event = (of: string, topic: number, offset: number): BuiltRow => ({
  subject: of,
  topic,
  partition: topic === 3 ? offset % 6 : 2,
  offset,
  entry: Buffer.concat([Buffer.of(2), randomBytes(40)]),
});
/** An entry of the ledger's format with so many decisions. */
function decided(of: string, offset: number, decisions: number): BuiltRow {
  const head = Buffer.alloc(12 + 64 + 1 + 5);
  head[0] = 1;
  head.writeUInt16BE(decisions, 2);
  randomBytes(64).copy(head, 12);
  head[76] = 5;
  const decision = () => Buffer.concat([randomBytes(46), Buffer.of(4), Buffer.from('bank')]);
  return {
    subject: of,
    topic: 1,
    partition: 2,
    offset,
    entry: Buffer.concat([head, ...Array.from({ length: decisions }, decision)]),
  };
}

beforeAll(async () => {
  const crowd = Array.from({ length: 300 }, () => event(randomUUID(), 1, 1));
  await built.epoch(...crowd, event(subject, 2, 1), decided(subject, 2, 3), event(other, 2, 3));
  older = await built.proofOf(subject);
  await built.epoch(
    decided(subject, 5, 0),
    decided(subject, 6, 7),
    event(subject, 3, 1),
    event(subject, 3, 8),
    event(other, 3, 9),
  );
  proof = await built.proofOf(subject);
});
afterAll(() => built.remove());

function codesOf(changed: HistoryProof | string, earlier?: HistoryProof): FindingCode[] {
  const report = verifyHistory({
    file: typeof changed === 'string' ? changed : JSON.stringify(changed),
    log: parseVerifierKey(built.key.verifierKey),
    ...(earlier && { earlier: JSON.stringify(earlier) }),
  });
  return report.findings.map(({ code }) => code);
}

/** A copy that `change` was made to. */
function changed(change: (copy: HistoryProof) => void, of: HistoryProof = proof): HistoryProof {
  const copy = structuredClone(of);
  change(copy);
  return copy;
}

const flip = (text: string, at = 0) => {
  const bytes = Buffer.from(text, 'base64');
  bytes[at]! ^= 1;
  return bytes.toString('base64');
};
const opened = (part: HistoryProof['rows'][number]['head']) => part as { salt: string; content: string };

test('what is whole is found whole, also when parts of it are withheld', () => {
  expect(codesOf(proof)).toEqual([]);
  expect(codesOf(older)).toEqual([]);
  expect(codesOf(proof, older)).toEqual([]);
  expect(codesOf(proof, proof)).toEqual([]);
});

test.each([...Array(6).keys()])('row %i left out, altered, shown twice or moved', (at) => {
  const incomplete = ['history-incomplete'];
  expect(codesOf(changed(({ rows }) => rows.splice(at, 1)))).toEqual(incomplete);
  expect(codesOf(changed(({ rows }) => rows.push(rows[at]!)))).not.toEqual([]);
  expect(codesOf(changed(({ rows }) => rows.splice(at, 0, rows[at]!)))).not.toEqual([]);
  const head = (copy: HistoryProof) => opened(copy.rows[at]!.head);
  expect(codesOf(changed((copy) => (head(copy).content = flip(head(copy).content, 20))))).toEqual(incomplete);
  expect(codesOf(changed((copy) => (head(copy).content = flip(head(copy).content, 7))))).not.toEqual([]);
  expect(codesOf(changed((copy) => (head(copy).salt = flip(head(copy).salt))))).toEqual(incomplete);
  expect(codesOf(changed(({ rows }) => rows[at]!.decisions.push(randomBytes(32).toString('base64'))))).toEqual(
    incomplete,
  );
  expect(codesOf(changed(({ rows }) => (rows[at]!.partition += 1)))).not.toEqual([]);
});

test('a decision left out, altered or moved to another event', () => {
  const [first, second] = proof.rows.flatMap(({ decisions }, at) => (decisions.length > 0 ? [at] : [])) as [
    number,
    number,
  ];
  for (let i = 0; i < 7; i++) {
    expect(codesOf(changed(({ rows }) => rows[second]!.decisions.splice(i, 1)))).toEqual(['history-incomplete']);
    const alter = ({ rows }: HistoryProof) => {
      const decision = opened(rows[second]!.decisions[i]!);
      decision.content = flip(decision.content, i);
    };
    expect(codesOf(changed(alter))).toEqual(['history-incomplete']);
  }
  const move = ({ rows }: HistoryProof) => rows[first]!.decisions.push(rows[second]!.decisions.pop()!);
  expect(codesOf(changed(move))).toContain('history-incomplete');
});

test('two rows of a strand in each other’s place', () => {
  const ledger = proof.rows.flatMap(({ topic }, at) => (topic === 1 ? [at] : []));
  const swap = ({ rows }: HistoryProof) => {
    [rows[ledger[0]!], rows[ledger[1]!]] = [rows[ledger[1]!]!, rows[ledger[0]!]!];
  };
  expect(codesOf(changed(swap))).not.toEqual([]);
});

test('a strand left out, with its rows, or counted otherwise', () => {
  for (let i = 0; i < proof.head.strands.length; i++) {
    const { topic, partition } = proof.head.strands[i]!;
    const leaveOut = (copy: HistoryProof) => {
      copy.head.strands.splice(i, 1);
      copy.rows = copy.rows.filter((row) => row.topic !== topic || row.partition !== partition);
    };
    expect(codesOf(changed(leaveOut))).toEqual(['head-wrong']);
    expect(codesOf(changed(({ head }) => (head.strands[i]!.rows += 1)))).toEqual(['history-incomplete', 'head-wrong']);
    expect(codesOf(changed(({ head }) => (head.strands[i]!.link = flip(head.strands[i]!.link))))).toContain(
      'head-wrong',
    );
  }
  expect(codesOf(changed(({ head }) => head.strands.reverse()))).toEqual(['history-malformed']);
  const nothing = ({ head, rows }: HistoryProof) => [head.strands.splice(0), rows.splice(0)];
  expect(codesOf(changed(nothing))).toEqual(['head-wrong']);
});

test('the last rows left out together with a head that fits, and an older head with a newer leaf', () => {
  const withOlderHead = ({ head, rows }: HistoryProof) => {
    head.strands = older.head.strands;
    rows.splice(0, rows.length, ...older.rows);
  };
  expect(codesOf(changed(withOlderHead))).toEqual(['head-wrong']);
  const olderLeaf = ({ head }: HistoryProof) => {
    head.leaf = older.head.leaf;
    head.proof = older.head.proof;
  };
  expect(codesOf(changed(olderLeaf))).toEqual(['head-wrong']);
  expect(codesOf(changed(({ head }) => (head.leaf = older.head.leaf)))).toContain('inclusion-wrong');
});

test('an older history in place of the newer is found by whoever kept the newer', () => {
  expect(codesOf(older, proof)).toContain('history-rewritten');
});

test('a history that was written anew is found by whoever kept the old one', async () => {
  const anew = new BuiltHistories();
  await anew.epoch(event(subject, 2, 1), decided(subject, 2, 3), decided(subject, 5, 1));
  const report = verifyHistory({
    file: JSON.stringify(await anew.proofOf(subject)),
    log: parseVerifierKey(anew.key.verifierKey),
    earlier: JSON.stringify(older),
  });
  await anew.remove();
  expect(report.findings.map(({ code }) => code)).toContain('history-rewritten');
});

test('another person’s history, head or label', async () => {
  const theirs = await built.proofOf(other);
  expect(codesOf(theirs)).toEqual([]);
  expect(codesOf(changed((copy) => (copy.subject = subject), theirs))).toEqual(['head-wrong']);
  expect(codesOf(changed((copy) => (copy.head.labelKey = theirs.head.labelKey)))).toEqual(['head-wrong']);
  const withTheirHead = (copy: HistoryProof) => {
    copy.head = theirs.head;
  };
  expect(codesOf(changed(withTheirHead))).not.toEqual([]);
  expect(codesOf(theirs, proof)).toContain('history-malformed');
});

test('no history where there is one: the proof of absence cannot be made from what is at hand', async () => {
  const none = await built.proofOf(absent);
  expect(codesOf(none)).toEqual([]);
  expect(codesOf(changed((copy) => (copy.subject = subject), none))).toEqual(['head-wrong']);
  const borrowed = (copy: HistoryProof) => {
    copy.head = { ...none.head, labelKey: proof.head.labelKey };
    copy.rows = [];
  };
  expect(codesOf(changed(borrowed))).toEqual(['head-wrong']);
  const asAbsent = (copy: HistoryProof) => {
    copy.rows = [];
    copy.head.strands = [];
    delete copy.head.map.place;
    copy.head.map.around = [];
  };
  expect(codesOf(changed(asAbsent))).toEqual(['head-wrong']);
});

test('the way through the map: any other step, length or count', () => {
  for (let i = 0; i < 16; i++) {
    expect(codesOf(changed(({ head }) => (head.map.path[i] = flip(head.map.path[i]!))))).toEqual(['head-wrong']);
  }
  expect(codesOf(changed(({ head }) => head.map.path.pop()))).toEqual(['head-wrong']);
  expect(codesOf(changed(({ head }) => (head.map.count += 1)))).toEqual(['head-wrong']);
  expect(codesOf(changed(({ head }) => (head.map.place!.index += 1)))).toEqual(['head-wrong']);
  expect(codesOf(changed(({ head }) => head.map.place!.path.push(flip(head.map.path[0]!))))).toEqual(['head-wrong']);
});

test('another leaf, another root, another key', () => {
  expect(codesOf(changed(({ head }) => (head.leaf = head.leaf.replace(/^heads \d+/, 'heads 9'))))).toEqual([
    'inclusion-wrong',
  ]);
  expect(codesOf(changed(({ head }) => (head.leaf = 'record x/0@1 y')))).toContain('head-wrong');
  expect(codesOf(changed(({ head }) => (head.proof = head.proof.replace(/index \d+/, 'index 0'))))).toEqual([
    'inclusion-wrong',
  ]);
  const stranger = new BuiltHistories();
  const report = verifyHistory({ file: JSON.stringify(proof), log: parseVerifierKey(stranger.key.verifierKey) });
  expect(report.findings).toMatchObject([{ code: 'checkpoint-unsigned' }]);
  expect(report.epoch).toBeUndefined();
});

test('a decision or an event that may not be shown: its commitment is enough, and it is counted', () => {
  const withhold = (copy: HistoryProof) => {
    const row = copy.rows.find(({ decisions }) => decisions.length > 1)!;
    row.decisions[1] = commitment(opened(row.decisions[1]!));
    const read = copy.rows.find(({ topic }) => topic === 3)!;
    read.head = commitment(opened(read.head));
  };
  expect(codesOf(changed(withhold))).toEqual([]);
  const log = parseVerifierKey(built.key.verifierKey);
  const report = verifyHistory({ file: JSON.stringify(changed(withhold)), log });
  expect(report).toMatchObject({ withheld: 2, rows: proof.rows.length });
});

test('nonsense is malformed, and never an exception', () => {
  const texts = ['', 'null', '[]', '{}', '{"format":"sluice-history-proof-1"}', JSON.stringify(proof).slice(0, -1)];
  for (const text of texts) expect(codesOf(text)).toEqual(['history-malformed']);
  for (const break_ of [
    (copy: HistoryProof) => Object.assign(copy.head, { strands: 7 }),
    (copy: HistoryProof) => Object.assign(copy.rows[0]!, { head: 'AAAA' }),
    (copy: HistoryProof) => Object.assign(copy.rows[0]!, { topic: -1 }),
    (copy: HistoryProof) => Object.assign(copy, { subject: 'me' }),
    (copy: HistoryProof) => Object.assign(copy.head.map, { around: [{}] }),
  ]) {
    expect(codesOf(changed(break_))).toEqual(['history-malformed']);
  }
});

function commitment({ salt, content }: { salt: string; content: string }): string {
  return hash('sha256', Buffer.concat([Buffer.from(salt, 'base64'), Buffer.from(content, 'base64')]), 'base64');
}
