import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { uniquePrefix } from '@sluice/local-stack';
import { afterEach, beforeAll, expect, inject, test, vi } from 'vitest';
import { ensureTopics } from '../topics.js';
import { PartitionGroup } from './partition-group.js';

const connection = { ...inject('kafka'), clientId: 'test' };
const prefix = uniquePrefix();
const topics = [`${prefix}changes`, `${prefix}stops`];
const ALL = [0, 1, 2, 3, 4, 5];
const SOON = { timeout: 75_000, interval: 20 };
let groups = 0;
const running: PartitionGroup[] = [];

beforeAll(() =>
  ensureTopics(
    connection,
    topics.map((topic) => ({ topic, partitions: 6 })),
  ),
);
afterEach(async () => {
  await Promise.all(running.splice(0).map((group) => group.stop()));
});

/** Watches that no partition ever has two owners, from the beginning of `own` to its very end. */
class Ledger {
  readonly owners = new Map<number, string>();
  readonly violations: string[] = [];

  begin(partition: number, member: string): void {
    const other = this.owners.get(partition);
    if (other) this.violations.push(`${partition} owned by ${member} while ${other} still works on it`);
    this.owners.set(partition, member);
  }

  end(partition: number, member: string): void {
    if (this.owners.get(partition) === member) this.owners.delete(partition);
  }

  of(member: string): number[] {
    return [...this.owners].flatMap(([partition, owner]) => (owner === member ? [partition] : [])).sort();
  }

  get all(): number[] {
    return [...this.owners.keys()].sort();
  }
}

function join(groupId: string, member: string, ledger: Ledger): PartitionGroup {
  const group = new PartitionGroup({
    connection,
    groupId,
    topics,
    own: async (partition, signal) => {
      ledger.begin(partition, member);
      if (!signal.aborted) await once(signal, 'abort');
      await sleep(100); // winding down takes a while
      ledger.end(partition, member);
    },
  });
  group.start();
  running.push(group);
  return group;
}

const freshGroup = () => `${prefix}group-${groups++}`;

test('two, then three, then one member: one owner for each partition, all of them owned soon', async () => {
  const ledger = new Ledger();
  const groupId = freshGroup();
  const a = join(groupId, 'a', ledger);
  await vi.waitFor(() => expect(ledger.of('a')).toEqual(ALL), SOON);
  const b = join(groupId, 'b', ledger);
  await vi.waitFor(() => expect([ledger.of('a').length, ledger.of('b').length]).toEqual([3, 3]), SOON);
  expect(ledger.all).toEqual(ALL);
  expect(a.owned).toEqual(ledger.of('a'));
  expect(b.owned).toEqual(ledger.of('b'));

  const before = { a: ledger.of('a'), b: ledger.of('b') };
  join(groupId, 'c', ledger);
  await vi.waitFor(() => expect(['a', 'b', 'c'].map((member) => ledger.of(member).length)).toEqual([2, 2, 2]), SOON);
  expect(before.a).toEqual(expect.arrayContaining(ledger.of('a'))); // nothing moved that need not
  expect(before.b).toEqual(expect.arrayContaining(ledger.of('b')));

  await Promise.all([a.stop(), b.stop()]);
  expect(a.owned).toEqual([]);
  await vi.waitFor(() => expect(ledger.of('c')).toEqual(ALL), SOON);
  expect(ledger.violations).toEqual([]);
});

test('members that start together settle', async () => {
  const ledger = new Ledger();
  const groupId = freshGroup();
  for (const member of ['a', 'b', 'c', 'd']) join(groupId, member, ledger);
  await vi.waitFor(
    () => expect(['a', 'b', 'c', 'd'].map((member) => ledger.of(member).length).sort()).toEqual([1, 1, 2, 2]),
    SOON,
  );
  expect(ledger.violations).toEqual([]);
});

test('an owner that fails or returns is begun again', async () => {
  const begun: number[] = [];
  const failures: unknown[] = [];
  const group = new PartitionGroup({
    connection,
    groupId: freshGroup(),
    topics,
    own: async (partition, signal) => {
      begun.push(partition);
      if (partition === 0 && begun.filter((one) => one === 0).length === 1) throw new Error('broken');
      if (partition === 1 && begun.filter((one) => one === 1).length === 1) return;
      if (!signal.aborted) await once(signal, 'abort');
    },
    observe: { assigned: () => {}, failed: (error) => failures.push(error) },
  });
  running.push(group);
  group.start();
  await vi.waitFor(() => expect([...begun].sort()).toEqual([0, 0, 1, 1, 2, 3, 4, 5]), SOON);
  expect(failures).toEqual([new Error('broken')]);
});

test('a paused member loses its partitions to the other, and its own work is aborted when it wakes', async () => {
  const groupId = freshGroup();
  const paused = spawnMember(groupId);
  try {
    await vi.waitFor(() => expect(paused.lines.filter((line) => line.startsWith('own'))).toHaveLength(6), SOON);
    const ledger = new Ledger();
    const other = join(groupId, 'other', ledger);
    await vi.waitFor(() => expect(ledger.all).toHaveLength(3), SOON);
    const kept = ALL.filter((partition) => !other.owned.includes(partition));

    paused.child.kill('SIGSTOP');
    const pausedAt = performance.now();
    await vi.waitFor(() => expect(ledger.all).toEqual(ALL), SOON);
    expect(performance.now() - pausedAt).toBeGreaterThan(5_000); // not before the session timeout

    paused.lines.length = 0;
    paused.child.kill('SIGCONT');
    await vi.waitFor(() => expect(paused.lines).toEqual(expect.arrayContaining(kept.map((p) => `abort ${p}`))), SOON);
    // It comes back as a member like any other, and gets its share only after the other has let go.
    await vi.waitFor(() => expect([ledger.all.length, paused.owned().length]).toEqual([3, 3]), SOON);
    expect(paused.owned()).toEqual(ALL.filter((partition) => !ledger.all.includes(partition)));
  } finally {
    await paused.stop();
  }
}, 300_000);

function spawnMember(groupId: string): {
  child: ChildProcess;
  lines: string[];
  owned(): number[];
  stop(): Promise<void>;
} {
  const at = (name: string) => fileURLToPath(new URL(`../testing/${name}`, import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', at('source-hooks.mjs'), at('group-member.ts'), JSON.stringify({ connection, groupId, topics })],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines: string[] = [];
  const owned = new Set<number>();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    lines.push(line);
    const [step, partition] = line.split(' ');
    if (step === 'own') owned.add(Number(partition));
    if (step === 'end') owned.delete(Number(partition));
  });
  return {
    child,
    lines,
    owned: () => [...owned].sort(),
    stop: async () => {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
