import type { AgencyPlan } from '../support/recipient.js';

/** The three agencies of the story and what each may receive. */
export const BANK: AgencyPlan = {
  code: 'harbour-bank',
  name: { en: 'Harbour Bank', zh: '海港银行' },
  uscc: '91310000MA1FL0001R',
  kind: 'bank',
  purpose: 'kyc-refresh',
  attributes: ['mobilePhone', 'homeAddress'],
};

export const BUREAU: AgencyPlan = {
  code: 'beacon-credit',
  name: { en: 'Beacon Credit', zh: '灯塔征信' },
  uscc: '91310000MA1FL0002W',
  kind: 'credit-bureau',
  purpose: 'credit-assessment',
  attributes: ['mobilePhone', 'employer'],
};

export const TAX: AgencyPlan = {
  code: 'city-tax',
  name: { en: 'City Tax Office', zh: '市税务局' },
  uscc: '11310000MB0000003J',
  kind: 'tax',
  purpose: 'tax-administration',
  attributes: ['homeAddress', 'employer'],
};

/** Invented values. A search of everything at rest must find none of them. */
export const VALUES = {
  firstPhone: '+8613912345670',
  firstAddress: { division: '330106', text: '文三路 478 号 3 幢 1201 室' },
  firstEmployer: { name: '钱塘云图科技有限公司' },
  newPhone: '+8613787654321',
  newAddress: { division: '310115', text: '张杨路 2389 弄 17 号 602 室' },
  laterPhone: '+8618600001234',
  laterAddress: { division: '310104', text: '漕溪北路 88 号 2305 室' },
} as const;
