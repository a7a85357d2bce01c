import { expect, test } from 'vitest';
import { parseMetrics } from './metrics.js';

test('samples are read with their labels, and comments and what is no number are passed over', () => {
  const text = `# HELP sluice_audit_lag_records Records not taken in yet
# TYPE sluice_audit_lag_records gauge
sluice_audit_lag_records{topic="registry.events"} 12
sluice_relay_fence_age_seconds 0.25
odd{a="x\\"y",b="{z}"} 1e3
nodejs_version_info{version="v24.0.0"} 1 1700000000
broken NaN

`;
  expect(parseMetrics(text)).toEqual([
    { name: 'sluice_audit_lag_records', labels: { topic: 'registry.events' }, value: 12 },
    { name: 'sluice_relay_fence_age_seconds', labels: {}, value: 0.25 },
    { name: 'odd', labels: { a: 'x\\"y', b: '{z}' }, value: 1_000 },
    { name: 'nodejs_version_info', labels: { version: 'v24.0.0' }, value: 1 },
  ]);
});
