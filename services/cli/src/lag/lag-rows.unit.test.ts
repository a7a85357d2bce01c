import { expect, test } from 'vitest';
import type { ServiceObservation } from '../observe/observe-service.js';
import { type Partition, partitionRows, serviceRows } from './lag-rows.js';

const audit: ServiceObservation = {
  service: 'audit',
  alive: true,
  checks: { intake: { ok: true, detail: 'partitions 0 1' }, relay: { ok: false, detail: 'stopped' } },
  samples: [
    { name: 'sluice_audit_lag_records', labels: { topic: 'registry.events' }, value: 5 },
    { name: 'sluice_audit_lag_records', labels: { topic: 'delivery.ledger' }, value: 2 },
  ],
};

const partition: Partition = {
  partition: 3,
  epoch: 1,
  ownedHere: true,
  registryOffset: '10',
  consentOffset: '4',
  vettingOffset: '2',
  ledgerSequence: 7,
  dispatchedSequence: 6,
  lag: 12,
};

test('a check has the sum of its gauge', () => {
  expect(serviceRows(audit)).toEqual([
    { service: 'audit', part: 'intake', state: 'ok', behind: 7, detail: 'partitions 0 1' },
    { service: 'audit', part: 'relay', state: 'not ok', detail: 'stopped' },
  ]);
});

test('a gauge without a check is a part of its own', () => {
  const samples = [{ name: 'sluice_registry_grants_lag', labels: {}, value: 3 }];
  expect(serviceRows({ service: 'registry', alive: true, checks: {}, samples })).toMatchObject([
    { part: 'grants', state: 'ok', behind: 3 },
  ]);
});

test('a service that does not answer is one row', () => {
  const away: ServiceObservation = { service: 'vetting', alive: false, failure: 'no answer', checks: {}, samples: [] };
  expect(serviceRows(away)).toEqual([{ service: 'vetting', part: 'service', state: 'no answer', detail: 'no answer' }]);
});

test('a partition says where it stands, or why it stands still', () => {
  const { lag: _, ...elsewhere } = { ...partition, ownedHere: false };
  expect(partitionRows([partition, { ...partition, halted: 'SourceLost: gone' }, elsewhere])).toMatchObject([
    {
      part: 'partition 3',
      state: 'ok',
      behind: 12,
      detail: 'registry 10, consent 4, vetting 2; ledger 7, dispatched 6',
    },
    { state: 'halted', detail: 'SourceLost: gone' },
    { state: 'not here' },
  ]);
  expect(partitionRows([elsewhere])[0]).not.toHaveProperty('behind');
});
