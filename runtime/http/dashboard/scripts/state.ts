/** The state per area: rows that are redrawn only when their entity changed. */
export const STATE_JS = `import { byId, el, short, value } from '/assets/view.js';

/** entity id → { name, kind, area, properties, row } */
const entities = new Map();
const dirty = new Set();
let timer = 0;
let areaNames = new Map();

export function showState(reply, areas) {
  areaNames = new Map(areas.map((area) => [area.id, area.name]));
  entities.clear();
  for (const [id, entity] of Object.entries(reply.entities)) {
    entities.set(id, { ...entity, properties: new Map(Object.entries(entity.properties)), row: null });
  }
  draw();
}

export const entityNames = () => new Map([...entities].map(([id, entity]) => [id, entity.name]));

/** False if the entity is new and the whole state should be fetched again. */
export function applyReading(reading) {
  const dot = reading.key.lastIndexOf('.');
  const entity = entities.get(reading.key.slice(0, dot));
  if (!entity) return false;
  entity.properties.set(reading.key.slice(dot + 1), { value: reading.value, unit: reading.unit, standing: 'known', at: reading.at });
  dirty.add(entity);
  // A busy house reports hundreds of values a second; people read a few.
  timer = timer || setTimeout(flush, 250);
  return true;
}

function flush() {
  timer = 0;
  for (const entity of dirty) fill(entity);
  dirty.clear();
}

function draw() {
  const byArea = new Map();
  for (const [id, entity] of entities) {
    if (entity.properties.size === 0) continue;
    const area = entity.area || '';
    if (!byArea.has(area)) byArea.set(area, []);
    byArea.get(area).push([id, entity]);
  }
  const nameOf = (area) => areaNames.get(area) || area || 'Elsewhere';
  const sorted = [...byArea].sort(([a], [b]) => (a === '') - (b === '') || nameOf(a).localeCompare(nameOf(b)));
  byId('state-empty').hidden = sorted.length > 0;
  byId('areas').replaceChildren(...sorted.map(([area, list]) => {
    list.sort(([, a], [, b]) => rank(a) - rank(b) || a.name.localeCompare(b.name));
    return el('section', { 'aria-label': short(nameOf(area), 80) }, el('h3', {}, short(nameOf(area), 80)), ...list.map(([id, entity]) => {
      entity.row = el('span', { class: 'values' });
      fill(entity);
      return el('div', { class: 'entity', title: id }, el('span', {}, short(entity.name, 80)), entity.row);
    }));
  }));
}

/** What people switch comes first, what merely reports last. */
function rank(entity) {
  const order = ['lock', 'light', 'switch', 'fan', 'cover', 'valve', 'climate'];
  const at = order.indexOf(entity.kind);
  if (at >= 0) return at;
  return entity.kind === 'sensor' ? 99 : entity.kind === 'binary_sensor' ? 98 : 50;
}

function fill(entity) {
  if (!entity.row) return;
  const list = [...entity.properties].sort(([a], [b]) => (b === 'state') - (a === 'state') || a.localeCompare(b));
  entity.row.replaceChildren(...list.slice(0, 8).map(([name, property]) => {
    const standing = property.standing;
    const label = name === 'state' ? '' : short(name, 40).replaceAll('_', ' ') + ' ';
    const text = standing === 'unavailable' ? 'unavailable' : value(property.value, property.unit) + (standing === 'stale' ? ' (stale)' : '');
    const lit = standing === 'known' && name === 'state' && ['on', 'open', 'unlocked', 'playing', 'cleaning'].includes(property.value);
    return el('span', { class: standing === 'known' ? (lit ? 'on' : '') : standing }, el('small', {}, label), text);
  }));
}
`;
