import { propertiesOf } from '../../../runtime/modelhost/synapse/listing.ts';
import {
  isProperty,
  isTargetKind,
  type Property,
  type TargetKind,
} from '../../../runtime/modelhost/synapse/tokens.ts';
import type { Example } from './example.ts';
import { expand } from './grammar.ts';
import type { HomeEntity } from './homes.ts';
import type { Ref } from './meant.ts';
import { agreeing } from './requests.ts';
import { line, type Scene } from './scene.ts';
import { nameEntity, nameGroup, namePlace } from './targets.ts';

/** What a binary sensor tells, by the noun of its name. */
export function senseOf({ entity, noun }: HomeEntity): 'motion' | 'opening' | 'leak' | 'smoke' | undefined {
  if (entity.kind !== 'binary_sensor' || noun === undefined) return undefined;
  if (/motion|presence/.test(noun)) return 'motion';
  if (/leak/.test(noun)) return 'leak';
  return /smoke/.test(noun) ? 'smoke' : 'opening';
}

/** A question about the state, and which property of what answers it. */
export function makeQuestion(scene: Scene): Example | undefined {
  const { random, lexicon } = scene;
  if (scene.entities.length === 0) return undefined;
  const one = random.pick(scene.entities);
  const sections = [...lexicon.questions.keys()].filter((section) => fits(section, one));
  if (sections.length === 0) return undefined;
  const section = random.pick(sections);
  const property = section.split(' ')[0]!;
  if (!isProperty(property)) return undefined;
  const template = line(scene, lexicon.questions, section);
  const named = whom(scene, template, section, property, one);
  if (named === undefined) return undefined;
  const fill = (): string => named.text;
  const spoken = random.chance(0.93) ? agreeing(template, named.plural) : template;
  const plain = expand(spoken, random, { t: fill, p: fill, room: fill });
  if (/[{}]/.test(plain)) return undefined;
  const text = random.chance(0.6) && !plain.endsWith('?') ? `${plain}?` : plain;
  return {
    task: 'question',
    text: random.chance(0.12) ? `${random.pick(['hey', 'ok', 'so', 'excuse me', 'tell me'])} ${text}` : text,
    meant: { type: 'query', kind: named.kind, target: named.ref, property },
    facts: [],
    ...(scene.here === undefined ? {} : { here: scene.here }),
  };
}

function fits(section: string, one: HomeEntity): boolean {
  const [property = '', ...rest] = section.split(' ');
  const kinds = rest.filter((word): word is TargetKind => isTargetKind(word));
  if (!kinds.includes(one.entity.kind as TargetKind)) return false;
  if (!isProperty(property) || !propertiesOf(one.entity).includes(property)) return false;
  const sense = senseOf(one);
  return one.entity.kind !== 'binary_sensor' || (sense !== undefined && rest.includes(sense));
}

function whom(
  scene: Scene,
  template: string,
  section: string,
  property: Property,
  one: HomeEntity,
):
  | { readonly text: string; readonly kind: TargetKind; readonly ref: Ref; readonly plural: boolean }
  | undefined {
  const { random } = scene;
  const kind = one.entity.kind as TargetKind;
  const has = (entity: HomeEntity['entity']): boolean => propertiesOf(entity).includes(property);
  if (/\{(?:p|room)\}/.test(template)) {
    // A thermostat also measures: where there is a sensor, that is asked.
    const sensed = section.includes('place') ? 'sensor' : kind;
    const own = namePlace(scene, sensed, has, template.includes('{room}'));
    if (own !== undefined)
      return sense(scene, section, own.ref, sensed) ? { ...own, kind: sensed } : undefined;
    if (!section.includes('climate')) return undefined;
    const other = namePlace(scene, 'climate', has, template.includes('{room}'));
    const sensors =
      other === undefined
        ? []
        : inside(scene, other.ref).filter(({ entity }) => entity.kind === 'sensor' && has(entity));
    return other === undefined || sensors.length > 0 ? undefined : { ...other, kind: 'climate' };
  }
  if (!template.includes('{t}')) {
    const alike = scene.home.entities.filter(({ entity }) => entity.kind === kind && has(entity));
    return alike.length === 1
      ? { text: '', kind, plural: false, ref: { type: 'entity', id: one.entity.id } }
      : undefined;
  }
  if (/\{t\}.*\b(?:are|\(is\|are\))|are \{t\}/.test(template) || (kind === 'light' && random.chance(0.2))) {
    const group = nameGroup(
      scene,
      kind,
      has,
      random.weighted({ area: 70, floor: scene.floors.length > 0 ? 12 : 0, house: 18, here: 0 }),
    );
    const [ref] = group?.refs ?? [];
    return group === undefined || ref === undefined || group.refs.length > 1 || kind === 'binary_sensor'
      ? undefined
      : { text: group.text, kind, ref, plural: group.plural };
  }
  const text = nameEntity(scene, one);
  return text === undefined
    ? undefined
    : { text, kind, plural: false, ref: { type: 'entity', id: one.entity.id } };
}

/** Binary sensors of one area tell different things: the area means one of them only where all tell the same. */
function sense(scene: Scene, section: string, ref: Ref, kind: TargetKind): boolean {
  if (kind !== 'binary_sensor') return true;
  const senses = inside(scene, ref)
    .filter(({ entity }) => entity.kind === 'binary_sensor')
    .map((one) => senseOf(one));
  return senses.every((one) => one !== undefined && section.includes(one));
}

function inside({ home }: Scene, ref: Ref): readonly HomeEntity[] {
  if (ref === 'house') return home.entities;
  if (ref.type === 'area') return home.entities.filter(({ entity }) => entity.area === ref.id);
  const areas = new Set(home.areas.filter(({ floor }) => floor === ref.id).map(({ id }) => id));
  return home.entities.filter(({ entity }) => areas.has(entity.area ?? ''));
}
