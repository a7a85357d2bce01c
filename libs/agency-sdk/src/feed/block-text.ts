/**
 * Of a text that is parsed at once. V8 keeps texts of more than 128 KiB apart from all others, in memory that it asks for
 * and gives back each time: to decode a whole block costs six times as much as to decode it by pieces.
 */
const PIECE_BYTES = 16 * 1024;
/** Between two deliveries, as the centre writes them. */
const BETWEEN = Buffer.from('},{"specversion":');
const OPEN = 0x5b;
const CLOSE = 0x5d;

/**
 * What a block's text says: `JSON.parse` of it, whatever it is.
 * @throws {SyntaxError} where it is not JSON
 */
export function parseBlockText(text: Buffer): unknown {
  if (text.length > PIECE_BYTES && text[0] === OPEN && text.at(-1) === CLOSE) {
    try {
      return parsePieces(text);
    } catch {
      // Perhaps cut within a delivery that holds others: then there is a bracket too few, and the whole text decides.
    }
  }
  return JSON.parse(text.toString('utf8'));
}

function parsePieces(text: Buffer): unknown[] {
  const all: unknown[] = [];
  let from = 1;
  for (;;) {
    const cut = text.indexOf(BETWEEN, from + PIECE_BYTES);
    const end = cut < 0 ? text.length - 1 : cut + 1;
    for (const one of JSON.parse(`[${text.toString('utf8', from, end)}]`) as unknown[]) all.push(one);
    if (cut < 0) return all;
    from = end + 1;
  }
}
