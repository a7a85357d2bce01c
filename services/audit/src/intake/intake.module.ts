import { Module } from '@nestjs/common';
import { Intake } from './intake.js';
import { IntakeProgress } from './intake-progress.js';

/** Takes in what histories are made of. */
@Module({ providers: [Intake, IntakeProgress] })
export class IntakeModule {}
