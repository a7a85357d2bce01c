import { z } from 'zod';
import { isRealDate, isResidentIdentityNumber, isUnifiedSocialCreditCode } from './identifiers.js';

/** Sensitivity by two published schemes side by side: PIPL, and JR/T 0171-2020 (C3 is never stored here). */
export interface Sensitivity {
  readonly pipl: 'general' | 'sensitive';
  readonly financial: 'C1' | 'C2';
}

/** Who may assert a value: the person alone, an accredited publisher, or both. */
export type Asserter = 'person' | 'publisher';

export type GrantMode = 'stream' | 'snapshot' | 'query';

export interface AttributeDefinition {
  /** Position in attribute sets (a bit); given once, never reused. */
  readonly bit: number;
  readonly schema: z.ZodType;
  readonly sensitivity: Sensitivity;
  readonly assertedBy: readonly Asserter[];
  /** Lowest assurance a value needs: 1 self-asserted, 2 evidence seen, 3 authoritative source. */
  readonly assurance: 1 | 2 | 3;
  /** After so many days without confirmation a value counts as stale. */
  readonly staleAfterDays: number;
  readonly modes: readonly GrantMode[];
  /** A grant over this attribute also needs a supervisor's review. */
  readonly reviewed: boolean;
  readonly en: string;
  readonly zh: string;
}

const GENERAL: Sensitivity = { pipl: 'general', financial: 'C1' };
const GENERAL_C2: Sensitivity = { pipl: 'general', financial: 'C2' };
const SENSITIVE: Sensitivity = { pipl: 'sensitive', financial: 'C2' };
const BOTH = ['person', 'publisher'] as const;
const AUTHORITY = ['publisher'] as const;
const ALL_MODES = ['stream', 'snapshot', 'query'] as const;

const line = (max: number) => z.string().trim().min(1).max(max);
const date = z.string().refine(isRealDate, 'calendar-date');
const address = z.strictObject({
  division: z.string().regex(/^\d{6}$/, 'gbt-2260-division'),
  text: line(200),
  postcode: z
    .string()
    .regex(/^\d{6}$/)
    .optional(),
});
const phone = z.string().regex(/^\+[1-9]\d{6,14}$/, 'e164-number');

function attribute(
  bit: number,
  en: string,
  zh: string,
  schema: z.ZodType,
  rest: Partial<Omit<AttributeDefinition, 'bit' | 'schema' | 'en' | 'zh'>> = {},
): AttributeDefinition {
  return {
    bit,
    en,
    zh,
    schema,
    sensitivity: rest.sensitivity ?? GENERAL,
    assertedBy: rest.assertedBy ?? BOTH,
    assurance: rest.assurance ?? 1,
    staleAfterDays: rest.staleAfterDays ?? 365,
    modes: rest.modes ?? ALL_MODES,
    reviewed: rest.reviewed ?? false,
  };
}

/** Bumped whenever an attribute or a purpose changes; recorded with every decision. */
export const CATALOGUE_VERSION = 1;

