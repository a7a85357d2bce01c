import type { Cosigned, WitnessPolicy } from '../check-checkpoint.js';
import { type Finding, Findings } from '../finding.js';
import type { VerifierKey } from '../formats/verifier-key.js';
import { verifyReceipt } from '../verify-receipt.js';
import { type HeadsEpoch, parseHeadsLeaf } from './heads-leaf.js';
import { type HistoryFile, parseHistoryFile, type ShownStrand } from './history-file.js';
import { labelHash, linkHash, rowHash, valueHash } from './history-hashes.js';
import { rootOfMap } from './map-proof.js';
import { placeOfRow, strandKey } from './row-place.js';

const PLACE = 'history';
const EARLIER = 'earlier history';
const NO_LINK = Buffer.alloc(32);

export interface HistoryToVerify {
  /** The file: a history with its proof, as the audit service gives it. */
  file: string;
  log: VerifierKey;
  policy?: WitnessPolicy;
  /** A file of the same history from an earlier day: it must be the beginning of this one. */
  earlier?: string;
}

/** What a verification says. The history is complete up to the epoch if `findings` is empty. */
export interface HistoryReport {
  subject?: string;
  rows: number;
  /** Events, and decisions, of which only the commitment is shown: what the law seals, or what somebody hides. */
  withheld: number;
  /** What the proof is of, once the log's signature over it was found right. */
  epoch?: HeadsEpoch;
  /** Of the epoch's leaf in the log, and of the tree that was signed. */
  index?: number;
  size?: number;
  cosignatures: Cosigned[];
  /** Who else has a line under the checkpoint; not verified. */
  unknownSigners: string[];
  findings: Finding[];
}

/**
 * Verifies, offline, that a history leaves nothing out, shows nothing else, and in the right order: chains the rows,
 * strand by strand, and compares with the person's head; the head with the map; the map with the log's leaf; the leaf
 * with a signed checkpoint.
 */
export function verifyHistory({ file, log, policy, earlier }: HistoryToVerify): HistoryReport {
  const findings = new Findings();
  const history = parseHistoryFile(file);
  if (history === undefined) {
    findings.add('history-malformed', PLACE, 'the text is not a history with its proof');
    return { rows: 0, withheld: 0, cosignatures: [], unknownSigners: [], findings: findings.list };
  }
  const links = chain(history, findings);
  const leaf = Buffer.from(history.leaf, 'latin1');
  const receipt = verifyReceipt({ receipt: history.proof, leaf, log, ...(policy && { policy }) });
  const epoch = parseHeadsLeaf(history.leaf);
  const signed = receipt.findings.length === 0 ? epoch : undefined;
  if (epoch === undefined) findings.add('head-wrong', PLACE, 'the leaf is not one of the map of heads');
  else checkHead(history, epoch, findings);
  if (earlier !== undefined) checkEarlier(earlier, history, links, findings);
  return {
    subject: history.subject,
    rows: history.rows.length,
    withheld: history.rows.flatMap(({ head, decisions }) => [head, ...decisions].filter(Buffer.isBuffer)).length,
    ...(signed && { epoch: signed }),
    ...(receipt.index !== undefined && { index: receipt.index }),
    ...(receipt.size !== undefined && { size: receipt.size }),
    cosignatures: receipt.cosignatures,
    unknownSigners: receipt.unknownSigners,
    findings: [...receipt.findings, ...findings.list],
  };
}

/** Chains the rows of each strand and compares with what the head says; gives all links, from the first row on. */
function chain({ rows, strands }: HistoryFile, findings: Findings): Map<number, Buffer[]> {
  const links = new Map(strands.map((strand) => [strandKey(strand), [] as Buffer[]]));
  const last = new Map<number, bigint>();
  for (const row of rows) {
    const key = strandKey(row);
    const ofStrand = links.get(key);
    if (ofStrand === undefined) {
      findings.add('history-incomplete', PLACE, `the head counts no rows of ${nameOf(row)}, and there are some`);
      return links;
    }
    ofStrand.push(linkHash(ofStrand.at(-1) ?? NO_LINK, ofStrand.length + 1, rowHash(row)));
    const place = placeOfRow(row);
    if (place === 'withheld') continue;
    if (place === undefined || place <= (last.get(key) ?? -1n)) {
      findings.add('history-malformed', PLACE, `row ${ofStrand.length} of ${nameOf(row)} is not where it says it is`);
      return links;
    }
    last.set(key, place);
  }
  for (const strand of strands) compare(strand, links.get(strandKey(strand))!, findings);
  return links;
}

function compare(strand: ShownStrand, links: readonly Buffer[], findings: Findings): void {
  const counts = `the head counts ${strand.rows} rows of ${nameOf(strand)}`;
  if (links.length !== strand.rows) {
    findings.add('history-incomplete', PLACE, `${counts}, and ${links.length} are shown`);
  } else if (!(links.at(-1) ?? NO_LINK).equals(strand.link)) {
    const detail = `${counts}, and at least one of those shown is another, or in another place`;
    findings.add('history-incomplete', PLACE, detail);
  }
}

function checkHead({ subject, labelKey, strands, map }: HistoryFile, { root }: HeadsEpoch, findings: Findings): void {
  const keys = strands.map(strandKey);
  if (keys.some((key, i) => i > 0 && key <= keys[i - 1]!)) {
    findings.add('history-malformed', PLACE, 'the strands of the head are not in order');
    return;
  }
  const value = strands.length === 0 ? undefined : valueHash(strands);
  if (rootOfMap(map, labelHash(labelKey, subject), value)?.equals(root)) return;
  const what = value === undefined ? 'that this person has no history' : 'this head for this person';
  findings.add('head-wrong', PLACE, `the map that the log has does not say ${what}`);
}

/** What was once shown must still be there, as it was. */
function checkEarlier(
  text: string,
  later: HistoryFile,
  links: ReadonlyMap<number, Buffer[]>,
  findings: Findings,
): void {
  const earlier = parseHistoryFile(text);
  if (earlier === undefined || earlier.subject !== later.subject) {
    findings.add('history-malformed', EARLIER, 'the text is not an earlier history of this person');
    return;
  }
  for (const strand of earlier.strands) {
    const link = links.get(strandKey(strand))?.[strand.rows - 1];
    if (link?.equals(strand.link)) continue;
    const detail = `the ${strand.rows} rows of ${nameOf(strand)} that were shown are no longer what this one begins with`;
    findings.add('history-rewritten', EARLIER, detail);
  }
}

function nameOf({ topic, partition }: { topic: number; partition: number }): string {
  return `topic ${topic}, partition ${partition}`;
}
