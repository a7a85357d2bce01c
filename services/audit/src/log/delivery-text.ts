import { attributesIn, LAWFUL_BASES, PURPOSE_CODES, PURPOSES, SOURCE_KIND, uuidText } from '@sluice/contracts';
import { DECISION_AT, type LedgerView, readU64, SOURCE_AT } from '../domain/ledger-view.js';

const NONE = '-';
const KIND_NAMES = new Map<number, string>(Object.entries(SOURCE_KIND).map(([name, number]) => [number, name]));
const PURPOSE_NAMES = new Map<number, string>(PURPOSE_CODES.map((code) => [PURPOSES[code].number, code]));

/** Few sets of attributes are ever released, and each of them again and again. */
const attributeTexts = new Map<number, string>();

/** The lane and sequence of a delivery, and where its decision lies in the ledger's batch. */
export interface DeliveryPlace {
  agency: string;
  sequence: number;
  /** Index into the batch's decisions. */
  decision: number;
}

/**
 * A delivery in its canonical form, one line of ASCII: what a block's commitments are made of, and what a receipt shows.
 *
 * ```
 * delivery <agency>/<lane>#<sequence> <kind> <grant>.<grant version> <purpose> <basis> <attributes> <recorded> <decided>[ replay <plan>]
 * ```
 *
 * Kind is a name of SOURCE_KIND, attributes are codes with commas between them, the times ms since 1970: when the
 * authority recorded the change, and the clock the decision was made under. What there is none of is `-`; the grant of
 * a notice about the agency itself is the nil uuid. The grant tells the person and the recipient who is meant, and two
 * recipients cannot join on it: so neither subject nor event is named, nor any value.
 */
export function deliveryText(batch: LedgerView, { agency, sequence, decision }: DeliveryPlace): string {
  const { bytes, partition, decidedAt } = batch;
  const at = batch.decisionAt(decision);
  const index = bytes.readUInt32BE(at + DECISION_AT.source);
  const source = batch.sourceAt(index);
  const replay = batch.replayOf(index);
  const kind = KIND_NAMES.get(bytes[source + SOURCE_AT.kind]!) ?? NONE;
  const grant = `${uuidText(bytes, at + DECISION_AT.grant)}.${bytes.readUInt32BE(at + DECISION_AT.grantVersion)}`;
  const purpose = PURPOSE_NAMES.get(bytes[at + DECISION_AT.purpose]!) ?? NONE;
  const basis = LAWFUL_BASES[bytes[at + DECISION_AT.basis]!] ?? NONE;
  const attributes = attributesText(bytes.readUInt32BE(at + DECISION_AT.attributes));
  const recorded = readU64(bytes, source + SOURCE_AT.time);
  return `delivery ${agency}/${partition}#${sequence} ${kind} ${grant} ${purpose} ${basis} ${attributes} ${recorded} ${decidedAt}${replay === undefined ? '' : ` replay ${replay}`}`;
}

function attributesText(set: number): string {
  let text = attributeTexts.get(set);
  if (text === undefined) {
    text = attributesIn(set).join(',') || NONE;
    attributeTexts.set(set, text);
  }
  return text;
}
