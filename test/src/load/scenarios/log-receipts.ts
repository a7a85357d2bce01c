import { type ReplyOf, readDeliveryReceipt } from '@sluice/contracts';
import { isInBlock, parseVerifierKey, type VerifierKey, verifyReceipt } from '@sluice/log-verifier';
import pg from 'pg';
import type { Bench } from '../bench.js';
import { Latencies } from '../measure/latencies.js';
import type { Figure } from './scenario.js';

const RECEIPTS = 300;
const RECEIPTS_QUICK = 50;
/** The first ones connect to Kafka and fetch the issuer's keys, which takes up to half a second. */
const RUN_IN = 20;
const TARGET_MS = 10;
/** The root in the log's leaf for a block. */
const ROOT = /^block \S+ ([A-Za-z0-9+/]{43}=) /;

type Receipt = ReplyOf<typeof readDeliveryReceipt>;

/** Receipts of deliveries anywhere in the log, one after another: asking for one, its record included, and checking it. */
export async function logReceipts({ access, api, stack, options }: Bench): Promise<Figure[]> {
  const token = await access.tokenFor('ada');
  const key = parseVerifierKey((await (await fetch(`${access.urls.audit}/log/key`)).text()).trim());
  const made = new Latencies();
  const checked = new Latencies();
  const asked = await deliveries(stack.postgresUrl, RUN_IN + (options.quick ? RECEIPTS_QUICK : RECEIPTS));
  for (const params of asked.splice(0, RUN_IN)) await api.call(readDeliveryReceipt, { token, params });
  for (const params of asked) {
    const sent = performance.now();
    const { body } = await api.call(readDeliveryReceipt, { token, params });
    const answered = performance.now();
    if (!holds(body, key)) throw new Error('a receipt does not hold');
    made.add(answered - sent);
    checked.add(performance.now() - answered);
  }
  return [
    { what: 'a receipt over HTTP p50', value: made.at(0.5), unit: 'ms', target: { atMost: TARGET_MS } },
    { what: 'a receipt over HTTP p99', value: made.at(0.99), unit: 'ms' },
    { what: 'checking it p50', value: checked.at(0.5), unit: 'ms', target: { atMost: TARGET_MS } },
    { what: 'checking it p99', value: checked.at(0.99), unit: 'ms' },
  ];
}

async function deliveries(connectionString: string, count: number) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ agency: string; lane: number; sequence: string }>(
      'select agency, lane, first + floor(random() * count)::bigint as sequence from audit.log_block order by random() limit $1',
      [count],
    );
    return rows.map(({ agency, lane, sequence }) => ({ agency, lane: String(lane), sequence }));
  } finally {
    await client.end();
  }
}

function holds({ delivery, salt, block, leaf, proof }: Receipt, log: VerifierKey): boolean {
  const root = ROOT.exec(leaf)?.[1];
  const path = block.path.map((hash) => Buffer.from(hash, 'base64'));
  const inBlock = { ...block, path, salt: Buffer.from(salt, 'base64'), content: Buffer.from(delivery) };
  const report = verifyReceipt({ receipt: proof, leaf: Buffer.from(leaf), log });
  return root !== undefined && isInBlock(inBlock, Buffer.from(root, 'base64')) && report.findings.length === 0;
}
