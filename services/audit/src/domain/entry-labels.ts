import {
  attributeLabel,
  BASIS_LABELS,
  type HistoryEntry,
  type HistoryKind,
  type Label,
  type Language,
  type LawfulBasis,
  OUTCOME_LABELS,
  purposeLabel,
} from '@sluice/contracts';

export const KIND_LABELS: Readonly<Record<HistoryKind, Label>> = {
  registered: { en: 'registered', zh: '登记' },
  changed: { en: 'changed', zh: '变更' },
  delivered: { en: 'delivered', zh: '提供' },
  refused: { en: 'refused', zh: '拒绝' },
  snapshot: { en: 'first snapshot', zh: '首次快照' },
  grant: { en: 'grant', zh: '授权' },
  read: { en: 'read', zh: '查阅' },
  'access-refused': { en: 'access refused', zh: '拒绝访问' },
  notice: { en: 'notice', zh: '通知' },
  case: { en: 'question or objection', zh: '询问或异议' },
  seal: { en: 'seal lifted', zh: '解除保密' },
};

/** The sentence of each kind. `who` acted, `to` received or is concerned, `what` are the attributes. */
const SENTENCES: Readonly<Record<HistoryKind, (parts: Parts) => Label>> = {
  registered: ({ who, what }) => ({ en: `${who.en} registered: ${what.en}`, zh: `${who.zh}登记了：${what.zh}` }),
  changed: ({ who, what }) => ({ en: `${who.en} changed: ${what.en}`, zh: `${who.zh}变更了：${what.zh}` }),
  delivered: ({ to, what }) => ({ en: `${to} received: ${what.en}`, zh: `${to} 收到：${what.zh}` }),
  refused: ({ to, what }) => ({ en: `${to} was not given: ${what.en}`, zh: `未向 ${to} 提供：${what.zh}` }),
  snapshot: ({ to, what }) => ({
    en: `${to} received a first snapshot: ${what.en}`,
    zh: `${to} 收到首次快照：${what.zh}`,
  }),
  grant: ({ who, to, what }) => ({
    en: `${who.en}, grant to ${to}: ${what.en}`,
    zh: `${who.zh}，对 ${to} 的授权：${what.zh}`,
  }),
  read: ({ who, what }) => ({ en: `${who.en} read: ${what.en}`, zh: `${who.zh}查阅了：${what.zh}` }),
  'access-refused': ({ who }) => ({ en: `${who.en} asked and was refused`, zh: `${who.zh}的请求被拒绝` }),
  notice: ({ to }) => ({ en: `${to} was told that the grant changed`, zh: `已通知 ${to} 授权发生变化` }),
  case: ({ who, to }) => ({ en: `${who.en}: question or objection, ${to}`, zh: `${who.zh}：询问或异议，${to}` }),
  seal: ({ to }) => ({ en: `A seal on what ${to} did was lifted`, zh: `对 ${to} 相关记录的保密已解除` }),
};

interface Parts {
  who: Label;
  to: string;
  what: Label;
}

const YOU: Label = { en: 'You', zh: '您' };
const CENTRE: Label = { en: 'The centre', zh: '中心' };
const SYSTEM: Label = { en: 'The system', zh: '系统' };
const NOBODY: Label = { en: 'the centre', zh: '中心' };

/** An entry in words, as its person reads it. */
export function labelsOf(
  entry: HistoryEntry,
  subject: string,
  language: Language,
): NonNullable<HistoryEntry['labels']> {
  const { kind, actor, recipient, attributes, purpose, basis, outcome, detail } = entry;
  const names = (of: Language, between: string) => attributes.map((code) => attributeLabel(code, of)).join(between);
  const what = { en: names('en', ', ') || (detail ?? ''), zh: names('zh', '、') || (detail ?? '') };
  const sentence = SENTENCES[kind]({ who: actorLabel(actor, subject), to: recipient ?? NOBODY[language], what });
  return {
    text: sentence[language],
    attributes: attributes.map((code) => attributeLabel(code, language)),
    ...(purpose !== undefined && { purpose: purposeLabel(purpose, language) }),
    ...(basis !== undefined && { basis: BASIS_LABELS[basis as LawfulBasis]?.[language] ?? basis }),
    ...(outcome !== undefined && { outcome: OUTCOME_LABELS[outcome][language] }),
  };
}

function actorLabel(actor: string, subject: string): Label {
  if (actor === `person:${subject}`) return YOU;
  const [kind, name = ''] = actor.split(':', 2);
  if (kind === 'staff') return CENTRE;
  if (kind === 'service') return SYSTEM;
  if (kind === 'agency') return { en: name, zh: name };
  if (kind === 'person') return { en: 'Another person', zh: '他人' };
  return { en: actor, zh: actor };
}
