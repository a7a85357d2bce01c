/** The registry's own PostgreSQL schema; named queries spell it out. */
export const SCHEMA = 'registry';
