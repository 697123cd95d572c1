import { expect, it } from 'vitest';
import { Teardown } from '../../../runtime/lib/teardown.ts';

it('undoes in reverse order, once, whatever fails or hangs', async () => {
  const teardown = new Teardown();
  const order: string[] = [];
  const failed: string[] = [];
  teardown.add('first', () => order.push('first'));
  teardown.add('throws', () => {
    throw new RangeError('no');
  });
  teardown.add('hangs', async () => new Promise(() => {}), 5);
  teardown.add('last', async () => order.push('last'));
  await teardown.run((name) => failed.push(name));
  await teardown.run((name) => failed.push(name));
  expect(order).toEqual(['last', 'first']);
  expect(failed).toEqual(['hangs', 'throws']);
});
