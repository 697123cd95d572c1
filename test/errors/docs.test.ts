import { describe, expect, test } from 'vitest';
import { CATALOGUE, GanglionError } from '../../runtime/errors.ts';
import { errorsPage } from './page.ts';

describe('docs/errors.md', () => {
  test('says what the catalogue says (npm run docs:errors writes it)', async () => {
    await expect(errorsPage()).toMatchFileSnapshot('../../docs/errors.md');
  });

  test('shows fields of every type by their name', () => {
    const page = errorsPage({
      SAMPLE: {
        blame: 'data',
        text: (f: { id: string; ratio: number; problems: readonly string[]; names?: Set<string> }) =>
          `${f.id.slice(0, 8)} ${f.ratio.toFixed(1)} ${f.problems.length}: ${f.problems.map((p) => `- ${p}`).join('\n')} ${[...f.problems].join(' ')}`,
        remedy: 'None.',
      },
    });
    expect(page).toContain('> ‹id› ‹ratio› 1: - ‹problems› ‹problems›');
    expect(page).toContain('Mended by whoever sent the data. None.');
  });
});

describe('the catalogue', () => {
  const entries = Object.entries(CATALOGUE);

  test.each(entries)('%s has a sentence and a remedy', (code, { remedy }) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/);
    expect(remedy).toMatch(/^\S.*[.?!]$/s);
    expect(remedy).not.toMatch(/undefined|\[object/);
  });

  test('no sentence loses a field', () => {
    expect(errorsPage()).not.toMatch(/undefined|NaN|\[object/);
  });

  test('an error carries code, blame, remedy and cause', () => {
    const cause = new TypeError('low');
    const error = new GanglionError('PORT_IN_USE', { what: 'HTTP', address: ':1' }, { cause });
    expect(error).toMatchObject({ code: 'PORT_IN_USE', blame: 'environment', cause });
    expect(error.message).toBe('Expected to listen on :1 for HTTP but another program already does.');
    expect(error.remedy).toBe(CATALOGUE.PORT_IN_USE.remedy);
  });
});
