import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runSluice } from '../testing/run-sluice.js';

const script = async (shell: string) => (await runSluice(['completion', shell])).out;

describe('bash', async () => {
  const source = await script('bash');
  const completed = (...words: string[]) => {
    const typed = ['sluice', ...words];
    const call = `COMP_WORDS=(${typed.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${source}\n${call}`], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.trim().split('\n').filter(Boolean);
  };

  test('completes commands', () => {
    expect(completed('par')).toEqual(['parked']);
    expect(completed('parked', '')).toEqual(expect.arrayContaining(['list', 'show', 'retry', 'discard']));
    expect(completed('--output', 'json', 'verify', 'r')).toEqual(['range', 'receipt']);
  });

  test('completes options of the command, and those of all', () => {
    expect(completed('parked', 'retry', '--re')).toEqual(['--reason', '--registry-url']);
    expect(completed('parked', 'list', '--rea')).toEqual([]);
  });

  test('completes values', () => {
    expect(completed('lag', '-o', 'j')).toEqual(['json', 'jsonl']);
    expect(completed('history', '--kind', 'ref')).toEqual(['refused']);
    expect(completed('completion', 'z')).toEqual(['zsh']);
    expect(completed('lag', '--token', '')).toEqual([]);
  });
});

test('every shell gets every command', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const text = await script(shell);
    for (const word of ['doctor', 'lag', 'parked', 'discard', 'history', 'search', 'consistency']) {
      expect(text, shell).toContain(word);
    }
  }
  expect(await runSluice(['completion', 'tcsh'])).toMatchObject({ code: 2, out: '' });
});
