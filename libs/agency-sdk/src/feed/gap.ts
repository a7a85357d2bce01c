import { SluiceError } from '../errors.js';
import type { LanePosition } from './position.js';

/**
 * Deliveries are missing from a lane: they were removed by the feed's retention (7 days) before you read them, your
 * position was lost, or somebody withheld them. Have the centre deliver them again.
 */
export class GapFound extends SluiceError {
  override readonly name = 'GapFound';

  constructor(
    /** The sequence that should have come. */
    readonly expected: number,
    /** The sequence that came. */
    readonly found: number,
    /** The position from which this block is the next: saving it accepts the gap. */
    readonly resume: LanePosition,
  ) {
    super('gap', `lane ${resume.lane}: deliveries ${expected} to ${found - 1} are missing`);
  }

  get lane(): number {
    return this.resume.lane;
  }
}
