import { Module } from '@nestjs/common';
import { rebuildParts } from '@sluice/platform';
import { ApplyAsAgencyController } from './apply-as-agency/apply-as-agency.controller.js';
import { ApplyFenceController } from './apply-fence/apply-fence.controller.js';
import { ApproveAgencyController } from './approve-agency/approve-agency.controller.js';
import { ListAgenciesController } from './list-agencies/list-agencies.controller.js';
import { ReadAgencyController } from './read-agency/read-agency.controller.js';
import { ReadAgencyAsOfController } from './read-agency-as-of/read-agency-as-of.controller.js';
import { ReadReceiptKeyController } from './read-receipt-key/read-receipt-key.controller.js';
import { ReadSanctionController } from './read-sanction/read-sanction.controller.js';
import { READ_MODELS } from './rebuild/read-models.js';
import { RefuseAgencyController } from './refuse-agency/refuse-agency.controller.js';
import { RegisterKeyController } from './register-key/register-key.controller.js';
import { RestoreAgencyController } from './restore-agency/restore-agency.controller.js';
import { RevokeAgencyController } from './revoke-agency/revoke-agency.controller.js';
import { SanctionAgency } from './sanction/sanction-agency.js';
import { StoreModule } from './store/store.module.js';
import { SuspendAgencyController } from './suspend-agency/suspend-agency.controller.js';

const rebuilds = rebuildParts('vetting', { inject: [], useFactory: () => READ_MODELS });

@Module({
  imports: [StoreModule],
  controllers: [
    ApplyAsAgencyController,
    ApproveAgencyController,
    RefuseAgencyController,
    SuspendAgencyController,
    RestoreAgencyController,
    RevokeAgencyController,
    RegisterKeyController,
    ReadAgencyController,
    ReadAgencyAsOfController,
    ListAgenciesController,
    ReadSanctionController,
    ReadReceiptKeyController,
    ApplyFenceController,
    ...rebuilds.controllers,
  ],
  providers: [SanctionAgency, ...rebuilds.providers],
})
export class VettingModule {}
