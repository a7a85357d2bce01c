import type { SqlEffect } from '@sluice/event-store';
import type { ShownText } from '../domain/command.js';
import type { Grant } from '../domain/grant.js';

/** The evidence of consent: which text a person saw when agreeing. */
export const ShownTexts = {
  /** What was shown, to be written with the event of the agreement; nothing where nothing was shown. */
  keeping({ grant, version }: Grant, shown: ShownText | undefined, at: Date): SqlEffect[] {
    if (shown === undefined) return [];
    return [
      {
        name: 'keep-shown-text',
        text: 'insert into consent.shown_text (grant_id, grant_version, shown, recorded_at) values ($1, $2, $3, $4)',
        values: [grant, version, shown, at],
      },
    ];
  },
};
