import type { Extension } from '../../runtime/contract/extension.ts';

const SPIN_MS = 200;

/** Handlers as a user's module would bring them: one that costs nothing, so that the way to it shows, and a busy one. */
const handlers: Extension = {
  name: 'bench-handlers',
  actuators: [
    { name: 'noop', batch: true, perform: (tasks) => tasks.map(() => ({ status: 'acknowledged' })) },
    {
      name: 'spin',
      perform: (tasks) => {
        const end = performance.now() + SPIN_MS;
        while (performance.now() < end);
        return tasks.map(() => ({ status: 'acknowledged' }));
      },
    },
  ],
};

export default handlers;
