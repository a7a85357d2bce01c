import { base64Of, decimalOf } from './text.js';

/** A tlog-proof (https://c2sp.org/tlog-proof), taken apart and not verified. */
export interface ParsedReceipt {
  extra?: Buffer;
  index: number;
  path: Buffer[];
  /** The signed note. */
  checkpoint: string;
}

/** Undefined if the text is not a tlog-proof. */
export function parseReceipt(text: string): ParsedReceipt | undefined {
  const match = /^c2sp\.org\/tlog-proof@v1\n(?:extra ([^\n]*)\n)?index ([0-9]+)\n((?:[^\n]+\n)*)\n([\s\S]*)$/.exec(
    text,
  );
  if (!match) return undefined;
  const extra = match[1] === undefined ? undefined : base64Of(match[1]);
  const index = decimalOf(match[2]);
  const path = (match[3] as string).split('\n').slice(0, -1).map(base64Of);
  if ((match[1] !== undefined && extra === undefined) || index === undefined) return undefined;
  if (!path.every((hash) => hash?.length === 32)) return undefined;
  return { ...(extra && { extra }), index, path: path as Buffer[], checkpoint: match[4] as string };
}
