import { generateKeyPairSync } from 'node:crypto';
import { COSIGNATURE, cosign, NoteKey, withSignatures } from '@sluice/merkle-log';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runSluice } from '../testing/run-sluice.js';
import { entryAt, ORIGIN, WrittenLog } from '../testing/written-log.js';

let log: WrittenLog;
beforeEach(async () => {
  log = new WrittenLog();
  await log.growTo(300);
});
afterEach(() => log.remove());

const verify = (...args: string[]) => runSluice(['verify', ...args, '--key', log.key.verifierKey]);
const another = (name: string, type?: typeof COSIGNATURE) =>
  new NoteKey(name, generateKeyPairSync('ed25519').privateKey, type);

describe('a log', () => {
  test('in which nothing is wrong', async () => {
    expect(await verify('log', log.folder)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^log +log\.example\/test\nleaves +300\nroot +\S+\ncosigned +by nobody: UNWITNESSED\nNothing is wrong\.\n$/,
      ),
    });
  });

  test('under which somebody unknown has signed: that is not taken for a proof', async () => {
    const witness = another('witness.example', COSIGNATURE);
    const [text] = log.checkpoint.split('\n\n');
    log.overwrite('checkpoint', withSignatures(log.checkpoint, cosign(`${text}\n`, witness, 1_780_000_000)));
    const { code, out } = await verify('log', log.folder);
    expect(code).toBe(0);
    expect(out).toContain('cosigned    witness.example (not checked: give its key with --witness)\n');
  });

  test('in which an entry was altered: the file and the index are named', async () => {
    log.alter('tile/entries/000', 2);
    const { code, out } = await verify('log', log.folder);
    expect(code).toBe(3);
    expect(out).toMatch(/\n1 finding:\nFINDING +FILE +INDEX +WHAT\nentry-altered +tile\/entries\/000 +0 +\S/);
  });

  test('as JSON, with every finding', async () => {
    log.alter('tile/0/001.p/44', 0);
    const { code, out } = await verify('log', log.folder, '-o', 'json');
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({
      log: ORIGIN,
      size: 300,
      findingCount: 1,
      findings: [{ code: 'tile-altered', place: 'tile/0/001.p/44' }],
    });
  });

  test('by another key', async () => {
    const { code, out } = await runSluice(['verify', 'log', log.folder, '--key', another(ORIGIN).verifierKey]);
    expect(code).toBe(3);
    expect(out).toContain('checkpoint-unsigned');
  });

  test('that cannot be read is an error, not a finding', async () => {
    const { code, out } = await verify('log', 'http://127.0.0.1:1/log/');
    expect(code).toBe(1);
    expect(out).toContain('It could not be verified.');
  });

  test('that is not there is not found', async () => {
    expect(await verify('log', `${log.folder}/nowhere`)).toMatchObject({ code: 5, out: '' });
  });

  test('that witnesses should have signed', async () => {
    const [bank, court] = [another('bank.example', COSIGNATURE), another('court.example', COSIGNATURE)];
    const keys = ['--witness', bank.verifierKey, '--witness', log.keep('court.vkey', `${court.verifierKey}\n`)];
    expect(await verify('log', log.folder, ...keys)).toMatchObject({
      code: 3,
      out: expect.stringContaining('cosignatures-too-few'),
    });
    expect(await verify('log', log.folder, ...keys, '--quorum', '3')).toMatchObject({ code: 2 });
    expect(await verify('log', log.folder, '--quorum', '1')).toMatchObject({ code: 2 });
    expect(await verify('log', log.folder, '--witness', bank.verifierKey, '--witness', bank.verifierKey)).toMatchObject(
      {
        code: 2,
        err: expect.stringContaining('twice'),
      },
    );
    expect(await verify('log', log.folder, '--witness', log.key.verifierKey)).toMatchObject({ code: 2 });
  });
});

describe('the key', () => {
  test('may be in a file', async () => {
    const key = log.keep('log.vkey', `${log.key.verifierKey}\n`);
    expect(await runSluice(['verify', 'log', log.folder, '--key', key])).toMatchObject({ code: 0 });
  });

  test.each([
    ['no key and no file', () => 'nowhere.vkey'],
    ['a key with one letter changed', () => log.key.verifierKey.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['the key of a witness', () => another(ORIGIN, COSIGNATURE).verifierKey],
  ])('that is %s is wrong usage', async (_, key) => {
    expect(await runSluice(['verify', 'log', log.folder, '--key', key()])).toMatchObject({ code: 2, out: '' });
  });
});

describe('a range', () => {
  test('in which nothing is wrong, and one with an altered entry', async () => {
    log.alter('tile/entries/000', 2);
    expect(await verify('range', log.folder, '1', '300')).toMatchObject({ code: 0 });
    const { code, out } = await verify('range', log.folder, '0', '10');
    expect(code).toBe(3);
    expect(out).toMatch(/entry-altered +tile\/entries\/000 +0 /);
  });

  test('beyond the end of the log is not found, across it partly done', async () => {
    expect(await verify('range', log.folder, '300', '310')).toMatchObject({ code: 5, out: '' });
    expect(await verify('range', log.folder, '290', '310')).toMatchObject({
      code: 7,
      out: expect.stringContaining('290 to 299, of 300'),
    });
  });
});

describe('a receipt', () => {
  test('proves its entry, and no other', async () => {
    const receipt = log.keep('receipt', await log.receipt(17));
    const file = log.keep('entry', entryAt(17));
    expect(await verify('receipt', receipt, '--entry', entryAt(17))).toMatchObject({
      code: 0,
      out: expect.stringMatching(/index +17\nof leaves +300\n/),
    });
    expect(await verify('receipt', receipt, '--entry-file', file)).toMatchObject({ code: 0 });
    expect(await verify('receipt', receipt, '--entry', entryAt(18))).toMatchObject({
      code: 3,
      out: expect.stringMatching(/inclusion-wrong +receipt +17 /),
    });
  });

  test('that is no receipt, of no entry, or not there', async () => {
    const none = log.keep('none', 'hello');
    expect(await verify('receipt', none, '--entry', 'x')).toMatchObject({ code: 3 });
    expect(await verify('receipt', none)).toMatchObject({ code: 2 });
    expect(await verify('receipt', `${none}.gone`, '--entry', 'x')).toMatchObject({ code: 5 });
  });
});

describe('two checkpoints', () => {
  test('of one history, of two, and of two that are equally long', async () => {
    const older = log.keep('older', log.checkpoint);
    await log.growTo(900);
    const newer = log.keep('newer', log.checkpoint);
    expect(await verify('consistency', older, newer)).toMatchObject({ code: 2 });
    expect(await verify('consistency', older, newer, '--source', log.folder)).toMatchObject({
      code: 0,
      out: expect.stringContaining('300 and 900'),
    });
    expect(await verify('consistency', newer, newer)).toMatchObject({ code: 0 });
    expect(await verify('consistency', log.keep('none', 'hello'), newer)).toMatchObject({ code: 3 });
  });
});

test('cosignatures are shown with their time', async () => {
  const witness = another('bank.example', COSIGNATURE);
  const checkpoint = withSignatures(
    log.checkpoint,
    cosign(`${log.checkpoint.split('\n\n', 1)[0]}\n`, witness, 1_700_000_000),
  );
  const receipt = log.keep('receipt', (await log.receipt(0)).replace(log.checkpoint, checkpoint));
  const { code, out } = await verify('receipt', receipt, '--entry', entryAt(0), '--witness', witness.verifierKey);
  expect(out).toContain('bank.example at 2023-11-14T22:13:20.000Z');
  expect(code).toBe(0);
});
