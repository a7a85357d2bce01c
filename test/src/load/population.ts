import { randomUUID } from 'node:crypto';
import { giveGrant, readAlias, registerSubject, requestGrant } from '@sluice/contracts';
import type { ApiClient } from '../support/api-client.js';
import { type AgencyPlan, Recipient } from '../support/recipient.js';
import type { StackAccess } from '../support/running-stack.js';
import { until } from '../support/until.js';
import { changeValues } from './change-lines.js';
import { inParallel } from './pool.js';

const CALLERS = 48;
const TOKEN_LIFE = '6 hours';

/** Fan-out 3: every person is granted to all three. */
const PLANS: AgencyPlan[] = [
  {
    code: 'load-bank',
    name: { en: 'Load Bank', zh: '负载银行' },
    uscc: '91310000MA1FL0001R',
    kind: 'bank',
    purpose: 'kyc-refresh',
    attributes: ['mobilePhone', 'homeAddress'],
    publishes: ['mobilePhone', 'homeAddress', 'employer', 'occupation', 'mailingAddress'],
  },
  {
    code: 'load-bureau',
    name: { en: 'Load Bureau', zh: '负载征信' },
    uscc: '91310000MA1FL0002W',
    kind: 'credit-bureau',
    purpose: 'credit-assessment',
    attributes: ['homeAddress', 'employer'],
  },
  {
    code: 'load-tax',
    name: { en: 'Load Tax', zh: '负载税务' },
    uscc: '11310000MB0000003J',
    kind: 'tax',
    purpose: 'tax-administration',
    attributes: ['homeAddress'],
  },
];

export interface Population {
  subjects: string[];
  /** Grant of the bank for each subject, by index. */
  bankGrants: string[];
  recipients: Recipient[];
  personToken(subject: string): Promise<string>;
}

/** Registers persons and makes every grant of theirs, through the public API. */
export async function populate(
  count: number,
  stack: StackAccess,
  api: ApiClient,
  onProgress: (line: string) => void,
): Promise<Population> {
  const recipients: Recipient[] = [];
  for (const plan of PLANS) recipients.push(await Recipient.accredit(plan, stack, api));
  const subjects = Array.from({ length: count }, () => randomUUID());
  const bankGrants: string[] = new Array(count);
  const personToken = (subject: string) => stack.tokenFor({ sub: subject, kind: 'person' }, { expiresIn: TOKEN_LIFE });
  await warmUp(recipients[0]!, personToken, api);
  let done = 0;
  await inParallel(count, CALLERS, async (index) => {
    const subject = subjects[index]!;
    const token = await personToken(subject);
    await api.call(registerSubject, { token, body: { attributes: changeValues(index, 0) } });
    for (const [i, recipient] of recipients.entries()) {
      const grant = await grantTo(recipient, token, api);
      if (i === 0) bankGrants[index] = grant;
    }
    done += 1;
    if (done % 2_000 === 0) onProgress(`population: ${done} of ${count} persons with 3 grants each`);
  });
  return { subjects, bankGrants, recipients, personToken };
}

/** The accreditations reach registry and consent within a moment; ask until they have. */
async function warmUp(bank: Recipient, personToken: Population['personToken'], api: ApiClient): Promise<void> {
  const subject = randomUUID();
  const token = await personToken(subject);
  await api.call(registerSubject, { token, body: { attributes: { mobilePhone: '+8613900000000' } } });
  await until('the accreditation reached consent', () => grantTo(bank, token, api).catch(() => undefined));
}

async function grantTo(recipient: Recipient, token: string, api: ApiClient): Promise<string> {
  const { code, purpose, attributes } = recipient.plan;
  const { body } = await api.call(readAlias, { token, params: { agency: code } });
  const terms = { purpose, attributes, mode: 'stream' as const, validityDays: 300, dataLifeDays: 300 };
  const asked = await api.call(requestGrant, { token: recipient.token, body: { subject: body.alias, ...terms } });
  const shown = { version: 'load-1', language: 'zh', channel: 'api' } as const;
  await api.call(giveGrant, { token, params: { grant: asked.body.grant }, body: { shown } });
  return asked.body.grant;
}
