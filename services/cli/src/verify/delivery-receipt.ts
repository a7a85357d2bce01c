import { type ReplyOf, readDeliveryReceipt } from '@sluice/contracts';
import {
  type Finding,
  isInBlock,
  type ReceiptReport,
  type VerifierKey,
  verifyReceipt,
  type WitnessPolicy,
} from '@sluice/log-verifier';

/** What the audit service gives whoever received a delivery, or whom it was about (docs/design/audit.md). */
export type DeliveryReceipt = ReplyOf<typeof readDeliveryReceipt>;

const PLACE = 'receipt';
const DELIVERY = /^delivery ([a-z0-9-]+)\/(\d+)#(\d+) /;
const LEAF = /^block ([a-z0-9-]+)\/(\d+)#(\d+)\+(\d+) ([A-Za-z0-9+/]{43}=) /;

/** Undefined if the text is not one. */
export function parseDeliveryReceipt(text: string): DeliveryReceipt | undefined {
  try {
    return readDeliveryReceipt.reply.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** From the delivery's line to its block, from the block to the log's leaf, from the leaf to the signed root. */
export function verifyDeliveryReceipt(
  receipt: DeliveryReceipt,
  log: VerifierKey,
  policy?: WitnessPolicy,
): ReceiptReport {
  const leaf = Buffer.from(receipt.leaf);
  const report = verifyReceipt({ receipt: receipt.proof, leaf, log, ...(policy && { policy }) });
  return { ...report, findings: [...report.findings, ...blockFindings(receipt)] };
}

function blockFindings({ delivery, salt, block, leaf }: DeliveryReceipt): Finding[] {
  const said = DELIVERY.exec(delivery);
  const signed = LEAF.exec(leaf);
  if (said === null || signed === null) {
    return [
      { code: 'proof-malformed', place: PLACE, detail: 'it is not of a delivery, or its leaf is not of a block' },
    ];
  }
  const [agency, lane, first, count, root] = signed.slice(1) as [string, string, string, string, string];
  const isOfBlock =
    said[1] === agency &&
    said[2] === lane &&
    Number(said[3]) === Number(first) + block.index &&
    Number(count) === block.count;
  const isHeld = isInBlock(
    {
      salt: Buffer.from(salt, 'base64'),
      content: Buffer.from(delivery),
      index: block.index,
      count: block.count,
      path: block.path.map((hash) => Buffer.from(hash, 'base64')),
    },
    Buffer.from(root, 'base64'),
  );
  if (isOfBlock && isHeld) return [];
  return [
    { code: 'inclusion-wrong', place: PLACE, detail: 'the block in the log does not hold this delivery at this place' },
  ];
}
