import { Module } from '@nestjs/common';
import { rebuildParts, SERVICE_CONFIG, type ServiceConfig } from '@sluice/platform';
import { SubjectKeys } from '@sluice/vault';
import { AnswerGrantController } from './answer-grant/answer-grant.controller.js';
import { ChangeAttributesController } from './change-attributes/change-attributes.controller.js';
import { FileChangesController } from './file-changes/file-changes.controller.js';
import { FollowAccreditationController } from './follow-accreditation/follow-accreditation.controller.js';
import { ReadFilingController } from './read-filing/read-filing.controller.js';
import { ReadProfileController } from './read-profile/read-profile.controller.js';
import { ReadProfileAsOfController } from './read-profile-as-of/read-profile-as-of.controller.js';
import { publishersModel } from './rebuild/publishers.js';
import { profilesModel } from './rebuild/states.js';
import { RegisterSubjectController } from './register-subject/register-subject.controller.js';
import { StoreModule } from './store/store.module.js';

const rebuilds = rebuildParts<[ServiceConfig, SubjectKeys]>('registry', {
  inject: [SERVICE_CONFIG, SubjectKeys],
  useFactory: ({ kafka }, keys) => [publishersModel(kafka), profilesModel(keys)],
});

@Module({
  imports: [StoreModule],
  controllers: [
    RegisterSubjectController,
    ChangeAttributesController,
    ReadProfileController,
    ReadProfileAsOfController,
    FileChangesController,
    ReadFilingController,
    AnswerGrantController,
    FollowAccreditationController,
    ...rebuilds.controllers,
  ],
  providers: rebuilds.providers,
})
export class RegistryModule {}
