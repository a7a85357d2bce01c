import { Controller, Inject } from '@nestjs/common';
import { readFigures } from '@sluice/contracts';
import { Endpoint, OpenInput, type OpenInputOf } from '@sluice/platform';
import { publicFigures } from '../domain/figures/public-figures.js';
import { AUDIT_SCOPE, type AuditScope } from '../intake/topics.js';
import { Figures } from './figures.js';

/** A cache in between keeps them so long; a month that is over for good does not change. */
const FRESH_S = 60;
const FINAL_FRESH_S = 86_400;

@Controller()
export class ReadFiguresController {
  constructor(
    private readonly figures: Figures,
    @Inject(AUDIT_SCOPE) private readonly scope: AuditScope,
  ) {}

  @Endpoint(readFigures)
  async handle(@OpenInput() { query }: OpenInputOf<typeof readFigures>) {
    const now = this.scope.now?.() ?? new Date();
    const body = publicFigures(await this.figures.of(query.month ?? now.toISOString().slice(0, 7)), now.getTime());
    return { body, headers: { 'cache-control': `public, max-age=${body.final ? FINAL_FRESH_S : FRESH_S}` } };
  }
}
