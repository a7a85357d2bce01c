import { Injectable } from '@nestjs/common';
import type { StopReply } from '@sluice/contracts';
import { isRefusal, type Refusal, type Reply } from '@sluice/platform';
import type { CommandOf } from '../domain/command.js';
import { type CommandInput, GrantCommands } from '../store/grant-commands.js';
import { StopWaiters } from '../store/stop-waiters.js';
import { Stops } from '../store/stops.js';
import { replyOf } from './stop-reply.js';

/** What stops, pauses and narrowings share: recorded at once, effective when delivery has fenced the lane. */
@Injectable()
export class Stopping {
  constructor(
    private readonly commands: GrantCommands,
    private readonly stops: Stops,
    private readonly waiters: StopWaiters,
  ) {}

  /** Waits as long as the caller prefers for the receipt. */
  async run(
    grant: string,
    command: CommandOf<'pause' | 'narrow' | 'withdraw' | 'end' | 'stop'>,
    input: CommandInput & { readonly preferWaitMs: number },
  ): Promise<Reply<StopReply> | Refusal> {
    const moved = await this.commands.move(grant, command, input);
    if (isRefusal(moved)) return moved;
    const key = { grant: moved.grant, version: moved.version };
    const complete = await this.waiters.completionOf(key, input.preferWaitMs);
    const stop = complete ?? (await this.stops.find(key));
    if (stop === undefined) throw new Error('a stop was acknowledged that is not recorded');
    return replyOf(stop);
  }
}
