import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { listNotices } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { OwnHistory } from '../notices/own-history.js';
import { Subscriptions } from '../notices/subscriptions.js';

const LOOK_EVERY_MS = 250;

@Controller()
export class ListNoticesController {
  constructor(
    private readonly own: OwnHistory,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** Not recorded as a reading: a notice has counts only, and who waits for the next one would fill their own history. */
  @Endpoint(listNotices)
  async handle(@Input() input: InputOf<typeof listNotices>) {
    const { subject } = input.params;
    const refused = await this.own.admit(listNotices, subject, input);
    if (refused !== undefined) return refused;
    const { after, limit } = input.query;
    const asked = input.request.headers.prefer === undefined ? 0 : input.preferWaitMs;
    for (const deadline = performance.now() + asked; ; ) {
      const notices = await this.subscriptions.notices(subject, after, limit);
      if (notices.length > 0 || performance.now() >= deadline) return { body: { notices } };
      await sleep(LOOK_EVERY_MS);
    }
  }
}
