export { type BlockProof, BlockTree, commit, SALT_BYTES } from './block-tree.js';
export { MerkleLogError, type MerkleLogErrorCode } from './errors.js';
export { type Checkpoint, formatCheckpoint, parseCheckpoint } from './formats/checkpoint.js';
export { cosign, withSignatures } from './formats/cosignature.js';
export { entriesOf, MAX_ENTRY_BYTES } from './formats/entry-bundle.js';
export {
  bundlePath,
  CHECKPOINT_PATH,
  cacheHeaderOf,
  type LogResource,
  parseLogPath,
  tilePath,
} from './formats/log-path.js';
export { COSIGNATURE, NOTE_SIGNATURE, NoteKey } from './formats/note-key.js';
export { parseNote, type SignedNote, signNote } from './formats/signed-note.js';
export { decodeTlogProof, encodeTlogProof, type TlogProof } from './formats/tlog-proof.js';
export { LogReader } from './log-reader.js';
export { KeyFileUnusable, openNoteKey } from './note-key-file.js';
export { FileTileStorage } from './storage/file-storage.js';
export type { ObjectReader } from './storage/log-objects.js';
export { type S3Place, S3TileStorage } from './storage/s3-storage.js';
export type { StoredObject, TileStorage } from './storage/tile-storage.js';
export { type HashText, leafHash } from './tree/hash.js';
export type { TileAddress } from './tree/tile.js';
export { WitnessClient, WitnessConflict } from './witness-client.js';
export { FileHighWater } from './writer/file-high-water.js';
export type { HighWater, TreeHead } from './writer/high-water.js';
export { type Appended, LogWriter } from './writer/log-writer.js';
export type { LogParts } from './writer/recover.js';
