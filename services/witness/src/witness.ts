import { consistencyHolds, signedBy, type VerifierKey } from '@sluice/log-verifier';
import { cosign, type NoteKey } from '@sluice/merkle-log';
import { parseSubmission, type Submission } from './submission.js';
import type { Witnessed, WitnessedLogs } from './witnessed-logs.js';

/** An HTTP answer of https://c2sp.org/tlog-witness. */
export interface Answer {
  status: number;
  body: string;
  contentType: 'text/plain; charset=utf-8' | 'text/x.tlog.size';
}

/** SHA-256 of nothing: what an empty tree's root must be. */
const EMPTY_ROOT = Buffer.from('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'hex');

/** Signs checkpoints of the logs it knows, each only if it continues all that it signed before. */
export class Witness {
  readonly #key: NoteKey;
  readonly #logs: ReadonlyMap<string, VerifierKey>;
  readonly #witnessed: WitnessedLogs;
  /** Requests for one log are answered one after another: comparing and recording must be one step. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(key: NoteKey, logs: VerifierKey[], witnessed: WitnessedLogs) {
    this.#key = key;
    this.#logs = new Map(logs.map((log) => [log.name, log]));
    this.#witnessed = witnessed;
  }

  /** @param now POSIX seconds, for the cosignature */
  async addCheckpoint(body: string, now: number): Promise<Answer> {
    const submission = parseSubmission(body);
    if (submission === undefined) return plain(400, 'the request is not as c2sp.org/tlog-witness has it');
    const { checkpoint, note, oldSize } = submission;
    const log = this.#logs.get(checkpoint.origin);
    if (log === undefined) return plain(404, 'this witness does not watch that log');
    if (signedBy(note, log).by !== 'key') return plain(403, 'the checkpoint is not signed by the log');
    if (oldSize > checkpoint.size) return plain(400, 'the old size is larger than the checkpoint');
    const turn = (this.#turns.get(log.name) ?? Promise.resolve()).then(() => this.#extend(submission, log, now));
    this.#turns.set(
      log.name,
      turn.catch(() => undefined), // whoever asked learns of the failure
    );
    return turn;
  }

  async #extend(submission: Submission, log: VerifierKey, now: number): Promise<Answer> {
    const { checkpoint, oldSize, proof } = submission;
    const known = await this.#witnessed.newest(log.name);
    const size = known?.size ?? 0;
    if (oldSize !== size) return { status: 409, body: `${size}\n`, contentType: 'text/x.tlog.size' };
    if (checkpoint.size === 0 && !checkpoint.root.equals(EMPTY_ROOT))
      return plain(422, 'an empty tree has another root');
    const note = this.#noteOf(submission, log);
    if (!consistencyHolds(known ?? { size: 0, root: EMPTY_ROOT }, checkpoint, proof)) {
      await this.#keepFork(known, submission, note);
      return plain(422, 'the checkpoint is not shown to continue the one that was signed before');
    }
    const line = cosign(submission.note.text, this.#key, now);
    await this.#witnessed.record(log.name, note + line);
    return { status: 200, body: line, contentType: 'text/plain; charset=utf-8' };
  }

  /** The note with the log's signatures alone: those of others were not verified. */
  #noteOf({ note }: Submission, log: VerifierKey): string {
    const own = note.signatures.filter(({ name, id }) => name === log.name && id === log.id);
    const lines = own.map(({ name, id, signature }) => {
      return `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`;
    });
    return `${note.text}\n${lines.join('')}`;
  }

  async #keepFork(known: Witnessed | undefined, { checkpoint }: Submission, note: string): Promise<void> {
    if (known === undefined || known.size !== checkpoint.size || known.root.equals(checkpoint.root)) return;
    await this.#witnessed.keepEvidence(checkpoint.origin, known.note, note);
  }
}

function plain(status: number, sentence: string): Answer {
  return { status, body: `${sentence}\n`, contentType: 'text/plain; charset=utf-8' };
}
