import { z } from 'zod';
import { ATTRIBUTE_CODES, type AttributeCode, type AttributeSet, attributeSet, type GrantMode } from './attributes.js';

export const LAWFUL_BASES = ['consent', 'contract', 'statutory-duty', 'emergency', 'other-law'] as const;
/** PIPL article 13. Grants rest on consent; the others are mandates. */
export type LawfulBasis = (typeof LAWFUL_BASES)[number];

export interface PurposeDefinition {
  readonly number: number;
  /** The attributes this purpose may never exceed. */
  readonly bound: readonly AttributeCode[];
  readonly modes: readonly GrantMode[];
  readonly maxValidityDays: number;
  readonly maxDataLifeDays: number;
  readonly bases: readonly LawfulBasis[];
  readonly en: string;
  readonly zh: string;
}

const CONTACT = ['mobilePhone', 'email', 'homeAddress', 'mailingAddress'] as const;
const IDENTITY = ['name', 'formerNames', 'sex', 'birthDate', 'nationality', 'identityDocument'] as const;
const WORK = ['employer', 'occupation', 'position'] as const;
const ALL_MODES = ['stream', 'snapshot', 'query'] as const;

/** The purpose catalogue: why a recipient needs data, and the most it may ever ask for. */
export const PURPOSES = {
  'kyc-refresh': {
    number: 1,
    bound: [...IDENTITY, ...CONTACT, ...WORK, 'taxResidency'],
    modes: ALL_MODES,
    maxValidityDays: 1095,
    maxDataLifeDays: 1825,
    bases: ['consent', 'statutory-duty'],
    en: 'Know-your-customer refresh',
    zh: '客户身份信息更新',
  },
  'account-servicing': {
    number: 2,
    bound: ['name', ...CONTACT, 'preferredAccount'],
    modes: ALL_MODES,
    maxValidityDays: 1095,
    maxDataLifeDays: 1095,
    bases: ['consent', 'contract'],
    en: 'Account servicing',
    zh: '账户服务',
  },
  'credit-assessment': {
    number: 3,
    bound: [...IDENTITY, ...CONTACT, ...WORK, 'maritalStatus', 'education', 'incomeBand', 'socialSecurityPlace'],
    modes: ALL_MODES,
    maxValidityDays: 365,
    maxDataLifeDays: 1825,
    bases: ['consent'],
    en: 'Credit assessment',
    zh: '信用评估',
  },
  'loan-monitoring': {
    number: 4,
    bound: ['name', ...CONTACT, ...WORK, 'incomeBand', 'maritalStatus'],
    modes: ALL_MODES,
    maxValidityDays: 1095,
    maxDataLifeDays: 1825,
    bases: ['consent', 'contract'],
    en: 'Loan monitoring',
    zh: '贷后管理',
  },
  'anti-fraud': {
    number: 5,
    bound: ['name', 'identityDocument', 'mobilePhone', 'email'],
    modes: ['query', 'snapshot'],
    maxValidityDays: 365,
    maxDataLifeDays: 365,
    bases: ['consent', 'statutory-duty'],
    en: 'Fraud prevention',
    zh: '反欺诈',
  },
  'tax-administration': {
    number: 6,
    bound: ['name', 'identityDocument', 'homeAddress', 'mailingAddress', 'mobilePhone', 'employer', 'taxResidency'],
    modes: ALL_MODES,
    maxValidityDays: 1825,
    maxDataLifeDays: 3650,
    bases: ['consent', 'statutory-duty'],
    en: 'Tax administration',
    zh: '税务管理',
  },
  'social-security': {
    number: 7,
    bound: [
      'name',
      'identityDocument',
      'birthDate',
      'homeAddress',
      'mobilePhone',
      'employer',
      'socialSecurityPlace',
      'preferredAccount',
    ],
    modes: ALL_MODES,
    maxValidityDays: 1825,
    maxDataLifeDays: 3650,
    bases: ['consent', 'statutory-duty'],
    en: 'Social-security administration',
    zh: '社会保障管理',
  },
  'judicial-assistance': {
    number: 8,
    bound: ['name', 'identityDocument', 'registeredResidence', 'homeAddress', 'mobilePhone', 'employer'],
    modes: ['query', 'snapshot'],
    maxValidityDays: 180,
    maxDataLifeDays: 3650,
    bases: ['statutory-duty', 'other-law'],
    en: 'Judicial assistance',
    zh: '司法协助',
  },
  emergency: {
    number: 9,
    bound: ['name', 'mobilePhone', 'emergencyContact', 'homeAddress', 'guardian'],
    modes: ['query', 'snapshot'],
    maxValidityDays: 30,
    maxDataLifeDays: 90,
    bases: ['emergency', 'consent'],
    en: 'Emergency',
    zh: '紧急救助',
  },
} as const satisfies Record<string, PurposeDefinition>;

export type PurposeCode = keyof typeof PURPOSES;
export const PURPOSE_CODES = Object.keys(PURPOSES) as PurposeCode[];
export const purposeCode = z.enum(PURPOSE_CODES as [PurposeCode, ...PurposeCode[]]);

const BOUNDS: Readonly<Record<PurposeCode, AttributeSet>> = Object.fromEntries(
  PURPOSE_CODES.map((code) => [code, attributeSet(PURPOSES[code].bound)]),
) as Record<PurposeCode, AttributeSet>;

/** The most attributes a purpose allows, as a set. */
export function purposeBound(purpose: PurposeCode): AttributeSet {
  return BOUNDS[purpose];
}

/** Every attribute, for an accreditation check that starts from all. */
export const ALL_ATTRIBUTES: AttributeSet = attributeSet(ATTRIBUTE_CODES);
