import type { Entity } from '../../runtime/contract/house.ts';
import { propertyKey, type PropertyKey } from '../../runtime/contract/ids.ts';
import { kindSpec } from '../../runtime/contract/kinds.ts';
import type { HouseIndex, NamedEntity } from './linker-index.ts';
import { KIND_WORDS } from './linker-lexicon.ts';
import type { Token } from './linker-tokenize.ts';

/** Words of questions and the properties they ask for. */
const ASKED: ReadonlyMap<string, readonly string[]> = new Map([
  ['temperature', ['temperature', 'local_temperature']],
  ['temp', ['temperature', 'local_temperature']],
  ['warm', ['temperature']],
  ['hot', ['temperature']],
  ['cold', ['temperature']],
  ['humidity', ['humidity']],
  ['humid', ['humidity']],
  ['light', ['illuminance', 'state']],
  ['dark', ['illuminance']],
  ['bright', ['illuminance', 'brightness']],
  ['brightness', ['brightness', 'illuminance']],
  ['co2', ['co2']],
  ['air', ['co2']],
  ['power', ['power']],
  ['battery', ['battery']],
  ['volume', ['volume']],
  ['position', ['position']],
]);

const MAX_ABOUT = 8;

/** The properties a question seems to be about, likeliest first. */
export function aboutOf(tokens: readonly Token[], index: HouseIndex): PropertyKey[] {
  const stems = new Set(tokens.flatMap((token) => [token.stem, token.text]));
  const asked = [...stems].flatMap((stem) => ASKED.get(stem) ?? []);
  const keys: { key: PropertyKey; score: number }[] = [];
  for (const named of index.entities) {
    const score = scoreOf(named, stems);
    for (const property of propertiesOf(named.entity)) {
      const wanted = asked.includes(property) || named.nameWords.has(property);
      const isState = property === 'state' && (asked.length === 0 || asked.includes('state'));
      if ((asked.length > 0 && wanted) || (isState && score > 0)) {
        keys.push({ key: propertyKey(named.entity.id, property), score: score + (wanted ? 1 : 0) });
      }
    }
  }
  const best = Math.max(0, ...keys.map(({ score }) => score));
  return keys
    .filter(({ score }) => score === best)
    .slice(0, MAX_ABOUT)
    .map(({ key }) => key);
}

function propertiesOf(entity: Entity): string[] {
  const listed = Object.keys(entity.properties);
  return listed.length > 0 ? listed : Object.keys(kindSpec(entity.kind).properties);
}

function scoreOf(named: NamedEntity, stems: ReadonlySet<string>): number {
  let score = 0;
  for (const stem of stems) {
    if (named.nameWords.has(stem)) score += 3;
    else if (named.areaWords.has(stem)) score += 2;
    else if (named.floorWords.has(stem)) score += 1.5;
    else if (KIND_WORDS.get(stem)?.includes(named.entity.kind) === true) score += 1;
  }
  return score;
}
