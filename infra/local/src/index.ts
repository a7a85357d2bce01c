export type { Elsewhere } from './elsewhere.js';
export { StackFailure, type StackFailureCode } from './failure.js';
export { type Infrastructure, type InfrastructureOptions, startInfrastructure } from './infrastructure.js';
export type { TokenOptions } from './issuer/issuer.js';
export { type Claims, PERSONAS, type Persona, type PersonaName } from './issuer/personas.js';
export type { KafkaBroker } from './kafka/kafka-broker.js';
export type { KafkaCredentials } from './kafka/users.js';
export {
  DEFAULT_PORT_BASE,
  freeInfrastructurePorts,
  freePortBase,
  freePorts,
  type InfrastructurePorts,
} from './ports.js';
export type { PostgresServer } from './postgres/postgres-server.js';
export type { Component } from './process/component.js';
export type { Exit } from './process/managed-process.js';
export { migrationPlans } from './services/schema.js';
export type { ServiceProcess } from './services/service-process.js';
export { LocalStack, type StackOptions, type StartServiceOptions } from './stack.js';
export { type S3Server, startS3Server } from './testing/s3-server.js';
export { createTestDatabase, type TestDatabase, uniquePrefix } from './testing/test-database.js';
export { prepareClassArchive, startTestInfrastructure, temporaryDataDir } from './testing/test-infrastructure.js';
