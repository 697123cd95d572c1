/** `<kind>.<slug>`, as in Home Assistant: `light.hall`. */
export type EntityId = `${string}.${string}`;

/** `<kind>.<slug>.<property>`: `sensor.kitchen.temperature`. */
export type PropertyKey = `${string}.${string}.${string}`;

const ENTITY = /^[a-z_]+\.[\p{Ll}\p{Lo}\p{N}_]+$/u;
const PROPERTY = /^[a-z_]+\.[\p{Ll}\p{Lo}\p{N}_]+\.[\p{Ll}\p{Lo}\p{N}_]+$/u;

export function isEntityId(text: string): text is EntityId {
  return ENTITY.test(text);
}

export function isPropertyKey(text: string): text is PropertyKey {
  return PROPERTY.test(text);
}

export function propertyKey(entity: EntityId, property: string): PropertyKey {
  return `${entity}.${property}`;
}

/** `light.hall.brightness` → `light.hall`. */
export function entityOf(key: PropertyKey): EntityId {
  return key.slice(0, key.lastIndexOf('.')) as EntityId;
}

/** `light.hall.brightness` → `brightness`. */
export function propertyOf(key: PropertyKey): string {
  return key.slice(key.lastIndexOf('.') + 1);
}

/** `light.hall` → `light`. */
export function kindOf(entity: EntityId): string {
  return entity.slice(0, entity.indexOf('.'));
}

/** `light.hall` → `hall`. */
export function slugOf(entity: EntityId): string {
  return entity.slice(entity.indexOf('.') + 1);
}

/** Lower-case letters, digits and `_`; letters of any script stay, accents of Latin ones go. Never empty. */
export function slugify(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('ß', 'ss');
  const slug = plain.replaceAll(/[^\p{Ll}\p{Lo}\p{N}]+/gu, '_').replaceAll(/^_+|_+$/g, '');
  return slug === '' ? 'unnamed' : slug;
}
