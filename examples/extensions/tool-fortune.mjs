// A tool: a function that policies call as `tool.fortune(topic: "rain")`. It runs in a pool worker, with a time limit.

const FORTUNES = { rain: 'Bring the laundry in.', default: 'All is well.' };

/** @type {import('ganglion').Tool} */
const fortune = {
  name: 'fortune',
  description: 'Says something about a topic.',
  parameters: { type: 'object', properties: { topic: { type: 'string' } }, required: ['topic'] },
  run({ topic }) {
    return { fortune: FORTUNES[topic] ?? FORTUNES.default };
  },
};

/** @type {import('ganglion').Extension} */
export default { name: 'fortune', tools: [fortune] };
