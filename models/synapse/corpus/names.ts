import type { Area } from '../../../runtime/contract/house.ts';
import { slugify } from '../../../runtime/contract/ids.ts';
import type { FloorName } from '../../../runtime/modelhost/synapse/listing.ts';
import { namesOf, type Lexicon, type Part } from './lexicon.ts';
import type { Random } from './random.ts';

/** How an entity is called, and the noun of its sort. */
export interface Naming {
  readonly name: string;
  readonly aliases: readonly string[];
  /** `blind`, `blinds`; absent where the name has no kind noun. */
  readonly noun?: string;
  readonly plural?: string;
}

interface Sort {
  readonly noun: string;
  readonly plural: string;
  readonly before: readonly string[];
}

/** How names of devices are made; how often. */
const PATTERNS = {
  'area noun': 22,
  'area before noun': 12,
  'before noun': 24,
  'adjective noun': 7,
  'person noun': 6,
  'brand noun': 6,
  noun: 6,
  'noun number': 6,
  'area noun number': 5,
  bare: 11,
  short: 2,
  code: 2,
  'person before noun': 2,
  'brand area noun': 2,
  'noun area': 3,
  'noun area number': 2,
  'noun (area)': 1,
  'area before': 4,
  'short before': 2,
  underscored: 2,
} as const;

/** How often a name has a word that no other such device would have. */
const ANY_WORD = 0.3;

/** Makes names of places, people and devices that people could give, from one side of the split. */
export class Names {
  readonly #random: Random;
  readonly #lexicon: Lexicon;
  readonly #part: Part;
  /** How this home writes names. */
  readonly #style: 'title' | 'lower' | 'sentence';

  constructor(random: Random, lexicon: Lexicon, part: Part) {
    this.#random = random;
    this.#lexicon = lexicon;
    this.#part = part;
    this.#style = random.weighted({ title: 60, lower: 20, sentence: 20 });
  }

