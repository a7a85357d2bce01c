import { isDeepStrictEqual } from 'node:util';
import { ATTRIBUTES_CHANGED, SNAPSHOT_TAKEN, SUBJECT_REGISTERED } from '@sluice/contracts';
import { type LoggedEvent, type Opaque, type ReadModel, SourceUnreadable, streamStates } from '@sluice/event-store';
import { SealBroken, type SubjectKeys } from '@sluice/vault';
import type { Profile, ProfileEntry } from '../domain/profile.js';
import { evolve } from '../domain/subject.js';
import { SCHEMA, STATE_EVERY } from '../store/schema.js';
import { openProfile, sealState } from '../store/sealed-subject.js';
import { storedEvent } from '../store/stored-event.js';

const OURS: readonly string[] = [SUBJECT_REGISTERED, ATTRIBUTES_CHANGED, SNAPSHOT_TAKEN];

/** The state holds when a value was asserted, the event when it was recorded: a moment later, if the database was busy. */
const SAME_TIME_MS = 60_000;

const NONE = Buffer.alloc(0);
/** Stands beside the live table in the place of what cannot be sealed any more; never in the live one. */
const ERASED = Buffer.from([0]);

/** A record of access has no state; of an erased person nobody can say any more what it was. */
type State = Profile | 'none' | 'erased';

/** The persons' sealed profiles, from the sealed events of their streams. Clear values are in memory only. */
export function profilesModel(keys: SubjectKeys): ReadModel {
  const evolveState = (
    before: State | undefined,
    { type, stream, version, payload, recordedAt }: LoggedEvent,
  ): State => {
    if (!OURS.includes(type)) return 'none';
    const key = keys.get(stream);
    if (key === undefined || before === 'erased') return 'erased';
    try {
      const subject = before === undefined || before === 'none' ? 'absent' : before;
      return evolve(subject, storedEvent(stream, payload, recordedAt, key));
    } catch (error) {
      if (!(error instanceof SealBroken || error instanceof RangeError)) throw error;
      throw new SourceUnreadable(`event ${version} of stream ${stream} does not open`);
    }
  };
  const open = (bytes: Buffer, stream: string, version: number): State => {
    if (bytes.length === 0) return 'none';
    if (bytes.equals(ERASED)) return 'erased';
    const key = keys.get(stream);
    return key === undefined ? 'erased' : openProfile(key, stream, { version, state: bytes });
  };
  const same: Opaque['same'] = async (pairs) => {
    await keys.preload(
      pairs.map(({ key: [stream] }) => stream!),
      false,
    );
    return pairs.map(({ key: [stream], version, live, rebuilt }) => {
      try {
        return sameState(open(live, stream!, version), open(rebuilt, stream!, version));
      } catch (error) {
        if (!(error instanceof SealBroken)) throw error;
        return false;
      }
    });
  };
  return streamStates<State>({
    schema: SCHEMA,
    stateEvery: STATE_EVERY,
    prepare: (streams) => keys.preload(streams, false),
    evolve: evolveState,
    encode: (state, stream, version) => {
      if (state === 'none') return NONE;
      const key = keys.get(stream);
      return state === 'erased' || key === undefined ? ERASED : sealState(key, stream, state, version);
    },
    decode: open,
    knows: (state) => state !== 'erased',
    same,
  });
}

function sameState(live: State, rebuilt: State): boolean {
  if (typeof live === 'string' || typeof rebuilt === 'string') return live === rebuilt || live === 'erased';
  return live.version === rebuilt.version && sameProfile(live, rebuilt);
}

function sameProfile(live: Profile, rebuilt: Profile): boolean {
  const codes = live.codes();
  return (
    codes.length === rebuilt.codes().length && codes.every((code) => sameEntry(live.entry(code), rebuilt.entry(code)))
  );
}

function sameEntry(live: ProfileEntry | undefined, rebuilt: ProfileEntry | undefined): boolean {
  if (live === undefined || rebuilt === undefined) return live === rebuilt;
  const [, , at, ...rest] = live;
  const [, , recordedAt, ...rebuiltRest] = rebuilt;
  const values = [live[0], live[1], ...rest];
  return (
    Math.abs(at - recordedAt) <= SAME_TIME_MS && isDeepStrictEqual(values, [rebuilt[0], rebuilt[1], ...rebuiltRest])
  );
}
