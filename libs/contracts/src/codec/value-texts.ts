import { ATTRIBUTE_CODES, ATTRIBUTES, type AttributeSet } from '../catalogue/attributes.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** How every `ChangeContent` begins: `JSON.stringify` of an object whose first member is `attributes`. */
const HEAD = Buffer.from('{"attributes":{');

const CODE_BYTES: readonly Buffer[] = (() => {
  const bytes: Buffer[] = [];
  for (const code of ATTRIBUTE_CODES) bytes[ATTRIBUTES[code].bit] = Buffer.from(code);
  return bytes;
})();

/**
 * The values of a change in the JSON they were sealed in: where each one's member, `"code":value`, stands in the opened
 * text. Who only passes values on copies these bytes: parsing them, and writing them as JSON and UTF-8 again for each of
 * three recipients, cost delivery 10 us a change, finding them 0.4.
 */
export class ValueTexts {
  /** Bit of the attribute, first byte, byte after the last; for each member. */
  readonly #spans: readonly number[];

  private constructor(
    readonly text: Buffer,
    spans: readonly number[],
  ) {
    this.#spans = spans;
  }

  /**
   * @param text an opened change; what it holds was written and sealed by registry, so values are not examined further
   * @param attributes which it must hold, no more and no less: the set in the clear head that the seal is bound to
   * @throws {SyntaxError} where the text is not of that shape
   */
  static of(text: Buffer, attributes: AttributeSet): ValueTexts {
    const spans: number[] = [];
    let missing = attributes;
    let at = HEAD.length;
    if (text.length <= at || HEAD.compare(text, 0, at) !== 0) throw malformed();
    while (text[at] === QUOTE) {
      const start = at;
      const bit = bitOf(text, start + 1, missing);
      at = afterValue(text, start + CODE_BYTES[bit]!.length + 3);
      spans.push(bit, start, at);
      missing = (missing & ~(1 << bit)) >>> 0;
      if (text[at] !== COMMA) break;
      at += 1;
    }
    const closed = text[at] === CLOSE_BRACE && text[at - 1] !== COMMA && text.at(-1) === CLOSE_BRACE;
    const whole = at + 2 === text.length || text[at + 1] === COMMA;
    if (!closed || !whole || missing !== 0) throw malformed();
    return new ValueTexts(text, spans);
  }

  /** Hands `take` the place of each value's member in the text, in the catalogue's order; all of `attributes` must be there. */
  each(attributes: AttributeSet, take: (start: number, end: number) => void): void {
    for (let bit = 0, left = attributes; left !== 0; bit++, left >>>= 1) {
      if ((left & 1) === 0) continue;
      let i = 0;
      while (this.#spans[i] !== bit) {
        i += 3;
        if (i >= this.#spans.length) throw malformed();
      }
      take(this.#spans[i + 1]!, this.#spans[i + 2]!);
    }
  }
}

/** Which of the attributes the code at `at` names; a set has a handful. */
function bitOf(text: Buffer, at: number, among: AttributeSet): number {
  for (let bit = 0, left = among; left !== 0; bit++, left >>>= 1) {
    if ((left & 1) === 0) continue;
    const code = CODE_BYTES[bit]!;
    let same = 0;
    while (same < code.length && text[at + same] === code[same]) same++;
    if (same === code.length && text[at + same] === QUOTE && text[at + same + 1] === COLON) return bit;
  }
  throw malformed();
}

/** The byte after the JSON value at `start`: strings and nesting are all that matters to find it. */
function afterValue(text: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    switch (text[at]) {
      case QUOTE:
        at = afterString(text, at);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        at += 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth === 0) return valueEnd(start, at);
        depth -= 1;
        at += 1;
        break;
      case COMMA:
        if (depth === 0) return valueEnd(start, at);
        at += 1;
        break;
      default:
        at += 1;
    }
  }
  throw malformed();
}

function valueEnd(start: number, end: number): number {
  if (end === start) throw malformed();
  return end;
}

function afterString(text: Buffer, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const byte = text[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  throw malformed();
}

/** Never with the text: it holds personal values. */
function malformed(): SyntaxError {
  return new SyntaxError('the opened text is not the content of its change');
}
