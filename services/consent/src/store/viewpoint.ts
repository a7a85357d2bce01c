import { Injectable } from '@nestjs/common';
import type { GrantView, Principal } from '@sluice/contracts';
import { PairwiseIds } from '@sluice/vault';

/** Who sees which name of a person: an agency its own alias, everybody else the subject. */
@Injectable()
export class Viewpoint {
  constructor(private readonly aliases: PairwiseIds) {}

  of(principal: Principal, view: GrantView): GrantView {
    if (principal.kind !== 'agency') return view;
    return { ...view, subject: this.aliases.toPairwise(view.terms.agency, view.subject) };
  }
}
