import { Controller, Inject } from '@nestjs/common';
import { readHistorySubscription, subscribeToHistory } from '@sluice/contracts';
import { Endpoint, Input, type InputOf } from '@sluice/platform';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { OwnHistory } from '../notices/own-history.js';
import { Subscriptions } from '../notices/subscriptions.js';

@Controller()
export class SubscribeToHistoryController {
  constructor(
    private readonly own: OwnHistory,
    private readonly subscriptions: Subscriptions,
    @Inject(AUDIT_SCOPE) private readonly scope: AuditScope,
  ) {}

  @Endpoint(subscribeToHistory)
  async set(@Input() input: InputOf<typeof subscribeToHistory>) {
    const { subject } = input.params;
    const refused = await this.own.admit(subscribeToHistory, subject, input);
    if (refused !== undefined) return refused;
    await this.subscriptions.set(subject, input.body, this.scope.now?.() ?? new Date());
    return { body: input.body };
  }

  @Endpoint(readHistorySubscription)
  async read(@Input() input: InputOf<typeof readHistorySubscription>) {
    const { subject } = input.params;
    const refused = await this.own.admit(readHistorySubscription, subject, input);
    return refused ?? { body: await this.subscriptions.of(subject) };
  }
}
