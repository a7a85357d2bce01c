import type { ServiceName } from '@sluice/contracts';
import type { RawAnswer, ServiceClient } from '../access/service-client.js';
import { Failure } from '../failure.js';
import { parseMetrics, type Sample } from './metrics.js';

/** The truth about one dependency, as the service tells it. */
export interface Check {
  ok: boolean;
  detail: string;
}

/** What anybody may see of a service, at one moment. */
export interface ServiceObservation {
  service: ServiceName;
  /** Whether its process answers. */
  alive: boolean;
  /** Why it could not be asked, in words. */
  failure?: string;
  /** By name; empty if it does not answer. */
  checks: Record<string, Check>;
  samples: Sample[];
  /** Its clock against ours in milliseconds, positive if it is ahead; to a second, as HTTP tells the time. */
  clockAheadMs?: number;
}

/** A readiness check takes no longer than two seconds; whoever does not answer by then hangs. */
const ANSWER_TIMEOUT_MS = 4_000;

/** Asks the routes that need no token. Never rejects for a service that is away: that is what is to be seen. */
export async function observeService(services: ServiceClient, service: ServiceName): Promise<ServiceObservation> {
  const ask = (path: string) => services.fetch(service, path, {}, ANSWER_TIMEOUT_MS);
  const observation: ServiceObservation = { service, alive: false, checks: {}, samples: [] };
  try {
    const askedAt = Date.now();
    const health = await ask('/healthz');
    const skew = clockAhead(health, askedAt, Date.now());
    if (skew !== undefined) observation.clockAheadMs = skew;
    observation.alive = health.status === 200;
    if (!observation.alive) return { ...observation, failure: `/healthz answered ${health.status}` };
    const [ready, metrics] = await Promise.all([ask('/readyz'), ask('/metrics')]);
    observation.checks = checksOf(ready);
    if (metrics.status === 200) observation.samples = parseMetrics(metrics.text);
    return observation;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ...observation, failure: error.message };
  }
}

/** HTTP tells whole seconds, cut off: the true time lies up to a second later. */
function clockAhead({ headers }: RawAnswer, askedAt: number, answeredAt: number): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return undefined;
  if (date > answeredAt) return date - answeredAt;
  return date + 1_000 < askedAt ? date + 1_000 - askedAt : 0;
}

function checksOf({ status, text }: RawAnswer): Record<string, Check> {
  try {
    const { checks } = JSON.parse(text) as { checks?: Record<string, Check> };
    if (checks !== undefined) return checks;
  } catch {
    // What answers there is no Sluice service; the check below says so.
  }
  return { readyz: { ok: false, detail: `answered ${status} without its checks` } };
}
