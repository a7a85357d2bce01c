import type { AttributeSet, AttributeValues } from '../catalogue/attributes.js';
import { uuidText, writeUuid } from './bytes.js';

/**
 * The payload of registry events. The head is clear and holds no value; the rest is AES-256-GCM under
 * the subject's data key, bound to the head by `sealedChangeAad`.
 *
 * ```
 * u8 format (1) | u8 kind | u8 assurance | u8 length of actor | u32 attribute set | u32 subject version
 * | actor utf8 | kind snapshot only: 16 bytes grant, u32 grant version | sealed (12 iv | ciphertext | 16 tag)
 * ```
 */
export const CHANGE_KIND = { registered: 1, changed: 2, snapshot: 3 } as const;
export type ChangeKind = (typeof CHANGE_KIND)[keyof typeof CHANGE_KIND];

export interface SealedChange {
  kind: ChangeKind;
  /** 1 self-asserted, 2 evidence seen, 3 authoritative source. */
  assurance: 1 | 2 | 3;
  actor: string;
  attributes: AttributeSet;
  /** The subject's version after this event. */
  version: number;
  /** Of a snapshot: the grant it answers and the grant's version that asked. */
  answers?: { grant: string; grantVersion: number };
  sealed: Buffer;
}

/** What is sealed, as JSON without white space and with `attributes` first: values by attribute code, and where they came from. */
export interface ChangeContent {
  attributes: AttributeValues;
  evidence?: string;
}

const FORMAT = 1;
const FIXED = 12;
const ANSWERS = 20;

export function encodeSealedChange(change: SealedChange): Buffer {
  const out = encodeSealedHead(change, change.sealed.length);
  change.sealed.copy(out, out.length - change.sealed.length);
  return out;
}

/** The payload with its last `sealedBytes` still open, for whoever seals in place: that saves a copy of each event. */
export function encodeSealedHead(change: Omit<SealedChange, 'sealed'>, sealedBytes: number): Buffer {
  const actor = Buffer.from(change.actor);
  const answers = change.answers ? ANSWERS : 0;
  const out = Buffer.allocUnsafe(FIXED + actor.length + answers + sealedBytes);
  out[0] = FORMAT;
  out[1] = change.kind;
  out[2] = change.assurance;
  out[3] = actor.length;
  out.writeUInt32BE(change.attributes, 4);
  out.writeUInt32BE(change.version, 8);
  actor.copy(out, FIXED);
  if (change.answers) {
    const at = FIXED + actor.length;
    writeUuid(change.answers.grant, out, at);
    out.writeUInt32BE(change.answers.grantVersion, at + 16);
  }
  return out;
}

/** Throws a RangeError where the bytes are not a sealed change of a known format. */
export function decodeSealedChange(bytes: Buffer): SealedChange {
  if (bytes.length < FIXED + 28 || bytes[0] !== FORMAT) throw new RangeError('not a sealed change of format 1');
  const kind = bytes[1] as ChangeKind;
  let at = FIXED + bytes[3]!;
  const actor = bytes.toString('utf8', FIXED, at);
  const change: SealedChange = {
    kind,
    assurance: bytes[2] as 1 | 2 | 3,
    actor,
    attributes: bytes.readUInt32BE(4),
    version: bytes.readUInt32BE(8),
    sealed: bytes,
  };
  if (kind === CHANGE_KIND.snapshot) {
    change.answers = { grant: uuidText(bytes, at), grantVersion: bytes.readUInt32BE(at + 16) };
    at += ANSWERS;
  }
  change.sealed = bytes.subarray(at);
  return change;
}

/** Additional authenticated data: subject, kind of event, attribute set and version. */
export function sealedChangeAad(subject: string, kind: ChangeKind, attributes: AttributeSet, version: number): string {
  return `${subject}|${kind}|${attributes}|${version}`;
}
