import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { CompletenessModule } from './completeness/completeness.module.js';
import { IntakeModule } from './intake/intake.module.js';
import { AUDIT_SCOPE, type AuditScope } from './intake/topics.js';
import { ListAlarmsController } from './list-alarms/list-alarms.controller.js';
import { LogModule } from './log/log.module.js';
import type { LogConfig } from './log/log-config.js';
import { BlockPlaces } from './read-delivery-receipt/block-places.js';
import { DeliveryReceipts } from './read-delivery-receipt/delivery-receipts.js';
import { LedgerRecords } from './read-delivery-receipt/ledger-records.js';
import { ReadDeliveryReceiptController } from './read-delivery-receipt/read-delivery-receipt.controller.js';
import { Histories } from './read-history/histories.js';
import { ReadHistoryController } from './read-history/read-history.controller.js';
import { HistoryProofs } from './read-history-proof/history-proofs.js';
import { ReadHistoryProofController } from './read-history-proof/read-history-proof.controller.js';
import { StoreModule } from './store/store.module.js';

/** The service, working on the topics and in the group of `scope`, and keeping the log that `log` describes. */
export function auditModule(scope: AuditScope, log: LogConfig): Type {
  @Module({
    imports: [
      scopeModule(scope),
      StoreModule,
      CompletenessModule.of(log.headsEveryMs),
      IntakeModule,
      LogModule.of(log),
    ],
    controllers: [
      ReadHistoryController,
      ReadHistoryProofController,
      ListAlarmsController,
      ReadDeliveryReceiptController,
    ],
    providers: [Histories, HistoryProofs, BlockPlaces, LedgerRecords, DeliveryReceipts],
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
