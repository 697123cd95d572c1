import { expect, it } from 'vitest';
import { parsePolicies } from '../../../policies/index.ts';

const BASE = {
  on: ['sensor.living.co2'],
  choices: ['none', 'fan.living.turn_on', ['light.a.turn_on', 'light.b.turn_on']],
};

function read(more: object) {
  const text = JSON.stringify([{ id: 'air', decide: { ...BASE, ...more } }]);
  const { policies, problems } = parsePolicies([{ name: 'air.yaml', text }]);
  const [spec] = policies;
  return {
    spec: spec?.type === 'decide' ? spec : undefined,
    problems: problems.map(({ message }) => message),
  };
}

it('learns unless it is told not to, and tries nothing unless it is told to', () => {
  expect(read({}).spec).toMatchObject({ learn: 'auto' });
  expect(read({}).spec?.explore).toBeUndefined();
  expect(read({ learn: 'shadow' }).spec?.learn).toBe('shadow');
});

it('reads choices that are equally good', () => {
  const among = ['fan.living.turn_on', ['light.a.turn_on', 'light.b.turn_on']];
  const { spec, problems } = read({
    explore: { among, safe: ['fan.living.turn_on'], quiet: ['22:00-7:30', '12:00 - 13:00'] },
  });
  expect(problems).toEqual([]);
  expect(spec?.explore).toEqual({
    among: ['fan.living.turn_on', 'light.a.turn_on + light.b.turn_on'],
    safe: ['fan.living.turn_on'],
    share: 0.1,
    quiet: [
      { from: 1320, to: 450 },
      { from: 720, to: 780 },
    ],
    patienceMs: 1_800_000,
    by: 'average',
  });
});

it.each([
  [{ learn: 'sometimes' }, 'Expected one of auto, shadow, off for learn'],
  [{ explore: { among: ['none', 'fan.living.turn_of'], safe: ['none'] } }, 'did you mean fan.living.turn_on'],
  [
    { explore: { among: ['none', 'fan.living.turn_on'], safe: ['light.a.turn_on'] } },
    'Expected one of among but received',
  ],
  [{ explore: { among: ['none', 'fan.living.turn_on'] } }, 'Expected safe but it is missing'],
  [{ explore: { among: ['none'], safe: ['none'] } }, 'Expected at least 2 entries for among'],
  [
    { explore: { among: ['none', 'fan.living.turn_on'], safe: ['none'], quiet: '25:00-07:00' } },
    'such as 22:00-07:00',
  ],
  [
    { explore: { among: ['none', 'fan.living.turn_on'], safe: ['none'], patience: 'soon' } },
    'Expected a duration',
  ],
  [{ explore: { among: ['none', 'fan.living.turn_on'], safe: ['none'], shares: 1 } }, 'did you mean share'],
])('says what is wrong with %j', (more, sentence) => {
  const { spec, problems } = read(more);
  expect(spec).toBeUndefined();
  expect(problems.join('\n')).toContain(sentence);
});
