import type { Decoder } from './contract/decoder.ts';

export interface Route {
  /** The topic announces what exists. */
  readonly discovery: boolean;
  readonly decoders: readonly Decoder[];
}

/** Topics remembered; beyond it the table starts anew, so that made-up topics cannot fill the memory. */
const LIMIT = 20_000;

/** Which decoders a topic concerns. Filters are compared once per topic; after that it is one look-up. */
export class TopicRouter {
  readonly #decoders: readonly Decoder[];
  readonly #discovery: () => readonly string[];
  readonly #routes = new Map<string, Route>();

  constructor(decoders: readonly Decoder[], discovery: () => readonly string[]) {
    this.#decoders = decoders;
    this.#discovery = discovery;
  }

  route(topic: string): Route {
    const known = this.#routes.get(topic);
    if (known !== undefined) return known;
    if (this.#routes.size >= LIMIT) this.#routes.clear();
    const levels = topic.split('/');
    const route: Route = {
      discovery: this.#discovery().some((filter) => topicMatches(filter, levels)),
      decoders: this.#decoders.filter((decoder) =>
        decoder.topics.some((filter) => topicMatches(filter, levels)),
      ),
    };
    this.#routes.set(topic, route);
    return route;
  }

  /** Call when decoders want other topics than before: the house grew. */
  refresh(): void {
    this.#routes.clear();
  }
}

/** MQTT 3.1.1 §4.7: `+` is one level, `#` the rest; neither matches a first level that starts with `$`. */
export function topicMatches(filter: string, topic: string | readonly string[]): boolean {
  const levels = typeof topic === 'string' ? topic.split('/') : topic;
  const wanted = filter.split('/');
  if ((wanted[0] === '+' || wanted[0] === '#') && levels[0]?.startsWith('$') === true) return false;
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}
