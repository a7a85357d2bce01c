export * from './http/endpoint.js';
export * from './partition.js';
export * from './principal.js';
export * from './problems.js';
export * from './topics.js';
