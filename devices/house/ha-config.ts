import type { Point, PropertyInfo } from '../../runtime/contract/house.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { Convert } from './convert.ts';
import { number, text, type Json } from './json.ts';
import type { FieldPlan, ThingPlan } from './plan.ts';
import type { ArgumentForm, Recipe } from './recipe.ts';
import type { Kind } from '../../runtime/contract/kinds.ts';

/** What one discovery configuration becomes: collected key by key. */
export class ThingBuilder {
  readonly config: Json;
  readonly #device: string;
  readonly #field: string;
  readonly #properties: Record<string, PropertyInfo> = {};
  readonly #fields: FieldPlan[] = [];
  readonly #commands: Record<string, Recipe[]> = {};
  readonly points: Point[] = [];

  /** @param field what its fields begin with, so that two configurations of a device never share one */
  constructor(config: Json, device: string, field: string) {
    this.config = config;
    this.#device = device;
    this.#field = field;
  }

  text(key: string, fallback: string): string {
    const value = this.config[key];
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return text(value) ?? fallback;
  }

  topic(key: string): string | undefined {
    const topic = text(this.config[key]);
    return topic === undefined || topic === '' || /[+#\0]/.test(topic) ? undefined : topic;
  }

  number(key: string, fallback: number): number {
    return number(this.config[key]) ?? fallback;
  }

  /** Listens on a topic for a property; nothing where the configuration has no such topic. */
  listen(
    property: string,
    topicKey: string,
    templates: readonly string[],
    convert: Convert,
    more: { readonly unit?: string; readonly path?: string; readonly info?: PropertyInfo } = {},
  ): void {
    const topic = this.topic(topicKey);
    if (topic === undefined) return;
    const field = `${this.#field}:${property}`;
    const template =
      more.path === undefined ? templates.map((key) => text(this.config[key])).find(Boolean) : undefined;
    this.points.push({
      topic,
      dialect: 'homeassistant',
      device: this.#device,
      field,
      ...(template !== undefined && { template }),
      ...(more.path !== undefined && { path: more.path }),
    });
    this.#fields.push({ field, property, convert, ...(more.unit !== undefined && { unit: more.unit }) });
    this.#properties[property] = more.info ?? (more.unit === undefined ? {} : { unit: more.unit });
  }

  /** A command with a fixed payload. */
  send(command: string, topicKey: string, payload: string, more: Partial<Recipe> = {}): void {
    const topic = this.topic(topicKey);
    if (topic !== undefined) this.#add(command, { topic, payload, ...more });
  }

  /** A command, or a part of one, that carries an argument. */
  carry(command: string, topicKey: string, templateKey: string, arg: string, form: ArgumentForm): void {
    const topic = this.topic(topicKey);
    const template = text(this.config[templateKey]);
    if (topic !== undefined)
      this.#add(command, { topic, arg, form, ...(template !== undefined && { template }) });
  }

  recipe(command: string, topicKey: string, recipe: Omit<Recipe, 'topic'>): void {
    const topic = this.topic(topicKey);
    if (topic !== undefined) this.#add(command, { topic, ...recipe });
  }

  build(kind: Kind, suffix: string, name: string | undefined): ThingPlan {
    const commands = Object.keys(this.#commands);
    return {
      kind,
      suffix,
      ...(name !== undefined && { name }),
      properties: this.#properties,
      commands,
      ...(commands.length > 0 && { address: { commands: this.#commands } }),
      fields: this.#fields,
    };
  }

  #add(command: string, recipe: Recipe): void {
    (this.#commands[command] ??= []).push(recipe);
  }
}

/** Payload words → plain values. Templates print Python's `True`, JSON says `true`: either finds its word. */
export function words(...pairs: readonly (readonly [string, Value])[]): Convert {
  const map: [string, Value][] = [];
  for (const [word, value] of pairs) {
    map.push([word, value]);
    if (/^(true|false)$/i.test(word)) map.push([word.toLowerCase(), value]);
    const numeric = Number(word);
    if (word.trim() !== '' && Number.isFinite(numeric)) map.push([String(numeric), value]);
  }
  return { as: 'map', map: Object.fromEntries(map.toReversed()) };
}
