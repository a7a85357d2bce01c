import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { OfferedMethods } from './offered-methods.js';

test('knows which methods are offered at an address, whatever its parameters', async () => {
  const offered = new OfferedMethods();
  const server = fastify();
  offered.watch(server);
  server.get('/grants/:grant', async () => '');
  server.post('/grants/:grant/withdraw', async () => '');
  server.put('/grants/:grant', async () => '');
  await server.ready();
  expect(offered.at('/grants/7?x=/withdraw')).toEqual(['GET', 'HEAD', 'PUT']);
  expect(offered.at('/grants/7/withdraw')).toEqual(['POST']);
  expect(offered.at('/grants')).toEqual([]);
  expect(offered.at('/grants/7/withdraw/more')).toEqual([]);
  await server.close();
});