  /** Each with its aliases, no two with the same slug. */
  areas(count: number): string[][] {
    const found = new Map<string, string[]>();
    for (let tries = 0; found.size < count && tries < count * 20; tries++) {
      const section = this.#random.weighted({ 'areas common': 62, 'areas rare': 28, 'areas owned': 10 });
      // Everybody has a kitchen: common rooms are on both sides, the others are not.
      const all = this.#lexicon.places.get(section) ?? [];
      const line = this.#random.pick(section === 'areas common' ? all : namesOf(all, this.#part));
      const number = String(this.#random.int(1, 9));
      const names = line
        .split(' | ')
        .map((name) => name.replace('#', number).replace('{person}', this.#word('persons')));
      const slug = slugify(names[0]!);
      if (!found.has(slug)) found.set(slug, names);
    }
    return [...found.values()];
  }

  floors(count: number): FloorName[] {
    const lines = this.#random.shuffled(this.#lexicon.places.get('floors') ?? []).slice(0, count);
    const taken = new Set<string>();
    return lines.flatMap((line) => {
      const [name = '', ...aliases] = line.split(' | ');
      if (taken.has(name) || aliases.some((alias) => taken.has(alias))) return [];
      for (const each of [name, ...aliases]) taken.add(each);
      return [{ id: slugify(name), name: this.written(name), aliases }];
    });
  }

  /** A device nobody may have: `area` may be of another home. */
  entity(kind: string, area: Area | undefined): Naming {
    if (kind === 'person') return { name: this.written(this.#word('persons')), aliases: [] };
    const first = this.#one(kind, area);
    const alias = this.#random.chance(0.15) ? this.#one(kind, area).name.toLowerCase() : undefined;
    const aliases = alias === undefined || alias === first.name.toLowerCase() ? [] : [alias];
    return { ...first, aliases };
  }

  written(name: string): string {
    if (this.#style === 'lower') return name;
    const up = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
    return this.#style === 'sentence' ? up(name) : name.split(' ').map(up).join(' ');
  }

  #one(kind: string, area: Area | undefined): Naming {
    const lines = this.#lexicon.devices.get(kind) ?? [];
    const bare = lines.find((line) => line.startsWith('-'));
    const pattern = this.#random.weighted(PATTERNS);
    if (pattern === 'bare' && bare !== undefined) {
      return { name: this.written(this.#random.pick(namesOf(words(bare), this.#part))), aliases: [] };
    }
    if (pattern === 'code') return { name: this.#code(), aliases: [] };
    const sorts = sortsOf(lines);
    // The first sort of a kind is the most common by far.
    const sort = this.#random.chance(0.4) ? sorts[0]! : this.#random.pick(sorts);
    return {
      name: this.written(this.#name(pattern, sort, area)),
      aliases: [],
      noun: sort.noun,
      plural: sort.plural,
    };
  }

  #name(pattern: keyof typeof PATTERNS, { noun, before }: Sort, area: Area | undefined): string {
    const place = area?.name.toLowerCase();
    const number = this.#random.int(1, 6);
    const qualifier = this.#qualifier(before);
    switch (pattern) {
      case 'area noun':
        return place === undefined ? `${qualifier} ${noun}` : `${place} ${noun}`;
      case 'area before noun':
        return place === undefined ? `${qualifier} ${noun}` : `${place} ${qualifier} ${noun}`;
      case 'adjective noun':
        return `${this.#word('adjectives')} ${noun}`;
      case 'person noun':
        return `${this.#word('persons')}'s ${this.#random.chance(0.4) ? `${qualifier} ` : ''}${noun}`;
      case 'brand noun':
        return `${this.#word('brands')} ${noun}`;
      case 'noun':
        return noun;
      case 'noun number':
        return `${noun} ${number}`;
      case 'area noun number':
        return `${place ?? qualifier} ${noun} ${number}`;
      case 'short':
        return place === undefined ? `${qualifier} ${noun}` : `${initials(place)} ${noun}`;
      case 'person before noun':
        return `${this.#word('persons')}'s ${qualifier} ${noun}`;
      case 'brand area noun':
        return `${this.#word('brands')} ${place ?? qualifier} ${noun}`;
      case 'noun area':
        return `${noun} ${place ?? number}`;
      case 'noun area number':
        return `${noun} ${place ?? qualifier} ${number}`;
      case 'noun (area)':
        return place === undefined ? `${noun} ${number}` : `${noun} (${place})`;
      case 'area before':
        return place === undefined ? `${qualifier} ${noun}` : `${place} ${qualifier}`;
      case 'short before':
        return place === undefined ? `${qualifier} ${noun}` : `${initials(place)} ${qualifier}`;
      case 'underscored':
        return `${place ?? qualifier} ${noun} ${number}`.replaceAll(' ', '_');
      case 'before noun':
      case 'bare':
      case 'code':
        return `${qualifier} ${noun}`;
    }
  }

  /** What tells one lamp from another: most often a word that is common for the sort, sometimes any word at all. */
  #qualifier(common: readonly string[]): string {
    if (this.#random.chance(ANY_WORD)) return this.#word('words');
    return this.#random.pick(namesOf(common, this.#part));
  }

  #code(): string {
    const letters = this.#random.pick([
      'h',
      'sw',
      'zb',
      'shelly',
      'tz',
      'light',
      'bulb',
      'plug',
      'ts',
      'e27',
      'gu10',
      'wled',
    ]);
    const separator = this.#random.pick(['', '-', '_', ' ']);
    return `${letters}${separator}${this.#random.int(1, 999)}`;
  }

  #word(section: string): string {
    return this.#random.pick(namesOf(this.#lexicon.places.get(section) ?? [], this.#part));
  }
}

const sorts = new WeakMap<readonly string[], readonly Sort[]>();

function sortsOf(lines: readonly string[]): readonly Sort[] {
  let known = sorts.get(lines);
  if (known === undefined) {
    known = lines
      .filter((line) => !line.startsWith('-'))
      .map((line) => {
        const [noun = '', plural = ''] = line.split('|')[0]!.split('/');
        return { noun: noun.trim(), plural: plural.trim(), before: words(line) };
      });
    sorts.set(lines, known);
  }
  return known;
}

const lists = new Map<string, readonly string[]>();

/** What stands behind the bar of a line. The same array every time, so that its split is made once. */
function words(line: string): readonly string[] {
  let known = lists.get(line);
  if (known === undefined) {
    known = (line.split('|')[1] ?? '').split(',').map((word) => word.trim());
    lists.set(line, known);
  }
  return known;
}

/** `lr` of a living room. */
export function initials(place: string): string {
  const parts = place.split(' ');
  return parts.length > 1
    ? parts.map((word) => word.charAt(0)).join('')
    : place.replaceAll(/(?!^)[aeiou]/g, '').slice(0, 4);
}
