import { expect, test } from 'vitest';
import { ANNOUNCE_WITHIN_MS, isDue } from './announcement-pace.js';

/** The longest time from one announcement to the next, of turns that take so long. */
function longestGap(turnMs: number): number {
  const announcements = [0];
  for (let now = turnMs; now < 100 * turnMs; now += turnMs) {
    if (isDue(now - announcements.at(-1)!, turnMs)) announcements.push(now);
  }
  return Math.max(...announcements.slice(1).map((at, i) => at - announcements[i]!));
}

test('turns that take longer on a full machine do not make announcements twice as rare', () => {
  for (const turnMs of [30, 100, 400, 460, 650, 700, 899]) expect(longestGap(turnMs)).toBeLessThanOrEqual(900);
  for (const turnMs of [ANNOUNCE_WITHIN_MS, 1_400]) expect(longestGap(turnMs)).toBe(turnMs);
});

test('turns in quick succession do not announce each', () => {
  expect(longestGap(30)).toBeGreaterThan(800);
  expect(longestGap(400)).toBe(800);
});
