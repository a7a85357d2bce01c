import { describe, expect, test } from 'vitest';
import type { ServiceObservation } from '../observe/observe-service.js';
import { coloursFor } from '../terminal.js';
import { Captured } from '../testing/run-sluice.js';
import { trouble, unseen, well } from './diagnosis.js';
import { exitOf } from './doctor.command.js';
import { checkpointDiagnosis } from './log-checkpoint.js';
import { partitionsDiagnosis } from './partitions.js';
import { alarmsDiagnosis, parkedDiagnosis } from './recorded.js';
import { report } from './report.js';
import { serviceHealth } from './service-health.js';
import { witnessesDiagnosis } from './witnesses.js';

const partition = {
  partition: 0,
  epoch: 1,
  ownedHere: true,
  registryOffset: '10',
  consentOffset: '4',
  vettingOffset: '2',
  ledgerSequence: 7,
  dispatchedSequence: 7,
  lag: 0,
};

describe('a service', () => {
  const healthy: ServiceObservation = {
    service: 'consent',
    alive: true,
    checks: { postgresql: { ok: true, detail: '2 connections' } },
    samples: [],
    clockAheadMs: 0,
  };
  const troubles = (changed: Partial<ServiceObservation>) =>
    serviceHealth({ ...healthy, ...changed }, '/data/logs/consent.log').filter(({ state }) => state === 'trouble');

  test('that is well gives no trouble', () => expect(troubles({})).toEqual([]));

  test('that is away sends to its log', () => {
    expect(troubles({ alive: false, failure: 'consent does not answer' })).toMatchObject([
      { check: 'alive', advice: expect.stringContaining('/data/logs/consent.log') },
    ]);
  });

  test('that is not ready is in trouble for each check, with what to do', () => {
    const checks = { postgresql: { ok: false, detail: 'no answer' }, other: { ok: false, detail: 'x' } };
    expect(troubles({ checks })).toMatchObject([
      { check: 'postgresql', found: 'no answer', advice: expect.stringContaining('disk') },
      { check: 'other', advice: 'Look into /data/logs/consent.log.' },
    ]);
  });

  test('whose clock is off is in trouble; a second is what HTTP cannot tell', () => {
    expect(troubles({ clockAheadMs: 1_900 })).toEqual([]);
    expect(troubles({ clockAheadMs: -60_000 })).toMatchObject([
      { check: 'clock', found: '60.0 s behind this machine' },
    ]);
  });

  test('whose relay had to halt a stream, or waits behind a transaction, is in trouble', () => {
    const sample = (name: string, value: number) => ({ name, labels: {}, value });
    expect(troubles({ samples: [sample('sluice_relay_halted_total', 2)] })).toMatchObject([{ check: 'relay streams' }]);
    expect(troubles({ samples: [sample('sluice_relay_fence_age_seconds', 31)] })).toMatchObject([
      { check: 'relay fence' },
    ]);
    expect(troubles({ samples: [sample('sluice_relay_fence_age_seconds', 0.1)] })).toEqual([]);
  });
});

describe('a partition', () => {
  const found = (before: object, after: object = before) =>
    partitionsDiagnosis([{ ...partition, ...before }], [{ ...partition, ...after }])[0];

  test('where nothing waits is well', () => expect(found({})).toMatchObject({ state: 'well', check: 'partition 0' }));

  test('that is halted comes with the advice for its reason', () => {
    expect(found({ halted: 'SourceLost: offset 5' })).toMatchObject({
      state: 'trouble',
      advice: expect.stringContaining('restore the topic'),
    });
    expect(found({ halted: 'Unheard: of' })).toMatchObject({
      state: 'trouble',
      advice: expect.stringContaining('log'),
    });
  });

  test('that is behind and gets on is well, up to a second’s work', () => {
    expect(found({ lag: 500 }, { lag: 400, registryOffset: '110' })).toMatchObject({ state: 'well' });
    expect(found({ lag: 90_000 }, { lag: 80_000, registryOffset: '10010' })).toMatchObject({ state: 'trouble' });
  });

  test('that is behind and does not move is in trouble, however little waits', () => {
    expect(found({ lag: 1 })).toMatchObject({ state: 'trouble', found: expect.stringContaining('none was decided') });
    expect(found({ lag: 0 }, { lag: 1 })).toMatchObject({ state: 'well' });
  });

  test('whose ledger does not leave is in trouble', () => {
    expect(found({ ledgerSequence: 9 })).toMatchObject({
      state: 'trouble',
      found: expect.stringContaining('2 batches'),
    });
    expect(found({ ledgerSequence: 9 }, { ledgerSequence: 9, dispatchedSequence: 8 })).toMatchObject({ state: 'well' });
  });

  test('of another instance is not seen', () => expect(found({ ownedHere: false })).toMatchObject({ state: 'unseen' }));

  test('that never was is trouble', () => expect(partitionsDiagnosis([], [])).toMatchObject([{ state: 'trouble' }]));
});

