import { accept, give, offer, refuse, request, review } from './agree.js';
import { narrow, widen } from './change-attributes.js';
import type { CommandOf, Facts, GrantCommand } from './command.js';
import { concerns, type Decision, type Grant, WRONG_STATE } from './grant.js';
import { MOVES, type MoveName, type MoveRule } from './moves.js';
import { askSnapshot, end, expire, fence, pause, resume, stop, withdraw } from './stop.js';

type Move = Exclude<GrantCommand, { move: 'request' | 'offer' | 'fence' }>;
type Decide<M extends MoveName> = (grant: Grant, command: CommandOf<M>, facts: Facts) => Decision;

const DECIDE: { readonly [M in MoveName]: Decide<M> } = {
  give,
  accept,
  refuse,
  review,
  pause,
  resume,
  narrow,
  widen,
  withdraw,
  end,
  stop,
  expire,
  askSnapshot,
};

/** What a command makes of a grant. Pure; a grant that does not concern the actor does not exist for it. */
export function decide(grant: Grant | undefined, command: GrantCommand, facts: Facts): Decision {
  switch (command.move) {
    case 'request':
      return grant === undefined ? request(command, facts) : WRONG_STATE;
    case 'offer':
      return grant === undefined ? offer(command, facts) : WRONG_STATE;
    case 'fence':
      return grant === undefined ? 'unchanged' : fence(grant, command);
    default:
      return move(grant, command, facts);
  }
}

function move<M extends MoveName>(grant: Grant | undefined, command: Move & { move: M }, facts: Facts): Decision {
  if (grant === undefined || !concerns(facts.actor, { subject: grant.subject, agency: grant.terms.agency })) {
    return { refused: 'unknown-grant' };
  }
  const { from, by }: MoveRule = MOVES[command.move];
  if (!by.includes(facts.actor.kind)) return { refused: 'not-allowed' };
  if (isStale(grant, facts.ifMatch)) return { refused: 'stale-version' };
  if (!from.includes(grant.state)) return WRONG_STATE;
  const decideMove = DECIDE[command.move] as Decide<MoveName>;
  return decideMove(grant, command as CommandOf<MoveName>, facts);
}

/** A fence or a snapshot request that came since changes nothing that the caller saw. */
function isStale(grant: Grant, ifMatch: number | undefined): boolean {
  return ifMatch !== undefined && (ifMatch < grant.changedIn || ifMatch > grant.version);
}
