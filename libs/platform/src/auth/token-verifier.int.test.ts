import { afterAll, beforeAll, expect, test } from 'vitest';
import { AGENCY, PERSON, TokenIssuer } from '../testing/token-issuer.js';
import { TokenVerifier } from './token-verifier.js';

let issuer: TokenIssuer;

beforeAll(async () => {
  issuer = await TokenIssuer.start();
});
afterAll(() => issuer.stop());

function verifier(jwksCooldownMs = 0): TokenVerifier {
  return new TokenVerifier({
    issuer: issuer.url,
    jwksUrl: `${issuer.url}/jwks`,
    audience: 'sluice-api',
    jwksCooldownMs,
  });
}

const outcome = async (tokens: TokenVerifier, token: string): Promise<string> => {
  try {
    return (await tokens.verify(`Bearer ${token}`)).kind;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test('a key rotated in at the issuer is accepted without a restart, the one rotated out no longer', async () => {
  const tokens = verifier();
  const old = await issuer.token(PERSON);
  const oldUnseen = await issuer.token(AGENCY);
  expect(await outcome(tokens, old)).toBe('person');
  await issuer.rotate('EdDSA');
  expect(await outcome(tokens, await issuer.token(AGENCY))).toBe('agency');
  expect(await outcome(tokens, oldUnseen)).toBe('token-invalid');
});

test('tokens of unknown keys cannot make us flood the issuer', async () => {
  const tokens = verifier(60_000);
  expect(await outcome(tokens, await issuer.token(PERSON))).toBe('person');
  const asked = issuer.asked;
  const stranger = await TokenIssuer.start();
  const forged = await Promise.all(Array.from({ length: 30 }, () => stranger.token(PERSON, { issuer: issuer.url })));
  await stranger.stop();
  for (const token of forged) expect(await outcome(tokens, token)).toBe('token-invalid');
  expect(issuer.asked).toBe(asked);
});

test('while the issuer cannot be asked, a token is not called invalid', async () => {
  const token = await issuer.token(PERSON);
  issuer.failing = true;
  expect(await outcome(verifier(), token)).toBe('not-ready');
  issuer.failing = false;
  const away = new TokenVerifier({ issuer: issuer.url, jwksUrl: 'http://127.0.0.1:1/jwks', audience: 'sluice-api' });
  expect(await outcome(away, token)).toBe('not-ready');
});

test('an accepted token is known at once the next time', async () => {
  const tokens = verifier();
  const header = `Bearer ${await issuer.token(PERSON)}`;
  expect(tokens.verify(header)).toBeInstanceOf(Promise);
  await tokens.verify(header);
  expect(tokens.verify(header)).toEqual({ kind: 'person', id: PERSON.sub, subject: PERSON.sub });
});
