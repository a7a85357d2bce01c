import { Controller } from '@nestjs/common';
import { readSeal } from '@sluice/contracts';
import { Endpoint, Input, type InputOf, refuse } from '@sluice/platform';
import { AccessRecords } from '@sluice/recording';
import { SealOrders } from '../seals/seal-orders.js';

@Controller()
export class ReadSealController {
  constructor(
    private readonly orders: SealOrders,
    private readonly records: AccessRecords,
  ) {}

  /** The reading is an act on the order, not on the person's data: in the person's history it would tell of the seal. */
  @Endpoint(readSeal)
  async handle(@Input() { params, context }: InputOf<typeof readSeal>) {
    const order = await this.orders.find(params.seal);
    if (order === undefined) return refuse('unknown-seal');
    await this.records.administered({ act: readSeal.id, target: `seal:${params.seal}` }, context);
    return { body: order, version: order.version };
  }
}
