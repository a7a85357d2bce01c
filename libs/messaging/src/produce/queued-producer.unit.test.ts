import { expect, test } from 'vitest';
import { createRecordProducer } from './queued-producer.js';

const NOWHERE = { brokers: ['127.0.0.1:1'], clientId: 'test' };

test('closing ends what no broker takes', async () => {
  const producer = createRecordProducer(NOWHERE);
  const record = { topic: 't', partition: 0, key: null, value: Buffer.from('x'), headers: {} };
  const sent = producer.send([record]);
  sent.catch(() => {});
  await producer.close();
  await expect(sent).rejects.toMatchObject({ name: 'PublishFailed', code: 'closed', unsent: [record] });
  await expect(producer.send([record])).rejects.toMatchObject({ code: 'closed' });
});
