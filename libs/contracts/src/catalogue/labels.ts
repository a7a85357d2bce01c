import type { Outcome } from '../codec/ledger-batch.js';
import { ATTRIBUTES, type AttributeCode, isAttributeCode } from './attributes.js';
import { type LawfulBasis, PURPOSES, type PurposeCode } from './purposes.js';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text for persons, in both languages. */
export type Label = Readonly<Record<Language, string>>;

/** What a decision was, for the person it was about. */
export const OUTCOME_LABELS: Readonly<Record<Outcome, Label>> = {
  delivered: { en: 'delivered', zh: '已提供' },
  'grant-paused': { en: 'refused: the grant is paused', zh: '已拒绝：授权已暂停' },
  'agency-suspended': { en: 'refused: the institution is suspended', zh: '已拒绝：该机构已被暂停' },
  'accreditation-narrower': {
    en: 'refused: beyond what the institution may receive',
    zh: '已拒绝：超出该机构的准入范围',
  },
  'outside-validity': { en: 'refused: outside the time of the grant', zh: '已拒绝：不在授权有效期内' },
  'awaiting-snapshot': { en: 'held: part of the first snapshot', zh: '暂缓：包含在首次快照中' },
  'subject-erased': { en: 'refused: the person’s data was erased', zh: '已拒绝：个人信息已删除' },
  'not-accredited': { en: 'refused: the institution is not accredited', zh: '已拒绝：该机构未获准入' },
  'no-longer-granted': { en: 'refused: the grant does not cover it any more', zh: '已拒绝：授权已不再包括此项' },
};

/** PIPL article 13. */
export const BASIS_LABELS: Readonly<Record<LawfulBasis, Label>> = {
  consent: { en: 'your consent', zh: '本人同意' },
  contract: { en: 'a contract with you', zh: '履行合同所必需' },
  'statutory-duty': { en: 'a duty laid down by law', zh: '履行法定职责' },
  emergency: { en: 'an emergency', zh: '紧急情况' },
  'other-law': { en: 'another provision of law', zh: '法律规定的其他情形' },
};

export function attributeLabel(code: string, language: Language): string {
  return isAttributeCode(code) ? ATTRIBUTES[code as AttributeCode][language] : code;
}

export function purposeLabel(code: string, language: Language): string {
  return Object.hasOwn(PURPOSES, code) ? PURPOSES[code as PurposeCode][language] : code;
}
