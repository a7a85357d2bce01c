/**
 * The changes of the load: about 600 bytes a line, every one different from the one before of the same person, with
 * the time of making inside a value that all recipients are granted.
 */
const PAD = '某某路 88 弄 17 号 2305 室 '.repeat(9);

/** Prime, so that no number of persons makes a person's employer come round to the same one. */
const EMPLOYERS = 9_973;

export function changeValues(n: number, madeAt: number): Record<string, unknown> {
  return {
    mobilePhone: `+86138${String(10_000_000 + (n % 80_000_000))}`,
    homeAddress: { division: '330106', text: `文三路 ${n} 号 @${madeAt}` },
    employer: { name: `某某科技有限公司 ${n % EMPLOYERS}` },
    occupation: '工程师',
    mailingAddress: { division: '310115', text: `${PAD.slice(0, 185)}${n}` },
  };
}

export function changeLine(subject: string, n: number, madeAt: number): string {
  return `{"subject":"${subject}","attributes":${JSON.stringify(changeValues(n, madeAt))}}\n`;
}

/** The time of making (Unix, ms), from the attributes as a recipient gets them. */
export function madeAtOf(attributes: Record<string, unknown>): number | undefined {
  const text = (attributes.homeAddress as { text?: string } | undefined)?.text;
  const at = text?.lastIndexOf('@') ?? -1;
  return at < 0 ? undefined : Number(text!.slice(at + 1));
}
