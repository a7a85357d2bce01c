import { randomUUID } from 'node:crypto';
import { giveGrant, readAlias, registerSubject, requestGrant } from '@sluice/contracts';
import type { ApiClient } from '../../support/api-client.js';
import type { StackAccess } from '../../support/running-stack.js';
import { until } from '../../support/until.js';
import { changeValues } from '../generator/change-lines.js';
import type { Agency } from './agencies.js';
import { inParallel } from './pool.js';

/** Many at once share commits and records: with 32, registering takes a third more of the processors' time. */
const CALLERS = 128;
const TOKEN_LIFE = '12 hours';
const PROGRESS_EVERY = 2_000;

export interface Person {
  subject: string;
  token: string;
  /** By recipient, in the order of the recipients. */
  grants: string[];
}

/** Registers persons, each with a grant to each recipient, through the public API. */
export async function addPersons(
  count: number,
  recipients: Agency[],
  stack: StackAccess,
  api: ApiClient,
  onProgress: (line: string) => void = () => {},
): Promise<Person[]> {
  const persons: Person[] = new Array(count);
  let done = 0;
  await inParallel(count, CALLERS, async (index) => {
    const subject = randomUUID();
    const token = await personToken(subject, stack);
    await api.call(registerSubject, { token, body: { attributes: changeValues(index, 0) } });
    const grants: string[] = [];
    for (const recipient of recipients) grants.push(await grantTo(recipient, token, api));
    persons[index] = { subject, token, grants };
    done += 1;
    if (done % PROGRESS_EVERY === 0) onProgress(`Population: ${done} of ${count} persons`);
  });
  return persons;
}

export function personToken(subject: string, stack: StackAccess): Promise<string> {
  return stack.tokenFor({ sub: subject, kind: 'person' }, { expiresIn: TOKEN_LIFE });
}

/** Accreditations reach registry and consent a moment after they were given. */
export async function untilGrantsWork(recipients: Agency[], stack: StackAccess, api: ApiClient): Promise<void> {
  const token = await personToken(randomUUID(), stack);
  await api.call(registerSubject, { token, body: { attributes: changeValues(0, 0) } });
  for (const recipient of recipients) {
    const what = `consent knows the accreditation of ${recipient.plan.code}`;
    await until(what, () => grantTo(recipient, token, api).catch(() => undefined));
  }
}

async function grantTo({ plan, token: agencyToken }: Agency, token: string, api: ApiClient): Promise<string> {
  const { code, purpose, attributes } = plan;
  const { body } = await api.call(readAlias, { token, params: { agency: code } });
  const terms = { purpose, attributes, mode: 'stream' as const, validityDays: 300, dataLifeDays: 300 };
  const asked = await api.call(requestGrant, { token: agencyToken, body: { subject: body.alias, ...terms } });
  const shown = { version: 'load-1', language: 'zh', channel: 'api' } as const;
  await api.call(giveGrant, { token, params: { grant: asked.body.grant }, body: { shown } });
  return asked.body.grant;
}
