import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { rebuildParts, SERVICE_CONFIG, type ServiceConfig } from '@sluice/platform';
import { AcceptAnswerController } from './accept-answer/accept-answer.controller.js';
import { AnnulSealController } from './annul-seal/annul-seal.controller.js';
import { AnswerCaseController } from './answer-case/answer-case.controller.js';
import { ApproveSealController } from './approve-seal/approve-seal.controller.js';
import { CaseFiles } from './cases/case-files.js';
import { CaseMoves } from './cases/case-moves.js';
import { CompletenessModule } from './completeness/completeness.module.js';
import { DecideCaseController } from './decide-case/decide-case.controller.js';
import { DraftSealController } from './draft-seal/draft-seal.controller.js';
import { EscalateCaseController } from './escalate-case/escalate-case.controller.js';
import { ExportHistoryController } from './export-history/export-history.controller.js';
import { IntakeModule } from './intake/intake.module.js';
import { AUDIT_SCOPE, type AuditScope } from './intake/topics.js';
import { ListAlarmsController } from './list-alarms/list-alarms.controller.js';
import { ListCasesController } from './list-cases/list-cases.controller.js';
import { ListNoticesController } from './list-notices/list-notices.controller.js';
import { ListSealsController } from './list-seals/list-seals.controller.js';
import { LogModule } from './log/log.module.js';
import type { LogConfig } from './log/log-config.js';
import { NoticeMaker } from './notices/notice-maker.js';
import { OwnHistory } from './notices/own-history.js';
import { Subscriptions } from './notices/subscriptions.js';
import { RaiseCaseController } from './raise-case/raise-case.controller.js';
import { AgencyHistories } from './read-agency-history/agency-histories.js';
import { ReadAgencyHistoryController } from './read-agency-history/read-agency-history.controller.js';
import { ReadCaseController } from './read-case/read-case.controller.js';
import { BlockPlaces } from './read-delivery-receipt/block-places.js';
import { DeliveryReceipts } from './read-delivery-receipt/delivery-receipts.js';
import { LedgerRecords } from './read-delivery-receipt/ledger-records.js';
import { ReadDeliveryReceiptController } from './read-delivery-receipt/read-delivery-receipt.controller.js';
import { Figures } from './read-figures/figures.js';
import { ReadFiguresController } from './read-figures/read-figures.controller.js';
import { Cursors } from './read-history/cursors.js';
import { Histories } from './read-history/histories.js';
import { HistoryReaders } from './read-history/history-readers.js';
import { ReadHistoryController } from './read-history/read-history.controller.js';
import { ShownHistories } from './read-history/shown-histories.js';
import { HistoryProofs } from './read-history-proof/history-proofs.js';
import { ReadHistoryProofController } from './read-history-proof/read-history-proof.controller.js';
import { HistoryRecords } from './read-history-records/history-records.js';
import { ReadHistoryRecordsController } from './read-history-records/read-history-records.controller.js';
import { TopicRecords } from './read-history-records/topic-records.js';
import { ReadSealController } from './read-seal/read-seal.controller.js';
import { readModels } from './rebuild/read-models.js';
import { RefuseSealController } from './refuse-seal/refuse-seal.controller.js';
import { SealMoves } from './seals/seal-moves.js';
import { SealOrders } from './seals/seal-orders.js';
import { StoreModule } from './store/store.module.js';
import { SubscribeToHistoryController } from './subscribe-to-history/subscribe-to-history.controller.js';
import { Sweeper } from './sweep-cases/sweeper.js';

const rebuilds = rebuildParts<[ServiceConfig, AuditScope]>('audit', {
  inject: [SERVICE_CONFIG, AUDIT_SCOPE],
  useFactory: ({ kafka }, scope) => readModels(kafka, scope),
});

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
      ExportHistoryController,
      ReadHistoryProofController,
      ReadHistoryRecordsController,
      ListAlarmsController,
      ReadDeliveryReceiptController,
      RaiseCaseController,
      AnswerCaseController,
      AcceptAnswerController,
      EscalateCaseController,
      DecideCaseController,
      ReadCaseController,
      ListCasesController,
      ReadFiguresController,
      ...rebuilds.controllers,
      DraftSealController,
      ApproveSealController,
      RefuseSealController,
      AnnulSealController,
      ReadSealController,
      ListSealsController,
      ReadAgencyHistoryController,
      SubscribeToHistoryController,
      ListNoticesController,
    ],
    providers: [
      Histories,
      ShownHistories,
      HistoryReaders,
      Cursors,
      CaseFiles,
      CaseMoves,
      Sweeper,
      Figures,
      SealMoves,
      SealOrders,
      AgencyHistories,
      Subscriptions,
      OwnHistory,
      NoticeMaker,
      HistoryProofs,
      HistoryRecords,
      TopicRecords,
      BlockPlaces,
      LedgerRecords,
      DeliveryReceipts,
      ...rebuilds.providers,
    ],
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
