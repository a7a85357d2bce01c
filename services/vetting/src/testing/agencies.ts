import type { AccreditationScope, FeedPublicKey } from '@sluice/contracts';

/** What an institution of the tests applies with. */
export const DETAILS = {
  name: { en: 'Harbour Bank', zh: '海港银行' },
  uscc: '91350100M000100Y43',
  kind: 'bank' as const,
};

export const SCOPE: AccreditationScope = {
  receives: [
    { purpose: 'kyc-refresh', attributes: ['mobilePhone', 'homeAddress', 'employer'], modes: ['stream', 'snapshot'] },
  ],
  publishes: ['name', 'identityDocument'],
  until: '2036-01-01T00:00:00.000Z',
};

export const NARROWER: AccreditationScope = {
  ...SCOPE,
  receives: [{ purpose: 'kyc-refresh', attributes: ['mobilePhone'], modes: ['stream'] }],
};

export const PUBLIC_KEY: FeedPublicKey = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};
