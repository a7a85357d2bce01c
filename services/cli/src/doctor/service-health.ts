import type { ServiceObservation } from '../observe/observe-service.js';
import { type Diagnosis, trouble, well } from './diagnosis.js';

/** Tokens and validities tell by the clock; beyond this, services disagree about what is in force. */
const MOST_SKEW_MS = 2_000;
/** As long as an open transaction may hold up a relay before the relay itself warns. */
const MOST_FENCE_S = 5;

/** What to do about a readiness check that is not ok. */
const ADVICE: Record<string, string> = {
  service: 'It is starting or stopping. If it stays so, its log says why.',
  postgresql:
    'Is PostgreSQL up, has its disk room, are connections left? The service goes on by itself when it answers.',
  relay: 'Its events do not leave it. Restart the service; what is committed is published then.',
  partitions: 'See the partitions of delivery below.',
  intake: 'Is Kafka up? A topic that cannot be read stops the intake; audit’s log names it.',
  audit: 'Releases wait until the audit log announces checkpoints again; see audit. Nothing is lost meanwhile.',
  log: 'The audit log does not get on, and releases wait. It says what it misses; mend that, it goes on by itself.',
  fences: 'Is Kafka up? Without fences, withdrawals are recorded and get no receipt.',
  vetting: 'Is Kafka up? Without it, sanctions do not reach this service.',
};

/** A service as anybody may see it. @param logFile where its log is, if it is on this machine */
export function serviceHealth(observation: ServiceObservation, logFile?: string): Diagnosis[] {
  const { service, alive, failure } = observation;
  const log = logFile === undefined ? 'its log' : logFile;
  if (!alive || failure !== undefined) {
    return [
      trouble(service, 'alive', failure ?? 'no answer', `Start it, or restart it if it hangs; ${log} says more.`),
    ];
  }
  return [
    well(service, 'alive', 'its process answers'),
    ...readiness(observation, log),
    clock(observation),
    ...relay(observation),
  ];
}

/** Checks that are never not ok, and are judged elsewhere. */
const JUDGED_ELSEWHERE = ['witnesses'];

function readiness({ service, checks }: ServiceObservation, log: string): Diagnosis[] {
  const judged = Object.entries(checks).filter(([check]) => !JUDGED_ELSEWHERE.includes(check));
  return judged.map(([check, { ok, detail }]) =>
    ok ? well(service, check, detail) : trouble(service, check, detail, ADVICE[check] ?? `Look into ${log}.`),
  );
}

function clock({ service, clockAheadMs }: ServiceObservation): Diagnosis {
  if (clockAheadMs === undefined) return { where: service, check: 'clock', state: 'unseen', found: 'it tells no time' };
  const found = clockAheadMs === 0 ? 'agrees with this machine' : inWords(clockAheadMs);
  if (Math.abs(clockAheadMs) <= MOST_SKEW_MS) return well(service, 'clock', found);
  return trouble(
    service,
    'clock',
    found,
    'Set the clocks by NTP, this machine’s too; tokens fail and validities shift.',
  );
}

function inWords(aheadMs: number): string {
  return `${(Math.abs(aheadMs) / 1_000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine`;
}

function relay({ service, samples }: ServiceObservation): Diagnosis[] {
  const sampleOf = (name: string) => samples.find((sample) => sample.name === name)?.value;
  const halted = sampleOf('sluice_relay_halted_total') ?? 0;
  const fence = sampleOf('sluice_relay_fence_age_seconds') ?? 0;
  const found: Diagnosis[] = [];
  if (halted > 0) {
    found.push(
      trouble(
        service,
        'relay streams',
        `the broker refused events of ${halted} streams since the service started`,
        'Their later events wait. Compare the topic’s max.message.bytes with the event, mend it, then release the streams.',
      ),
    );
  }
  if (fence > MOST_FENCE_S) {
    found.push(
      trouble(
        service,
        'relay fence',
        `events wait ${fence.toFixed(1)} s behind an open transaction`,
        "Find it: select pid, xact_start, query from pg_stat_activity where xact_start < now() - interval '5 s'; end it.",
      ),
    );
  }
  return found;
}
