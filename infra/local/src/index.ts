export * from './failure.js';
export * from './infrastructure.js';
export type { TokenOptions } from './issuer/issuer.js';
export { type Claims, PERSONAS, type Persona, type PersonaName } from './issuer/personas.js';
export { freeInfrastructurePorts, freePorts, type InfrastructurePorts } from './ports.js';
export * from './testing/test-database.js';
export * from './testing/test-infrastructure.js';
