import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTreeRung, DEFAULT_CERTIFICATE, isGanglionTree, readTree } from './support.ts';
import { rungConformance } from '../../conformance/rung.ts';
import { FEATURES, request, testHouse, TestState } from '../support.ts';
import { randomTree, type PlainNode, walk } from './support.ts';

const CERTIFIED = { agreement: 0.97, confidence: 0.95 };
const AIR = {
  format: 'ganglion-tree',
  version: 1,
  features: ['sensor.living.co2', 'now.hour'],
  choices: ['none', 'fan.living.turn_on(speed: 60)', 'cover.living_window.open'],
  nodes: [
    { feature: 'sensor.living.co2', threshold: 1000, left: 1, right: 2, missing: 'left' },
    { choice: 'none', confidence: 0.99, certified: CERTIFIED },
    { feature: 'now.hour', threshold: 20, left: 3, right: 4 },
    { choice: 'cover.living_window.open', confidence: 0.96, certified: CERTIFIED },
    { choice: 'fan.living.turn_on(speed: 60)', confidence: 0.8 },
  ],
};

function rung(certify = DEFAULT_CERTIFICATE) {
  const tree = readTree('air.json', JSON.stringify(AIR));
  return createTreeRung({ policy: 'fresh-air', tree, features: FEATURES, certify });
}

rungConformance('tree', () => ({
  rung: rung(),
  answerable: request([1200, 12]),
  foreign: request([1200, 12], { policy: 'another' }),
}));

describe('the tree rung', () => {
  it('answers where it is certified and tells the path in words', () => {
    expect(rung().decide(request([1200, 12]))).toEqual({
      kind: 'choice',
      index: 2,
      confidence: 0.96,
      explanation: 'living co2 is 1200 (> 1000) and now.hour is 12 (≤ 20)',
    });
    expect(rung().decide(request([Number.NaN, 12]))).toMatchObject({
      index: 0,
      explanation: 'living co2 is unknown',
    });
  });

  it('calls features what the house calls them, and says texts as texts', () => {
    const asked = request([1200, 12]);
    const house = testHouse();
    house.add('sensor.living', { name: 'Living room' });
    const state = new TestState();
    state.set('sensor.living.co2', 'high');
    expect(rung().decide({ ...asked, house })).toMatchObject({
      explanation: 'Living room co2 is 1200 (> 1000) and now.hour is 12 (≤ 20)',
    });
    expect(rung().decide({ ...asked, house, state })).toMatchObject({
      explanation: 'Living room co2 is high and now.hour is 12 (≤ 20)',
    });
  });

  it('abstains, and says why, where it is not certified or not enough', () => {
    expect(rung().decide(request([1200, 22]))).toMatchObject({
      kind: 'abstain',
      reason: 'not certified where living co2 is 1200 (> 1000) and now.hour is 22 (> 20)',
    });
    const strict = rung({ agreement: 0.99, confidence: 0.95 }).decide(request([400, 12]));
    expect(strict).toMatchObject({
      kind: 'abstain',
      reason: expect.stringContaining('wants 0.99') as string,
    });
  });

  it('abstains on a frame with other features and on a choice that is gone', () => {
    const other = request([1200, 12]);
    const frame = { ...other.frame, names: ['now.hour', 'sensor.living.co2'] };
    expect(rung().decide({ ...other, frame }).kind).toBe('abstain');
    expect(rung().decide({ ...other, choices: other.choices.slice(0, 2) })).toMatchObject({
      reason: expect.stringContaining('no longer offers') as string,
    });
  });

  it('finds the leaf a plain walk over nested objects finds', () => {
    fc.assert(
      fc.property(
        randomTree(3),
        fc.array(
          fc.tuple(...[0, 1, 2].map(() => fc.oneof(fc.double({ min: -3, max: 3 }), fc.constant(Number.NaN)))),
        ),
        (root, rows) => {
          const nodes: unknown[] = [];
          const flatten = (node: PlainNode): number => {
            const at = nodes.push(node) - 1;
            if ('feature' in node) {
              const left = flatten(node.left);
              const right = flatten(node.right);
              nodes[at] = { ...node, feature: `f${node.feature}`, left, right };
            }
            return at;
          };
          flatten(root);
          const names = ['f0', 'f1', 'f2'];
          const choices = ['a', 'b', 'c', 'd'];
          const tree = readTree(
            't.json',
            JSON.stringify({ format: 'ganglion-tree', version: 1, features: names, choices, nodes }),
          );
          const flat = tree.bind(names);
          for (const row of rows) {
            const leaf = tree.leaves[flat.predict(Float64Array.from(row))];
            expect(leaf?.choice).toBe(walk(root, row));
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  const change = (edit: (tree: typeof AIR) => unknown): string => {
    const copy = structuredClone(AIR);
    return JSON.stringify(edit(copy) ?? copy);
  };
  it.each([
    ['text that is not JSON', '{', 'not JSON'],
    ['another format', change((t) => ({ ...t, format: 'x' })), 'format'],
    ['an unknown key', change((t) => ({ ...t, extra: 1 })), 'extra'],
    [
      'a cycle',
      change((t) => ({ ...t, nodes: t.nodes.with(2, { ...t.nodes[2]!, left: 0 } as never) })),
      'cycle',
    ],
    [
      'a child out of range',
      change((t) => ({ ...t, nodes: t.nodes.with(2, { ...t.nodes[2]!, left: 50 } as never) })),
      'does not exist',
    ],
    [
      'two parents',
      change((t) => ({ ...t, nodes: t.nodes.with(2, { ...t.nodes[2]!, left: 4 } as never) })),
      'already has a parent',
    ],
    ['an orphan', change((t) => ({ ...t, nodes: [...t.nodes, t.nodes[1]!] })), 'no node leads to it'],
    ['a choice it does not list', change((t) => ({ ...t, choices: ['none'] })), 'is not among its choices'],
    [
      'a feature it does not list',
      change((t) => ({ ...t, features: ['now.hour'] })),
      'is not among its features',
    ],
    [
      'a threshold that is no number',
      change((t) => ({ ...t, nodes: t.nodes.with(0, { ...t.nodes[0]!, threshold: null } as never) })),
      'threshold',
    ],
    [
      'too many nodes',
      JSON.stringify({ ...AIR, nodes: Array.from({ length: 65_536 }, () => AIR.nodes[1]) }),
      'nodes',
    ],
  ])('refuses %s', (_name, text, reason) => {
    const error = caught(() => readTree('air.json', text));
    expect(isGanglionTree(error)).toBe(true);
    expect(String(error)).toContain(reason);
    expect(String(error)).toContain('air.json');
  });

  it('refuses a policy that lacks one of its features, with the nearest name', () => {
    const tree = readTree('air.json', JSON.stringify(AIR));
    const error = caught(() => tree.bind(['sensor.living.co', 'now.hour']));
    expect(String(error)).toContain('did you mean sensor.living.co?');
  });
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
