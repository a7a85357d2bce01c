import { MerkleLogError } from '../errors.js';
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from '../formats/checkpoint.js';
import { CHECKPOINT_PATH } from '../formats/log-path.js';
import type { NoteKey } from '../formats/note-key.js';
import { isSignedBy, parseNote, signNote } from '../formats/signed-note.js';
import { LogReader } from '../log-reader.js';
import type { TileStorage } from '../storage/tile-storage.js';
import { type HighWater, sameHead, type TreeHead } from './high-water.js';
import { JOURNAL_FOLDER, journalPath, leavesOf, parseJournalName } from './journal.js';
import { RightEdge } from './right-edge.js';

/** A log, and who may write it. */
export interface LogParts {
  storage: TileStorage;
  highWater: HighWater;
  /** The log's key; its name is the log's origin. */
  key: NoteKey;
}

/** Where a writer goes on. */
export interface Recovered {
  edge: RightEdge;
  /** The signed note that is published. */
  checkpoint: string;
}

/**
 * Brings a log into the state that its high-water record names, or refuses. A log that was never written begins as the
 * empty tree.
 * @throws {MerkleLogError} `log-older-than-known`, `log-forked`, `log-damaged`, `log-moved`, `checkpoint-untrusted`
 */
export async function recover(log: LogParts): Promise<Recovered> {
  await log.storage.sweep();
  const known = await log.highWater.load();
  const published = await readPublished(log);
  if (published === undefined) return begin(log, known);
  const recovered =
    known !== undefined && known.size > published.head.size
      ? await rollForward(log, known, published.head)
      : await goOn(log, known, published);
  await removeDecidedJournals(log.storage, recovered.edge.size);
  return recovered;
}

/** Signs and publishes a tree that the high-water record already names. */
export async function publish({ storage, key }: LogParts, head: TreeHead): Promise<string> {
  const note = signNote(formatCheckpoint({ origin: key.name, ...head }), key);
  await storage.write([{ path: CHECKPOINT_PATH, bytes: Buffer.from(note) }]);
  return note;
}

interface Published {
  note: string;
  head: Checkpoint;
}

async function readPublished({ storage, key }: LogParts): Promise<Published | undefined> {
  const note = (await storage.read(CHECKPOINT_PATH))?.toString('utf8');
  if (note === undefined) return undefined;
  const signed = parseNote(note);
  const head = parseCheckpoint(signed.text);
  if (head.origin !== key.name || !isSignedBy(signed, key)) {
    throw new MerkleLogError(
      'checkpoint-untrusted',
      `the checkpoint in the log's folder is not one that ${key.name} signed with its present key: check which folder and which key are configured`,
    );
  }
  return { note, head };
}

async function begin(log: LogParts, known: TreeHead | undefined): Promise<Recovered> {
  if (known !== undefined && known.size > 0) throw olderThanKnown(known, 'has no checkpoint');
  const edge = await RightEdge.load(log.storage, 0);
  const head = edge.head();
  if (known === undefined && !(await log.highWater.save(undefined, head))) throw moved();
  return { edge, checkpoint: await publish(log, head) };
}

/** The published state is the newest; the record may lag behind (it was restored from a backup, or was begun anew). */
async function goOn(log: LogParts, known: TreeHead | undefined, { note, head }: Published): Promise<Recovered> {
  const edge = await RightEdge.load(log.storage, head.size);
  if (!sameHead(edge.head(), head)) {
    throw new MerkleLogError('log-damaged', 'the tiles do not give the root that the checkpoint names: restore them');
  }
  if (known !== undefined) await requirePrefix(log.storage, known, head.size);
  if (known?.size !== head.size && !(await log.highWater.save(known, edge.head()))) throw moved();
  return { edge, checkpoint: note };
}

/** The record is ahead: a crash came between recording and publishing, or an old copy of the folder was put back. */
async function rollForward(log: LogParts, known: TreeHead, published: TreeHead): Promise<Recovered> {
  const { storage } = log;
  let edge: RightEdge;
  try {
    edge = await edgeAt(storage, known);
  } catch (cause) {
    if (!(cause instanceof MerkleLogError)) throw cause;
    throw olderThanKnown(known, `ends at ${published.size} leaves`, { cause });
  }
  if (!sameHead(edge.head(), known)) throw olderThanKnown(known, `ends at ${published.size} leaves`);
  const { objects, superseded } = edge.takeGrowth();
  await storage.write(objects);
  await requirePrefix(storage, published, known.size);
  const checkpoint = await publish(log, known);
  await storage.remove(superseded);
  return { edge, checkpoint };
}

/** The tree `known`, from the journal of its last batch, or from the tiles if the journal is gone: then they are whole. */
async function edgeAt(storage: TileStorage, known: TreeHead): Promise<RightEdge> {
  const names = (await storage.list(JOURNAL_FOLDER)).map(parseJournalName);
  const name = names.find((candidate) => candidate !== undefined && sameHead(candidate, known));
  const journal = name && (await storage.read(journalPath(name)));
  const leaves = journal && leavesOf(journal);
  if (name === undefined || leaves === undefined) return RightEdge.load(storage, known.size);
  const edge = await RightEdge.load(storage, name.from);
  for (const leaf of leaves) edge.append(leaf);
  return edge;
}

/** @throws {MerkleLogError} `log-forked` unless `head` is what the stored tree was at its size */
async function requirePrefix(storage: TileStorage, head: TreeHead, storedSize: number): Promise<void> {
  const root = await new LogReader(storage).rootOf(head.size, storedSize);
  if (root.equals(head.root)) return;
  throw new MerkleLogError(
    'log-forked',
    `the log's folder holds another history than the record of ${head.size} leaves names; stop writing, keep both, and compare with a witness or a kept receipt which of them is true`,
  );
}

/** A batch that starts below the recorded size lost, or is in the tiles; one that starts at it may still win. */
async function removeDecidedJournals(storage: TileStorage, size: number): Promise<void> {
  const names = (await storage.list(JOURNAL_FOLDER)).map(parseJournalName);
  const decided = names.filter((name) => name !== undefined && name.from < size);
  await storage.remove(decided.map((name) => journalPath(name as NonNullable<typeof name>)));
}

function olderThanKnown(known: TreeHead, what: string, options?: ErrorOptions): MerkleLogError {
  return new MerkleLogError(
    'log-older-than-known',
    `the log's folder ${what}, but ${known.size} leaves are on record as written: it is an old copy or the wrong folder. Restore the newest copy; do not delete the record, because going on from here would fork the log`,
    options,
  );
}

function moved(): MerkleLogError {
  return new MerkleLogError('log-moved', 'another writer has extended the log: only one may write at a time');
}
