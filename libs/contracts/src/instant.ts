import { z } from 'zod';

/** The time a query looks back to, RFC 3339 in UTC; finer than a millisecond is cut off. Services refuse what lies ahead of their clock. */
export const pastInstant = z.iso.datetime();
