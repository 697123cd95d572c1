// A rung: one more step of the ladder. Name it in a policy: `rungs: [tree, thrifty, llm]`.
// This one answers `none` between midnight and five, and leaves everything else to the next rung.

/** @type {import('ganglion').Rung} */
const thrifty = {
  name: 'thrifty',
  decide({ choices }) {
    const hour = new Date().getHours();
    const none = choices.findIndex((choice) => choice.calls.length === 0);
    if (hour >= 5 || none === -1) return { kind: 'abstain', reason: 'it is not night' };
    return {
      kind: 'choice',
      index: none,
      confidence: 1,
      explanation: 'At night nothing is done that can wait.',
    };
  },
};

/** @type {import('ganglion').Extension} */
export default { name: 'thrifty', rungs: [thrifty] };