describe('what is recorded', () => {
  test('parked changes are counted by reason, the most frequent first', () => {
    const parked = ['behind', 'seal-broken', 'behind'].map((reason, at) => ({
      partition: 0,
      offset: `${at}`,
      subject: `s${at % 2}`,
      reason,
      parkedAt: '2026-11-24T03:00:00.000Z',
    }));
    expect(parkedDiagnosis([])).toMatchObject({ state: 'well' });
    expect(parkedDiagnosis(parked)).toMatchObject({
      state: 'trouble',
      found: '3 of 2 persons: behind 2, seal-broken 1',
    });
  });

  test('alarms of an earlier time are known', () => {
    const alarm = (at: string, kind: string) => ({
      id: '1',
      at,
      kind,
      where: 'harbour-bank/3',
      expected: '5',
      found: '7',
    });
    const since = new Date('2026-11-24T00:00:00.000Z');
    expect(alarmsDiagnosis([], since)).toMatchObject({ state: 'well', found: 'none' });
    expect(alarmsDiagnosis([alarm('2026-11-23T23:59:59.000Z', 'lane-gap')], since)).toMatchObject({ state: 'well' });
    expect(alarmsDiagnosis([alarm('2026-11-24T02:00:00.000Z', 'lane-gap')], since)).toMatchObject({
      state: 'trouble',
      found: 'lane-gap 1; latest at harbour-bank/3: expected 5, found 7',
    });
  });
});

describe('the log’s checkpoint', () => {
  const note = `log.example\n12\n${Buffer.alloc(32).toString('base64')}\n\n— log.example ${Buffer.alloc(68).toString('base64')}\n`;
  const audit = (announced: number, detail = 'keeps the log'): ServiceObservation => ({
    service: 'audit',
    alive: true,
    checks: { log: { ok: true, detail } },
    samples: [{ name: 'sluice_log_checkpoints_total', labels: {}, value: announced }],
  });
  const answer = (status: number, text: string, type = 'text/plain') => ({
    status,
    text,
    headers: new Headers({ 'content-type': type }),
  });

  test('is well while new ones are announced', () => {
    expect(checkpointDiagnosis(answer(200, note), audit(5), audit(8))).toMatchObject({
      state: 'well',
      found: '12 leaves; announced 3 times between two looks',
    });
    expect(checkpointDiagnosis(answer(200, note), audit(5), audit(5))).toMatchObject({ state: 'trouble' });
  });

  test('is announced by one instance only', () => {
    expect(checkpointDiagnosis(answer(200, note), audit(0), audit(0, 'stands by: another one'))).toMatchObject({
      state: 'well',
    });
  });

  test('is trouble when there is none', () => {
    expect(checkpointDiagnosis(answer(200, 'hello'), audit(5), audit(8))).toMatchObject({ state: 'trouble' });
    expect(checkpointDiagnosis(answer(404, 'not found\n'), audit(5), audit(8))).toMatchObject({ state: 'trouble' });
    expect(checkpointDiagnosis(answer(503, ''), audit(5), audit(8))).toMatchObject({ state: 'trouble' });
  });

  test('is not seen where no log is served', () => {
    const unserved = answer(404, '{}', 'application/problem+json; charset=utf-8');
    expect(checkpointDiagnosis(unserved, audit(0), audit(0))).toMatchObject({ state: 'unseen' });
  });
});

test('the exit code tells trouble from what could not be seen', () => {
  expect(exitOf([well('a', 'b', 'c')])).toBe(0);
  expect(exitOf([well('a', 'b', 'c'), unseen('a', 'b', 'c')])).toBe(7);
  expect(exitOf([unseen('a', 'b', 'c'), trouble('a', 'b', 'c', 'd')])).toBe(1);
});

test('the report says what to do under each trouble, and sums up', () => {
  const stdout = new Captured();
  const plain = coloursFor({ stdin: process.stdin, stdout, stderr: stdout, env: {} }, stdout);
  const found = [well('audit', 'alive', 'it answers'), trouble('delivery', 'parked changes', '3', 'Retry.')];
  expect(report(found, plain)).toBe(
    '✓ audit     alive           it answers\n✗ delivery  parked changes  3\n    Retry.\n\n1 of 2 checks found trouble.',
  );
});

describe('witnesses', () => {
  const audit = (seconds: number, conflicts = 0): ServiceObservation => ({
    service: 'audit',
    alive: true,
    checks: { witnesses: { ok: true, detail: 'what it says' } },
    samples: [
      { name: 'sluice_log_unwitnessed_seconds', labels: {}, value: seconds },
      { name: 'sluice_log_witness_conflicts_total', labels: { witness: 'bank' }, value: conflicts },
    ],
  });

  test('that sign are well, also where the newest checkpoint waits for them', () =>
    expect(witnessesDiagnosis(audit(1.2))).toMatchObject({ state: 'well', found: 'what it says' }));

  test('that do not sign are trouble', () =>
    expect(witnessesDiagnosis(audit(11))).toMatchObject({ state: 'trouble', advice: expect.stringContaining('fork') }));

  test('of which one signed another history are trouble, whoever else signed', () =>
    expect(witnessesDiagnosis(audit(0, 1))).toMatchObject({
      state: 'trouble',
      advice: expect.stringContaining('operator.md'),
    }));

  test('of an audit service that is away are unseen', () =>
    expect(witnessesDiagnosis({ ...audit(0), alive: false, failure: 'no answer' })).toMatchObject({ state: 'unseen' }));
});
