/** The worker no longer owns its partition: another one raised the epoch. Nothing was changed. */
export class PartitionLost extends Error {
  override readonly name = 'PartitionLost';
}