/** The attribute catalogue. Adding one is a line here: the next free bit, its rules, its two labels. */
export const ATTRIBUTES = {
  name: attribute(0, 'Name', '姓名', line(80), { assertedBy: AUTHORITY, assurance: 3, staleAfterDays: 3650 }),
  formerNames: attribute(1, 'Former names', '曾用名', z.array(line(80)).max(10), {
    assertedBy: AUTHORITY,
    assurance: 3,
    staleAfterDays: 3650,
  }),
  sex: attribute(2, 'Sex', '性别', z.enum(['female', 'male', 'unspecified']), {
    assertedBy: AUTHORITY,
    assurance: 3,
    staleAfterDays: 3650,
  }),
  birthDate: attribute(3, 'Date of birth', '出生日期', date, {
    assertedBy: AUTHORITY,
    assurance: 3,
    staleAfterDays: 3650,
  }),
  nationality: attribute(4, 'Nationality', '国籍', z.string().regex(/^[A-Z]{2}$/, 'iso-3166-country'), {
    assertedBy: AUTHORITY,
    assurance: 3,
    staleAfterDays: 3650,
  }),
  ethnicGroup: attribute(5, 'Ethnic group', '民族', line(40), {
    sensitivity: SENSITIVE,
    assertedBy: AUTHORITY,
    assurance: 3,
    reviewed: true,
  }),
  identityDocument: attribute(
    6,
    'Identity document',
    '身份证件',
    z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('resident-id'),
        number: z.string().refine(isResidentIdentityNumber, 'gb-11643-number'),
        validUntil: date.optional(),
      }),
      z.strictObject({
        type: z.enum(['passport', 'residence-permit']),
        number: z.string().regex(/^[A-Z0-9]{5,20}$/),
        issuedBy: z.string().regex(/^[A-Z]{2}$/),
        validUntil: date.optional(),
      }),
    ]),
    { sensitivity: SENSITIVE, assertedBy: AUTHORITY, assurance: 3, staleAfterDays: 1825 },
  ),
  maritalStatus: attribute(7, 'Marital status', '婚姻状况', z.enum(['single', 'married', 'divorced', 'widowed']), {
    sensitivity: GENERAL_C2,
    assertedBy: AUTHORITY,
    assurance: 2,
  }),
  guardian: attribute(
    8,
    'Guardian',
    '监护人',
    z.strictObject({ name: line(80), relation: line(40), phone: phone.optional() }),
    { sensitivity: SENSITIVE, assertedBy: AUTHORITY, assurance: 3 },
  ),
  mobilePhone: attribute(9, 'Mobile phone', '手机号码', phone, { sensitivity: GENERAL_C2, staleAfterDays: 180 }),
  email: attribute(10, 'E-mail', '电子邮箱', z.email().max(254)),
  registeredResidence: attribute(11, 'Registered residence', '户籍地址', address, {
    assertedBy: AUTHORITY,
    assurance: 3,
  }),
  homeAddress: attribute(12, 'Home address', '居住地址', address, { sensitivity: GENERAL_C2 }),
  mailingAddress: attribute(13, 'Mailing address', '通信地址', address),
  education: attribute(
    14,
    'Education',
    '学历',
    z.enum(['none', 'primary', 'secondary', 'vocational', 'bachelor', 'master', 'doctor']),
  ),
  employer: attribute(
    15,
    'Employer',
    '工作单位',
    z.strictObject({
      name: line(120),
      uscc: z.string().refine(isUnifiedSocialCreditCode, 'gb-32100-code').optional(),
      since: date.optional(),
    }),
  ),
  occupation: attribute(16, 'Occupation', '职业', line(80)),
  position: attribute(17, 'Position', '职务', line(80)),
  incomeBand: attribute(18, 'Income band', '收入区间', z.enum(['A', 'B', 'C', 'D', 'E', 'F']), {
    sensitivity: SENSITIVE,
    reviewed: true,
  }),
  taxResidency: attribute(
    19,
    'Tax residency',
    '税收居民身份',
    z
      .array(z.string().regex(/^[A-Z]{2}$/))
      .min(1)
      .max(5),
    { sensitivity: GENERAL_C2 },
  ),
  preferredAccount: attribute(
    20,
    'Preferred bank account',
    '常用银行账户',
    z.strictObject({ bank: line(120), account: z.string().regex(/^\d{8,30}$/) }),
    { sensitivity: SENSITIVE },
  ),
  socialSecurityPlace: attribute(
    21,
    'Social-security place',
    '社保参保地',
    z.string().regex(/^\d{6}$/, 'gbt-2260-division'),
  ),
  emergencyContact: attribute(
    22,
    'Emergency contact',
    '紧急联系人',
    z.strictObject({ name: line(80), phone, relation: line(40).optional() }),
    { sensitivity: GENERAL_C2 },
  ),
} as const satisfies Record<string, AttributeDefinition>;

export type AttributeCode = keyof typeof ATTRIBUTES;
export const ATTRIBUTE_CODES = Object.keys(ATTRIBUTES) as AttributeCode[];
export const attributeCode = z.enum(ATTRIBUTE_CODES as [AttributeCode, ...AttributeCode[]]);
export type AttributeValues = Partial<Record<AttributeCode, unknown>>;

export function isAttributeCode(text: string): text is AttributeCode {
  return Object.hasOwn(ATTRIBUTES, text);
}

const CODE_BY_BIT: readonly AttributeCode[] = (() => {
  const codes: AttributeCode[] = [];
  for (const code of ATTRIBUTE_CODES) codes[ATTRIBUTES[code].bit] = code;
  return codes;
})();

/** A set of attributes as bits of an unsigned 32-bit number; the catalogue has room for 32. */
export type AttributeSet = number;

export function attributeSet(codes: Iterable<AttributeCode>): AttributeSet {
  let set = 0;
  for (const code of codes) set |= 1 << ATTRIBUTES[code].bit;
  return set >>> 0;
}

export function attributesIn(set: AttributeSet): AttributeCode[] {
  const codes: AttributeCode[] = [];
  for (let bit = 0; set !== 0; bit++, set >>>= 1) if (set & 1) codes.push(CODE_BY_BIT[bit]!);
  return codes;
}
