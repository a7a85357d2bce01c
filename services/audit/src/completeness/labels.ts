import { createHmac, hash, type KeyObject } from 'node:crypto';

export const LABEL_BYTES = 32;
const MARK = Buffer.from('sluice history label v1\n');

/** The name that a person's history has in the map of heads, and the key that opens it. */
export interface Label {
  /** SHA-256(mark || key || subject): whoever has the key sees whose label it is; nobody else can tell, or join on it. */
  label: Buffer;
  /** 32 bytes, for the person alone, and for auditors. */
  key: Buffer;
}

/** @param subject 16 bytes. @param secret `HISTORY_SECRET` of the key provider */
export function labelOf(secret: KeyObject, subject: Buffer): Label {
  const key = createHmac('sha256', secret).update('label').update(subject).digest();
  return { label: hash('sha256', Buffer.concat([MARK, key, subject]), 'buffer'), key };
}
