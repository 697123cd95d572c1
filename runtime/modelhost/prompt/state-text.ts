import type { Entity, House } from '../../contract/house.ts';
import { entityOf, isPropertyKey, propertyOf } from '../../contract/ids.ts';
import { kindSpec } from '../../contract/kinds.ts';
import type { Frame, PropertyState, StateView } from '../../contract/state.ts';
import { MAX_NAME } from './house.ts';
import { clean, numberText, quote } from './quote.ts';

const MAX_VALUE = 60;
const MAX_UNIT = 12;
/** What units look like; anything else a device calls one is data. */
const UNIT = /^[\p{L}°%‰µΩ²³⁻¹/·]{1,10}$/u;
/** Properties of one entity that are told. */
const MAX_PROPERTIES = 8;

/** A value that may no longer be true is never told as if it were. */
const NOT_KNOWN = 'not known now';

/** `on, brightness 40 %`: what is known of an entity at this moment. Undefined: nothing ever was. */
export function knownText(entity: Entity, state: StateView): string | undefined {
  const seen = state.entity(entity.id);
  const order = Object.keys(kindSpec(entity.kind).properties);
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  const names = Object.keys(seen).toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const told = names.slice(0, MAX_PROPERTIES).flatMap((name) => {
    const property = seen[name]!;
    if (property.standing === 'unknown') return [];
    const value = property.standing === 'known' ? valueText(entity, name, property) : NOT_KNOWN;
    if (name === 'state' && value !== NOT_KNOWN) return [value];
    return [`${order.includes(name) ? name : quote(name, MAX_NAME)} ${value}`];
  });
  if (told.length === 0) return undefined;
  const more = names.length - MAX_PROPERTIES;
  return `${told.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

/**
 * A line of what a policy looks at: a property as it is at this moment, not as it was when the policy was set off; a
 * feature of another kind (`now.hour`, a difference) as it was worked out then.
 */
function inputText(name: string, value: number | undefined, house: House, state: StateView): string {
  if (!isPropertyKey(name))
    return `${clean(name, MAX_NAME)}: ${value === undefined ? 'unknown' : numberText(value)}`;
  const entity = house.entity(entityOf(name));
  const property = propertyOf(name);
  const label =
    entity === undefined ? clean(name, MAX_NAME * 2) : `${quote(entity.name, MAX_NAME)} ${property}`;
  const now = state.get(name);
  return `${label}: ${now.standing === 'known' ? valueText(entity, property, now) : NOT_KNOWN}`;
}

/** What a policy looks at, at most `max` of it. */
export function inputLines(frame: Frame, house: House, state: StateView, max: number): string[] {
  const lines = frame.names
    .slice(0, max)
    .map((name, i) => `- ${inputText(name, frame.values[i], house, state)}`);
  const more = frame.names.length - max;
  return more > 0 ? [...lines, `- and ${more} more`] : lines;
}

function valueText(entity: Entity | undefined, property: string, { value, unit }: PropertyState): string {
  if (value === undefined) return NOT_KNOWN;
  const measured = unit === undefined ? '' : ` ${UNIT.test(unit) ? unit : quote(unit, MAX_UNIT)}`;
  if (typeof value === 'number') return `${numberText(value)}${measured}`;
  if (typeof value === 'boolean') return String(value);
  // Words of our own table are ours; whatever else a device says is data.
  const spec = entity === undefined ? undefined : kindSpec(entity.kind).properties[property];
  return spec?.values?.includes(value) === true ? value : quote(value, MAX_VALUE);
}
