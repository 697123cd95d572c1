import { setPriority } from 'node:os';
import { trainTree, type TrainedTree, type TrainingData, type TrainOptions } from '../../policies/index.ts';

export interface TrainTask {
  readonly data: TrainingData;
  readonly options: TrainOptions;
}

/** Of the nice values: nobody waits for a tree. */
const LOW = 10;

// On Linux this is the thread's own priority; elsewhere it would be the whole daemon's.
if (process.platform === 'linux') setPriority(LOW);

/** The thread that learns trees: seconds of work on a small board. Throws TRAINING_DATA. */
export default function train({ data, options }: TrainTask): TrainedTree {
  return trainTree(data, options);
}
