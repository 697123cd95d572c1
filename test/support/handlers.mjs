// Handlers as users write them, good and bad. Plain JavaScript: pool workers import it as it is.
export default {
  name: 'test-handlers',
  actuators: [
    { name: 'noop', batch: true, perform: (tasks) => tasks.map(() => ({ status: 'acknowledged' })) },
    {
      name: 'sizes',
      batch: true,
      perform: (tasks) => tasks.map(() => ({ status: 'acknowledged', result: String(tasks.length) })),
    },
    {
      name: 'throws',
      perform: () => {
        throw new TypeError('broken on purpose');
      },
    },
    {
      name: 'hangs',
      perform: () => {
        for (;;);
      },
    },
    { name: 'waits', perform: () => new Promise(() => {}) },
    { name: 'exits', perform: () => process.exit(3) },
    {
      name: 'eats',
      perform: () => {
        const all = [];
        for (;;) all.push(Array.from({ length: 100_000 }, (_, i) => ({ i })));
      },
    },
    { name: 'short', perform: () => [] },
  ],
  tools: [
    {
      name: 'add',
      description: 'adds two numbers',
      parameters: {
        type: 'object',
        properties: { a: { type: 'number' }, b: { type: 'number' } },
        required: ['a', 'b'],
      },
      run: ({ a, b }) => ({ sum: a + b }),
    },
  ],
};
