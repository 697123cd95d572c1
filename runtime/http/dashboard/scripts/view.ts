/** Building elements from text, and how values look. Nothing here or elsewhere parses markup. */
export const VIEW_JS = `/** An element with attributes and children; strings become text. */
export function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'class') element.className = value;
    else if (name === 'onclick') element.addEventListener('click', value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A thumb, drawn rather than an emoji: small boards' browsers often have no emoji font. */
export function thumbIcon(down) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  for (const [name, value] of [['viewBox', '0 0 24 24'], ['width', '20'], ['height', '20'], ['aria-hidden', 'true']]) svg.setAttribute(name, value);
  if (down) svg.setAttribute('class', 'down');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', 'M3 10.5h3.5V20H3zM9 20v-9.5L12.6 3c1.6 0 2.6 1 2.3 2.6L14.2 9.5H19a2 2 0 0 1 2 2.4l-1.3 6.4A2 2 0 0 1 17.7 20z');
  svg.append(path);
  return svg;
}

export const byId = (id) => document.getElementById(id);

/** At most so many characters; hostile names can be long. */
export function short(text, most) {
  const string = String(text);
  return string.length > most ? string.slice(0, most - 1) + '…' : string;
}

/** A word that is safe as a class name. */
export const word = (text) => (/^[a-z][a-z-]{0,30}$/.test(text) ? text : '');

export function value(value, unit) {
  if (value === undefined || value === null) return 'unknown';
  if (typeof value === 'number') {
    const text = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(Math.abs(value) >= 100 ? 4 : 3)));
    return unit ? text + ' ' + short(unit, 12) : text;
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return short(value, 60);
}

export function latency(ms) {
  if (!(ms >= 0)) return '';
  if (ms < 1) return Math.max(1, Math.round(ms * 1000)) + ' µs';
  if (ms < 1000) return (ms < 10 ? ms.toFixed(1) : Math.round(ms)) + ' ms';
  return (ms / 1000).toFixed(1) + ' s';
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

export function time(ms) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '';
  const today = new Date().toDateString() === date.toDateString();
  return (today ? '' : day.format(date) + ' ') + clock.format(date);
}

/** Ids begin with their time: nine digits of base 32, milliseconds. NaN for others. */
export function idTime(id) {
  let ms = 0;
  for (const letter of String(id).slice(0, 9)) {
    const digit = '0123456789abcdefghjkmnpqrstvwxyz'.indexOf(letter);
    ms = digit < 0 ? NaN : ms * 32 + digit;
  }
  return ms;
}

export function span(seconds) {
  if (seconds < 90) return Math.round(seconds) + ' s';
  if (seconds < 5400) return Math.round(seconds / 60) + ' min';
  if (seconds < 172800) return Math.round(seconds / 3600) + ' h';
  return Math.round(seconds / 86400) + ' days';
}

/** "Hall light: turn on (brightness 20)" */
export function callText(call, names) {
  const args = Object.entries(call.args || {}).map(([name, arg]) => short(name, 30) + ' ' + value(arg));
  const who = names.get(call.entity) || call.entity;
  return short(who, 80) + ': ' + short(call.command, 40).replaceAll('_', ' ') + (args.length ? ' (' + args.join(', ') + ')' : '');
}
`;
