import { Controller } from '@nestjs/common';
import { listSeals } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { decodePlace, encodePlace, NEWEST_PLACE } from '../cases/list-place.js';
import { SealOrders } from '../seals/seal-orders.js';

@Controller()
export class ListSealsController {
  constructor(private readonly orders: SealOrders) {}

  @Endpoint(listSeals)
  async handle(@Input() { query }: InputOf<typeof listSeals>) {
    const after = query.cursor === undefined ? NEWEST_PLACE : decodePlace(query.cursor);
    if (after === undefined) return refuse('validation-failed', [{ path: 'query.cursor', rule: 'cursor' }]);
    const orders = await this.orders.list(query, after, query.limit + 1);
    const seals = orders.slice(0, query.limit);
    const last = seals.at(-1);
    const more = orders.length > seals.length && last !== undefined;
    return { body: { seals, ...(more && { next: encodePlace({ at: new Date(last.draftedAt), id: last.seal }) }) } };
  }
}
