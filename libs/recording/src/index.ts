export * from './access-records.js';
export * from './database-away.js';
export * from './event-relay.js';
