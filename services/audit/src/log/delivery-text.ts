import { attributesIn, LAWFUL_BASES, PURPOSE_CODES, PURPOSES, SOURCE_KIND } from '@sluice/contracts';
import { DECISION_AT, type LedgerView, readU64, SOURCE_AT } from '../domain/ledger-view.js';
import type { LineBuffer } from './line-buffer.js';

const NONE = '-';
const KIND_TEXTS = new Map(Object.entries(SOURCE_KIND).map(([name, number]) => [number as number, textOf(`${name} `)]));
const PURPOSE_NAMES = new Map<number, string>(PURPOSE_CODES.map((code) => [PURPOSES[code].number, code]));
const NO_KIND = textOf(`${NONE} `);
const POINT = textOf('.');
const SPACE = textOf(' ');
const REPLAY = textOf(' replay ');

/** What was released for which purpose, by purpose and basis, then by attributes: few combinations come again and again. */
const releases = new Map<number, Map<number, Buffer>>();
/** Should there be many after all, they are made again now and then. */
const MAX_RELEASES = 1_000;

/** The deliveries of one block in their canonical form. */
export class DeliveryTexts {
  readonly #lane: Buffer;
  readonly #decided: Buffer;

  constructor(
    private readonly batch: LedgerView,
    private readonly block: { agency: string; first: number; decision: number },
  ) {
    this.#lane = textOf(`delivery ${block.agency}/${batch.partition}#`);
    this.#decided = textOf(` ${batch.decidedAt}`);
  }

  /**
   * One line of ASCII: what the block's commitments are made of, and what a receipt shows.
   *
   * ```
   * delivery <agency>/<lane>#<sequence> <kind> <grant>.<grant version> <purpose> <basis> <attributes> <recorded> <decided>[ replay <plan>]
   * ```
   *
   * Kind is a name of SOURCE_KIND, attributes are codes with commas between them, the times ms since 1970: when the
   * authority recorded the change, and the clock the decision was made under. What there is none of is `-`; the grant of
   * a notice about the agency itself is the nil uuid. The grant tells the person and the recipient who is meant, and two
   * recipients cannot join on it: so neither subject nor event is named, nor any value.
   *
   * @param index of the delivery in its block
   */
  write(line: LineBuffer, index: number): void {
    const { bytes } = this.batch;
    const at = this.batch.decisionAt(this.block.decision + index);
    const source = bytes.readUInt32BE(at + DECISION_AT.source);
    const sourceAt = this.batch.sourceAt(source);
    line.put(this.#lane);
    line.putNumber(this.block.first + index);
    line.put(SPACE);
    line.put(KIND_TEXTS.get(bytes[sourceAt + SOURCE_AT.kind]!) ?? NO_KIND);
    line.putUuid(bytes, at + DECISION_AT.grant);
    line.put(POINT);
    line.putNumber(bytes.readUInt32BE(at + DECISION_AT.grantVersion));
    line.put(releaseText(bytes, at));
    line.putNumber(readU64(bytes, sourceAt + SOURCE_AT.time));
    line.put(this.#decided);
    const replay = this.batch.replayOf(source);
    if (replay === undefined) return;
    line.put(REPLAY);
    line.put(replay);
  }
}

/** ` <purpose> <basis> <attributes> ` */
function releaseText(bytes: Buffer, decisionAt: number): Buffer {
  const purpose = bytes[decisionAt + DECISION_AT.purpose]!;
  const basis = bytes[decisionAt + DECISION_AT.basis]!;
  const attributes = bytes.readUInt32BE(decisionAt + DECISION_AT.attributes);
  const key = (purpose << 8) | basis;
  let known = releases.get(key);
  if (known === undefined) {
    known = new Map();
    releases.set(key, known);
  }
  let text = known.get(attributes);
  if (text === undefined) {
    const codes = attributesIn(attributes).join(',') || NONE;
    text = textOf(` ${PURPOSE_NAMES.get(purpose) ?? NONE} ${LAWFUL_BASES[basis] ?? NONE} ${codes} `);
    if (known.size === MAX_RELEASES) known.clear();
    known.set(attributes, text);
  }
  return text;
}

function textOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
