import { Module } from '@nestjs/common';
import { Intake } from './intake.js';
import { IntakeProgress } from './intake-progress.js';

/** Takes in every topic. */
@Module({ providers: [Intake, IntakeProgress] })
export class IntakeModule {}
