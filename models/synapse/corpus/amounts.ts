import { numberWord } from './number-words.ts';
import { expand } from './grammar.ts';
import { SAID_COLORS } from './homes.ts';
import type { Entity } from '../../../runtime/contract/house.ts';
import type { WordValue } from '../../../runtime/modelhost/synapse/tokens.ts';
import { plainText, valuesIn, type SaidValue } from '../../../runtime/modelhost/synapse/values.ts';
import type { MeantValue } from './meant.ts';
import { line, type Scene } from './scene.ts';

/** A value and how it is said. */
export interface Amount {
  readonly text: string;
  readonly meant: MeantValue;
}

/** Sorts of values that the headers of templates name. */
export type AmountSort =
  | 'percent'
  | 'degrees'
  | 'number'
  | 'color'
  | 'kelvin'
  | 'mode'
  | 'option'
  | 'max'
  | 'min'
  | 'half';

export function isWordSort(sort: string): sort is 'max' | 'min' | 'half' {
  return sort === 'max' || sort === 'min' || sort === 'half';
}

/** A value of a sort that this entity could be set to. */
export function makeAmount(scene: Scene, sort: AmountSort, entity: Entity): Amount | undefined {
  const { random, lexicon } = scene;
  switch (sort) {
    case 'percent':
      return numberAmount(scene, 'percent', percent(scene));
    case 'degrees': {
      const { min = 5, max = 30 } = entity.properties['target_temperature'] ?? {};
      const value = random.int(Math.max(min, 15), Math.min(max, 26)) + (random.chance(0.15) ? 0.5 : 0);
      return numberAmount(scene, 'degrees', Math.min(max, value));
    }
    case 'number':
      return numberAmount(scene, 'number', random.int(0, entity.properties['value']?.max ?? 10));
    case 'color': {
      const color = random.pick(SAID_COLORS);
      return { text: color, meant: { type: 'color', value: color } };
    }
    case 'kelvin':
      return numberAmount(scene, 'kelvin', random.int(21, 64) * 100);
    case 'mode': {
      const modes = (entity.properties['mode']?.values ?? []).filter((mode) => mode !== 'off');
      if (modes.length === 0) return undefined;
      const mode = random.pick(modes);
      return {
        text: line(scene, lexicon.values, `mode ${mode}`),
        meant: { type: 'word', value: mode as WordValue },
      };
    }
    case 'option': {
      const values = entity.properties['option']?.values ?? entity.properties['source']?.values ?? [];
      if (values.length === 0) return undefined;
      const value = random.pick(values);
      return { text: plainText(value), meant: { type: 'option', value } };
    }
    case 'max':
    case 'min':
    case 'half':
      return { text: '', meant: { type: 'word', value: sort } };
  }
}

function percent({ random }: Scene): number {
  return random.weighted({ tens: 55, fives: 25, any: 20 }) === 'tens'
    ? random.int(1, 10) * 10
    : random.chance(0.5)
      ? random.int(1, 19) * 5
      : random.int(1, 99);
}

/** A number said in one of the ways of `section`; what it says is read back from the text itself. */
export function numberAmount(scene: Scene, section: string, value: number): Amount | undefined {
  const { random, lexicon } = scene;
  const words = numberWord(value);
  const lines = lexicon.values.get(section) ?? [];
  const usable = words === undefined ? lines.filter((one) => !one.includes('{w}')) : lines;
  const text = expand(random.pick(usable), random, {
    n: () => String(value),
    w: () => words ?? String(value),
  });
  const said = readBack(text);
  return said === undefined ? undefined : { text, meant: said };
}

export function makeDuration(scene: Scene): Amount | undefined {
  return numberAmount(scene, 'duration', scene.random.pick([1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90]));
}

export function makeClock(scene: Scene): Amount | undefined {
  const { random, lexicon } = scene;
  const hour = random.int(0, 23);
  const minute = random.pick([0, 0, 0, 15, 30, 30, 45, random.int(1, 59)]);
  const text = expand(random.pick(lexicon.values.get('clock') ?? []), random, {
    h: () => String(hour),
    m: () => String(minute).padStart(2, '0'),
    p: () => String(random.int(1, 12)),
    a: () => String(random.int(1, 11)),
    wa: () => numberWord(random.int(1, 12)) ?? 'one',
  });
  const said = readBack(text);
  return said?.type === 'time' ? { text, meant: said } : undefined;
}

function readBack(text: string): SaidValue | undefined {
  const found = valuesIn(plainText(text));
  return found.length === 1 ? found[0]!.said : undefined;
}
