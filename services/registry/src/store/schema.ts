/** The registry's own PostgreSQL schema; named queries spell it out. */
export const SCHEMA = 'registry';

/**
 * A person's sealed profile is stored with every so-many-th event of theirs. Of a remembered person each one left out saves
 * 17 us, here and in PostgreSQL; of another each event behind it costs 8 us to read and open. So this is the number with
 * which a change costs less where persons come again soon, and no more where they do not.
 */
export const STATE_EVERY = 4;
