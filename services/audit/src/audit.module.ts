import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { IntakeModule } from './intake/intake.module.js';
import { AUDIT_SCOPE, type AuditScope } from './intake/topics.js';
import { ListAlarmsController } from './list-alarms/list-alarms.controller.js';
import { Histories } from './read-history/histories.js';
import { ReadHistoryController } from './read-history/read-history.controller.js';
import { StoreModule } from './store/store.module.js';

/** The service, working on the topics and in the group of `scope`. */
export function auditModule(scope: AuditScope): Type {
  @Module({
    imports: [scopeModule(scope), StoreModule, IntakeModule],
    controllers: [ReadHistoryController, ListAlarmsController],
    providers: [Histories],
  })
  class AuditModule {}
  return AuditModule;
}

@Global()
@Module({})
class ScopeModule {}

function scopeModule(scope: AuditScope): DynamicModule {
  return {
    module: ScopeModule,
    providers: [{ provide: AUDIT_SCOPE, useValue: scope }],
    exports: [AUDIT_SCOPE],
  };
}
