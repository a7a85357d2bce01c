import { isRealDate, uuid } from '@sluice/contracts';
import { InvalidArgumentError } from 'commander';

/** A person's id. */
export function subjectArgument(text: string): string {
  const id = text.toLowerCase();
  if (uuid.safeParse(id).success) return id;
  throw new InvalidArgumentError('A person is named by the uuid of the registry.');
}

/** For arguments that can be given again: gathers what `parse` makes of each. */
export function gathering<T>(parse: (text: string) => T): (text: string, before: T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), parse(text)];
}

/** A number from 0. */
export function naturalArgument(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('A whole number from 0 is needed.');
}

/** A number from 1. */
export function countArgument(text: string): number {
  const value = naturalArgument(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('A whole number from 1 is needed.');
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A span such as `90s`, `15m`, `24h`, `7d`, in milliseconds. */
export function spanArgument(text: string): number {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) throw new InvalidArgumentError('A span is like 90s, 15m, 24h or 7d.');
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** A point in time as RFC 3339 writes it, seconds optional. Without an offset it would mean another time on another machine. */
export function instantArgument(text: string): Date {
  const [, day] = INSTANT.exec(text) ?? [];
  const instant = new Date(text);
  if (day !== undefined && isRealDate(day) && !Number.isNaN(instant.getTime())) return instant;
  throw new InvalidArgumentError('A time is like 2026-11-24T08:00:00Z or 2026-11-24T08:00:00+08:00.');
}

/** As `instantArgument`; or a day, from its first moment in UTC. */
export function dayOrInstantArgument(text: string): Date {
  return instantArgument(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00Z` : text);
}
