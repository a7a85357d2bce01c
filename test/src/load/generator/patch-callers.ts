import { randomUUID } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';
import { Latencies, type LatencySummary } from '../measure/latencies.js';
import { changeValues } from './change-lines.js';

/** A person who changes their own data. */
export interface Changer {
  subject: string;
  token: string;
  /** The version of their profile. */
  version: number;
}

export interface PatchPlan {
  registryUrl: string;
  /** Dealt out to the callers, each of whom takes its own in turn. */
  changers: Changer[];
  callers: number;
  seconds: number;
  firstNumber: number;
}

export interface PatchDone {
  seconds: number;
  latency: LatencySummary;
}

/** Callers that each send one change after the other, over connections that are kept. */
export async function patchFor(plan: PatchPlan): Promise<PatchDone> {
  const agent = new Agent({ keepAlive: true, maxSockets: plan.callers });
  const url = new URL(plan.registryUrl);
  const latencies = new Latencies();
  const startedAt = performance.now();
  const endsAt = startedAt + plan.seconds * 1_000;
  let number = plan.firstNumber;
  const call = async (changers: Changer[]): Promise<void> => {
    for (let turn = 0; performance.now() < endsAt; turn++) {
      const began = performance.now();
      await change(changers[turn % changers.length]!, number++, url, agent);
      latencies.add(performance.now() - began);
    }
  };
  try {
    const { changers, callers } = plan;
    await Promise.all(
      Array.from({ length: callers }, (_, caller) => call(changers.filter((_, i) => i % callers === caller))),
    );
    return { seconds: (performance.now() - startedAt) / 1_000, latency: latencies.summary() };
  } finally {
    agent.destroy();
  }
}

async function change(changer: Changer, number: number, { hostname, port }: URL, agent: Agent): Promise<void> {
  const body = Buffer.from(JSON.stringify({ attributes: changeValues(number, Date.now()) }));
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const outgoing = request({
      hostname,
      port,
      method: 'PATCH',
      path: `/subjects/${changer.subject}/attributes`,
      agent,
      headers: {
        authorization: `Bearer ${changer.token}`,
        'content-type': 'application/json',
        'content-length': body.length,
        'if-match': `"${changer.version}"`,
        'idempotency-key': randomUUID(),
      },
    });
    outgoing.once('error', reject).once('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject).once('end', () => resolve({ status: response.statusCode!, text }));
    });
    outgoing.end(body);
  });
  if (status !== 200) throw new Error(`a change was answered ${status}: ${text}`);
  changer.version = (JSON.parse(text) as { version: number }).version;
}
