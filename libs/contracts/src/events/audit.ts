import { z } from 'zod';

/** Record of audit.checkpoints, keyed by the log's origin. */
export const CHECKPOINT_PUBLISHED = 'sluice.audit.checkpoint-published.v1';

export const auditEvents = {
  [CHECKPOINT_PUBLISHED]: z.strictObject({
    /** Leaves in the log. */
    size: z.int().min(0),
    /** RFC 6962 root, base64. */
    root: z.string(),
    /** The signed note (C2SP tlog-checkpoint), as served. */
    checkpoint: z.string(),
    /** The next offset of every topic partition that the log holds the records of, as `topic/partition`. */
    positions: z.record(z.string(), z.string()),
  }),
} as const;

export type CheckpointPublished = z.output<(typeof auditEvents)[typeof CHECKPOINT_PUBLISHED]>;
