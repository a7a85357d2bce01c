import type { Mechanism } from 'kafkajs';
import { SluiceError } from '../errors.js';

const SIZE_BYTES = 4;

/**
 * SASL OAUTHBEARER (RFC 7628). kafkajs has it too, but does not look at the broker's answer: a refused token passes for
 * a connection that then breaks for no reason.
 */
export function oauthBearer(token: () => Promise<string>): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: async () => {
        const bearer = await token().catch((cause) => {
          throw new SluiceError('token-unavailable', 'the token function failed', { cause });
        });
        await saslAuthenticate({
          request: { encode: () => withSize(`n,,\u0001auth=Bearer ${bearer}\u0001\u0001`) },
          response: { decode: (answer) => answer.subarray(SIZE_BYTES), parse: refuseUnlessEmpty },
        });
      },
    }),
  };
}

function withSize(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const size = Buffer.alloc(SIZE_BYTES);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

/** The broker accepts with an empty answer; otherwise it names the reason as JSON (RFC 7628, 3.2.2). */
function refuseUnlessEmpty(answer: Buffer): void {
  if (answer.length === 0) return;
  throw new SluiceError('token-refused', `the broker does not accept the token: ${answer.toString('utf8')}`);
}
