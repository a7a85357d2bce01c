import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testKey } from '../testing/golden-log.js';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.js';
import { cosign, withSignatures } from './cosignature.js';
import { cacheHeaderOf, parseLogPath, tilePath } from './log-path.js';
import { COSIGNATURE, NoteKey } from './note-key.js';
import { parseNote, signNote } from './signed-note.js';
import { decodeTlogProof, encodeTlogProof } from './tlog-proof.js';

const key = new NoteKey('log.example/formats', testKey(5));

describe('a path', () => {
  it('is written as c2sp.org/tlog-tiles has it', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 1, index: 0, width: 17 })).toBe('tile/1/000.p/17');
  });

  it('is read back, and nothing else is', () => {
    const place = fc.record({
      level: fc.integer({ min: 0, max: 63 }),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(place, (address) => {
        expect(parseLogPath(tilePath(address))).toEqual({ kind: 'tile', ...address });
      }),
    );
    const wrong = [
      '',
      '/checkpoint',
      'tile/0/1',
      'tile/0/x000/001',
      'tile/64/000',
      'tile/00/000',
      'tile/0/000.p/256',
      'tile/0/000.p/0',
      'tile/0/000.p/01',
      'tile/0/../checkpoint',
      'pending/0-1-ab',
      'tile/0/x001',
      'tile/entries/000/',
      'tile/0/000.p/1/',
    ];
    for (const path of wrong) expect(parseLogPath(path), path).toBeUndefined();
  });

  it('tells how long it may be kept', () => {
    expect(cacheHeaderOf('checkpoint')).toBe('no-cache');
    for (const path of ['tile/0/000', 'tile/entries/000', 'tile/1/000.p/3'])
      expect(cacheHeaderOf(path)).toContain('immutable');
    expect(cacheHeaderOf('pending/x')).toBeUndefined();
  });
});

describe('a note', () => {
  it("is read as the specification's example", () => {
    const example =
      'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
    const note = parseNote(example);
    expect(note.text).toBe('This is an example message.\n');
    expect(note.signatures.map(({ name, id }) => [name, id.toString('hex')])).toEqual([
      ['example.com/foo', '530d903a'],
    ]);
  });

  it('is refused when it is not one', () => {
    const note = signNote('text\n', key);
    const wrong = [
      note.slice(0, -1),
      `${note}\n`,
      note.replace('—', '-'),
      note.replace('\n\n', '\n'),
      note.replace('=', ''),
      `${note}x\n`,
      note.replace('text', 'te\u0007xt'),
    ];
    for (const text of wrong)
      expect(() => parseNote(text), text).toThrow(expect.objectContaining({ code: 'note-malformed' }));
  });

  it('is not signed in a name that notes do not allow, nor with another kind of key', () => {
    for (const name of ['', 'two words', 'a+b', 'line\n', 'nbsp\u00a0']) {
      expect(() => new NoteKey(name, testKey(1)), name).toThrow(expect.objectContaining({ code: 'key-malformed' }));
    }
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => new NoteKey('a', privateKey)).toThrow(expect.objectContaining({ code: 'key-malformed' }));
  });

  it('keeps the newer of two signatures by one witness, and those of all others', () => {
    const [one, two] = [1, 2].map((byte) => new NoteKey(`witness.example/${byte}`, testKey(byte), COSIGNATURE)) as [
      NoteKey,
      NoteKey,
    ];
    const text = 'log\n1\nAAA=\n';
    const first = withSignatures(signNote(text, key), cosign(text, one, 1) + cosign(text, two, 1));
    const second = withSignatures(first, cosign(text, one, 2));
    expect(second).toBe(signNote(text, key) + cosign(text, two, 1) + cosign(text, one, 2));
  });
});

describe('a checkpoint', () => {
  it('is read back, with or without extension lines', () => {
    const checkpoint = { origin: 'log', size: 2 ** 40, root: Buffer.alloc(32, 7) };
    expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
    expect(parseCheckpoint(`${formatCheckpoint(checkpoint)}more\n`)).toEqual(checkpoint);
  });

  it('is refused when a line is not as it must be', () => {
    const root = Buffer.alloc(32).toString('base64');
    const wrong = [
      `\n1\n${root}\n`,
      `log\n01\n${root}\n`,
      `log\n-1\n${root}\n`,
      `log\n9007199254740993\n${root}\n`,
      `log\n1\n${root.slice(4)}\n`,
      `log\n1\n${root}`,
      `log\n1\n${root}\n\n`,
      'log\n1\n',
    ];
    for (const text of wrong)
      expect(() => parseCheckpoint(text), text).toThrow(expect.objectContaining({ code: 'note-malformed' }));
  });
});

describe('a tlog-proof', () => {
  it('is read back, and refused once its lines are not as they must be', () => {
    const checkpoint = signNote('log\n1\nAAA=\n', key);
    for (const path of [[], [Buffer.alloc(32, 1)], [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]]) {
      for (const extra of [{}, { extra: Buffer.from('x') }]) {
        const proof = { ...extra, index: 12, path, checkpoint };
        expect(decodeTlogProof(encodeTlogProof(proof))).toEqual(proof);
      }
    }
    const text = encodeTlogProof({ index: 12, path: [Buffer.alloc(32)], checkpoint });
    for (const wrong of [
      text.replace('@v1', '@v2'),
      text.replace('index 12', 'index 012'),
      text.replace('AAAA', 'AAA'),
      text.split('\n\n')[0] as string,
    ]) {
      expect(() => decodeTlogProof(wrong), wrong).toThrow(expect.objectContaining({ code: 'proof-malformed' }));
    }
  });
});
