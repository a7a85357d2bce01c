import { PartitionGroup, type PartitionGroupOptions } from '../group/partition-group.js';

/**
 * One member of a group in a process of its own, so that a test can pause it. Prints a line for each step of an owner:
 * `own 3`, `abort 3`, `end 3`. Its argument is the group's connection, id and topics as JSON.
 */
const options = JSON.parse(process.argv[2]!) as Pick<PartitionGroupOptions, 'connection' | 'groupId' | 'topics'>;

const group = new PartitionGroup({
  ...options,
  own: (partition, signal) => {
    console.log(`own ${partition}`);
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        console.log(`abort ${partition}`);
        setTimeout(() => {
          console.log(`end ${partition}`);
          resolve();
        }, 20);
      });
    });
  },
});
group.start();
process.on('SIGTERM', () => void group.stop().then(() => process.exit(0)));
