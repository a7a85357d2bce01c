import { Module } from '@nestjs/common';
import { rebuildParts, SERVICE_CONFIG, type ServiceConfig } from '@sluice/platform';
import { AcceptGrantController } from './accept-grant/accept-grant.controller.js';
import { ApplyFenceController } from './apply-fence/apply-fence.controller.js';
import { CountTouchedGrantsController } from './count-touched-grants/count-touched-grants.controller.js';
import { LiveGrants } from './count-touched-grants/live-grants.js';
import { EndGrantController } from './end-grant/end-grant.controller.js';
import { FollowVettingController } from './follow-vetting/follow-vetting.controller.js';
import { GiveGrantController } from './give-grant/give-grant.controller.js';
import { ListGrantsController } from './list-grants/list-grants.controller.js';
import { NarrowGrantController } from './narrow-grant/narrow-grant.controller.js';
import { OfferGrantController } from './offer-grant/offer-grant.controller.js';
import { PauseGrantController } from './pause-grant/pause-grant.controller.js';
import { ReadAliasController } from './read-alias/read-alias.controller.js';
import { ReadGrantController } from './read-grant/read-grant.controller.js';
import { PastGrants } from './read-grants-as-of/past-grants.js';
import { ReadGrantsAsOfController } from './read-grants-as-of/read-grants-as-of.controller.js';
import { ReadReceiptController } from './read-receipt/read-receipt.controller.js';
import { ReadReceiptKeyController } from './read-receipt-key/read-receipt-key.controller.js';
import { readModels } from './rebuild/read-models.js';
import { RefuseGrantController } from './refuse-grant/refuse-grant.controller.js';
import { RequestGrantController } from './request-grant/request-grant.controller.js';
import { ResumeGrantController } from './resume-grant/resume-grant.controller.js';
import { ReviewGrantController } from './review-grant/review-grant.controller.js';
import { StopGrantController } from './stop-grant/stop-grant.controller.js';
import { Stopping } from './stopping/stopping.js';
import { StoreModule } from './store/store.module.js';
import { GrantSweeper } from './sweep-grants/grant-sweeper.js';
import { SweepLease } from './sweep-grants/sweep-lease.js';
import { WidenGrantController } from './widen-grant/widen-grant.controller.js';
import { WithdrawGrantController } from './withdraw-grant/withdraw-grant.controller.js';

const rebuilds = rebuildParts<[ServiceConfig]>('consent', {
  inject: [SERVICE_CONFIG],
  useFactory: ({ kafka }) => readModels(kafka),
});

@Module({
  imports: [StoreModule],
  controllers: [
    ReadAliasController,
    RequestGrantController,
    OfferGrantController,
    GiveGrantController,
    AcceptGrantController,
    RefuseGrantController,
    ReviewGrantController,
    PauseGrantController,
    ResumeGrantController,
    NarrowGrantController,
    WidenGrantController,
    WithdrawGrantController,
    EndGrantController,
    StopGrantController,
    ReadGrantController,
    ListGrantsController,
    ReadGrantsAsOfController,
    CountTouchedGrantsController,
    ReadReceiptController,
    ReadReceiptKeyController,
    ApplyFenceController,
    FollowVettingController,
    ...rebuilds.controllers,
  ],
  providers: [LiveGrants, PastGrants, Stopping, GrantSweeper, SweepLease, ...rebuilds.providers],
})
export class ConsentModule {}
