import { type DynamicModule, Global, Module } from '@nestjs/common';
import { PrincipalGuard } from '../auth/principal-guard.js';
import { Refusals } from '../auth/refusals.js';
import { TokenVerifier } from '../auth/token-verifier.js';
import { SERVICE_CONFIG, type ServiceConfig } from '../config/service-config.js';
import { OfferedMethods } from '../http/offered-methods.js';
import { ProblemFilter } from '../http/problem-filter.js';
import { ReplyInterceptor } from '../http/reply-interceptor.js';
import { LOGGER, type Logger } from '../observe/logger.js';
import { Metrics } from '../observe/metrics.js';
import { ReadinessChecks } from '../observe/readiness.js';
import { Shutdown } from './shutdown.js';

@Global()
@Module({})
class PlatformModule {}

/** What every module of a service can inject: SERVICE_CONFIG, LOGGER, Metrics, ReadinessChecks, Shutdown, Refusals. */
export function platformModule(config: ServiceConfig, logger: Logger, offered: OfferedMethods): DynamicModule {
  return {
    module: PlatformModule,
    providers: [
      { provide: SERVICE_CONFIG, useValue: config },
      { provide: LOGGER, useValue: logger },
      { provide: OfferedMethods, useValue: offered },
      { provide: TokenVerifier, useFactory: () => new TokenVerifier(config) },
      Metrics,
      ReadinessChecks,
      Shutdown,
      Refusals,
      PrincipalGuard,
      ReplyInterceptor,
      ProblemFilter,
    ],
    exports: [SERVICE_CONFIG, LOGGER, Metrics, ReadinessChecks, Shutdown, Refusals],
  };
}
