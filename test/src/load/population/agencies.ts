import { generateAgencyKeys, type PrivateKey } from '@sluice/agency-sdk';
import { applyAsAgency, approveAgency } from '@sluice/contracts';
import type { ApiClient } from '../../support/api-client.js';
import { type AgencyPlan, agencyClaims } from '../../support/recipient.js';
import type { StackAccess } from '../../support/running-stack.js';

const YEAR_MS = 365 * 24 * 3_600_000;
const TOKEN_LIFE = '12 hours';

/** Fan-out 3: every person is granted to all three. The first one is also who files the changes. */
export const AGENCIES: readonly AgencyPlan[] = [
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

/** An agency that takes part, with what it needs to act. */
export interface Agency {
  plan: AgencyPlan;
  privateKey: PrivateKey;
  /** For the services. */
  token: string;
  /** For its feed. */
  feedToken: string;
}

/** Signs in an agency that was accredited before. */
export async function signIn(plan: AgencyPlan, privateKey: PrivateKey, stack: StackAccess): Promise<Agency> {
  const claims = agencyClaims(plan.code);
  return {
    plan,
    privateKey,
    token: await stack.tokenFor(claims, { expiresIn: TOKEN_LIFE }),
    feedToken: await stack.tokenFor(claims, { expiresIn: TOKEN_LIFE, audience: 'kafka' }),
  };
}

/** Applies, is approved by two reviewers, and so is accredited. */
export async function accredit(plan: AgencyPlan, stack: StackAccess, api: ApiClient): Promise<Agency> {
  const { publicJwk, privateJwk } = await generateAgencyKeys();
  const agency = await signIn(plan, privateJwk, stack);
  const { kty, crv, x, y } = publicJwk;
  const body = {
    agency: plan.code,
    details: { name: plan.name, uscc: plan.uscc, kind: plan.kind },
    scope: {
      receives: [{ purpose: plan.purpose, attributes: plan.attributes, modes: ['stream', 'snapshot'] }],
      publishes: plan.publishes ?? [],
      until: new Date(Date.now() + YEAR_MS).toISOString(),
    },
    publicKey: { kty, crv, x, y },
  };
  await api.call(applyAsAgency, { token: agency.token, body });
  for (const reviewer of ['rui', 'vera'] as const) {
    await api.call(approveAgency, { token: await stack.tokenFor(reviewer), params: { agency: plan.code }, body: {} });
  }
  return agency;
}
