export * from './agency.js';
export * from './decide.js';
export * from './decide-again.js';
export * from './decide-under-policy.js';
export * from './grant.js';
export * from './policy.js';
export * from './reach.js';
