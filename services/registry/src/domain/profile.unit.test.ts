import { ATTRIBUTE_CODES, type AttributeCode, type AttributeValues } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Profile, type ProfileEntry, textsOf } from './profile.js';

const text = fc.string({ unit: 'binary', maxLength: 30 });
const value = fc.oneof(
  text,
  fc.array(text, { maxLength: 3 }),
  fc.record({ division: fc.constant('330106'), text }),
  fc.constantFrom('"name":["a",', '文三路 88 号', '\\', ']}'),
);
const change = fc.record({
  values: fc.dictionary(fc.constantFrom(...ATTRIBUTE_CODES), value, { maxKeys: 6 }),
  provenance: fc.record({
    assertedBy: fc.constantFrom('agency:harbour-bank', 'person:p'),
    assertedAt: fc.nat(2 ** 45),
    assurance: fc.constantFrom(1 as const, 2 as const, 3 as const),
  }),
  evidence: fc.option(fc.constantFrom('case/9', '案/7'), { nil: undefined }),
});

test('whatever changed, a profile holds the last values, and its stored form reads as them', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
      const expected: { [C in AttributeCode]?: ProfileEntry } = {};
      let profile = Profile.NONE;
      for (const { values, provenance, evidence } of changes) {
        const texts = textsOf(values as AttributeValues);
        profile = profile.with(texts, { ...provenance, ...(evidence !== undefined && { evidence }) });
        const { assertedBy, assertedAt, assurance } = provenance;
        for (const [code, value] of Object.entries(values)) {
          const origin: [string, number, 1 | 2 | 3] = [assertedBy, assertedAt, assurance];
          expected[code as AttributeCode] = evidence === undefined ? [value, ...origin] : [value, ...origin, evidence];
        }
        for (const code of ATTRIBUTE_CODES) {
          expect(profile.entry(code)).toEqual(expected[code]);
          expect(profile.text(code)).toBe(expected[code] && JSON.stringify(expected[code][0]));
        }
        expect(JSON.parse(profile.json)).toEqual([profile.version, expected]);
      }
      expect(profile.version).toBe(changes.length);
      expect(profile.codes()).toEqual(Object.keys(expected));
      const read = Profile.parse(profile.json);
      expect(ATTRIBUTE_CODES.map((code) => read.entry(code))).toEqual(ATTRIBUTE_CODES.map((code) => expected[code]));
      expect(read.version).toBe(profile.version);
    }),
  );
});
