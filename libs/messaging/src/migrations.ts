import { fileURLToPath } from 'node:url';

/** Directory of the migrations of the table of parked messages, for the plan of a service that uses `PushedEvents`. */
export const MESSAGING_MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));
