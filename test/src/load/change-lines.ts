/**
 * The changes of the load: about 600 bytes a line, every one different, with the time of sending inside a
 * value that all recipients are granted.
 */
const PAD = '某某路 88 弄 17 号 2305 室 '.repeat(8);

/** The granted attribute that carries the time of sending. */
export const STAMPED = 'homeAddress';

export function changeValues(n: number, sentAt: number): Record<string, unknown> {
  return {
    mobilePhone: `+86138${String(10_000_000 + (n % 80_000_000))}`,
    homeAddress: { division: '330106', text: `文三路 ${n} 号 @${sentAt}` },
    employer: { name: `某某科技有限公司 ${n % 1_000}` },
    occupation: '工程师',
    mailingAddress: { division: '310115', text: `${PAD}${n}`.slice(0, 190) },
  };
}

export function changeLine(subject: string, n: number, sentAt: number): string {
  return `{"subject":"${subject}","attributes":${JSON.stringify(changeValues(n, sentAt))}}\n`;
}

/** The time of sending, from a value as a recipient gets it; undefined in a snapshot of something older. */
export function sentAtOf(value: unknown): number | undefined {
  const text = (value as { text?: string } | undefined)?.text;
  const at = text?.lastIndexOf('@') ?? -1;
  return at < 0 ? undefined : Number(text!.slice(at + 1));
}
