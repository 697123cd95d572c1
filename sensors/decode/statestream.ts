import type { Decoder } from '../../runtime/contract/decoder.ts';
import { AVAILABILITY, type Observation, type Value } from '../../runtime/contract/reading.ts';
import { readText, scalarOf, TopicCache } from './wire.ts';

export interface StatestreamOptions {
  /** `base_topic` of Home Assistant's mqtt_statestream. */
  readonly base: string;
}

interface Route {
  /** `<domain>.<object>`; empty: not ours. */
  readonly device: string;
  /** `state` or an attribute. */
  readonly field: string;
}

const NOTHING: readonly Observation[] = [];
const IGNORE: Route = { device: '', field: '' };

/** Home Assistant's statestream: `<base>/<domain>/<object>/state` as text, attributes beside it as JSON. */
export function createStatestreamDecoder(options: StatestreamOptions): Decoder {
  const base = `${options.base}/`;
  const routes = new TopicCache<Route>();

  function learn(topic: string): Route {
    if (!topic.startsWith(base)) return IGNORE;
    const [domain, object, field, more] = topic.slice(base.length).split('/');
    if (!domain || !object || !field || more !== undefined) return IGNORE;
    return { device: `${domain}.${object}`, field };
  }

  return {
    dialect: 'statestream',
    topics: [`${base}+/+/+`],
    decode(message) {
      const route = routes.get(message.topic) ?? routes.set(message.topic, learn(message.topic));
      if (route.device === '') return NOTHING;
      const text = readText(message);
      if (text === undefined || text === '') return NOTHING;
      const { device, field } = route;
      if (field === 'state' && (text === 'unavailable' || text === 'unknown')) {
        return text === 'unavailable' ? [{ device, field: AVAILABILITY, value: false }] : NOTHING;
      }
      const value = field === 'state' ? scalarOf(text) : attribute(text);
      if (value === undefined) return NOTHING;
      const seen: Observation = { device, field, value };
      return field === 'state' ? [seen, { device, field: AVAILABILITY, value: true }] : [seen];
    },
  };
}

/** Attributes are JSON: text in quotes; of lists only a colour's three channels mean anything. */
function attribute(text: string): Value | undefined {
  if (text.startsWith('"') && text.endsWith('"')) return text.slice(1, -1);
  const channels = /^\[\s*(\d{1,3}),\s*(\d{1,3}),\s*(\d{1,3})\s*\]$/.exec(text);
  if (channels !== null) return `rgb:${channels[1]},${channels[2]},${channels[3]}`;
  return text.startsWith('[') || text.startsWith('{') ? undefined : scalarOf(text);
}
