export { type RecordedRefusal, type RefusalRecorder, Refusals } from './auth/refusals.js';
export { bootstrapService } from './bootstrap/bootstrap-service.js';
export {
  createService,
  type RunningService,
  type ServiceOptions,
  type TransportStrategy,
} from './bootstrap/create-service.js';
export { installProcessGuards } from './bootstrap/process-guards.js';
export { SHUTDOWN_ORDER, Shutdown } from './bootstrap/shutdown.js';
export {
  InvalidConfig,
  type KafkaAccess,
  type LogLevel,
  readServiceConfig,
  SERVICE_CONFIG,
  type ServiceConfig,
} from './config/service-config.js';
export { Endpoint, type EndpointHandler, endpointOf } from './http/endpoint.js';
export type { InputOf, OpenInputOf, RequestContext } from './http/input.js';
export { Input, OpenInput } from './http/input-decorator.js';
export { type Language, preferredLanguage } from './http/language.js';
export { lookingBack } from './http/looking-back.js';
export { etagOf, preferWaitMs } from './http/preconditions.js';
export { answer, ProblemException, type ProblemExtra } from './http/problem-exception.js';
export { isRefusal, type Refusal, refuse } from './http/refusal.js';
export type { Answer, Reply } from './http/reply.js';
export { createLogger, LOGGER, type Logger } from './observe/logger.js';
export { Metrics } from './observe/metrics.js';
export { type Readiness, type ReadinessCheck, ReadinessChecks } from './observe/readiness.js';
export { traceparentOf, withinTrace } from './observe/trace-context.js';
export { type ReadModelsOf, rebuildParts } from './rebuild/rebuild-parts.js';
export { Turns } from './turns/turns.js';
