import { Module } from '@nestjs/common';
import { AnswerGrantController } from './answer-grant/answer-grant.controller.js';
import { ChangeAttributesController } from './change-attributes/change-attributes.controller.js';
import { FileChangesController } from './file-changes/file-changes.controller.js';
import { FollowAccreditationController } from './follow-accreditation/follow-accreditation.controller.js';
import { ReadFilingController } from './read-filing/read-filing.controller.js';
import { ReadProfileController } from './read-profile/read-profile.controller.js';
import { ReadProfileAsOfController } from './read-profile-as-of/read-profile-as-of.controller.js';
import { RegisterSubjectController } from './register-subject/register-subject.controller.js';
import { StoreModule } from './store/store.module.js';

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
  ],
})
export class RegistryModule {}
