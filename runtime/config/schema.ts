import { z } from 'zod';
import { DEVICES, KV_TYPES } from '../contract/engine.ts';
import { parseBytes, parseDuration } from '../lib/units.ts';

/** `60s`, `5m`, `1h30m` or seconds → milliseconds. */
const duration = z
  .union([z.string(), z.number()])
  .refine((text) => parseDuration(text) !== undefined, 'Expected a duration such as 60s, 5m or 1h30m')
  .transform((text) => parseDuration(text) ?? 0)
  .meta({ description: 'duration: 250ms, 60s, 5m, 1h30m; a bare number is seconds' });

const bytes = z
  .union([z.string(), z.number()])
  .refine((text) => parseBytes(text) !== undefined, 'Expected a size such as 300MB or 1.5GB')
  .transform((text) => parseBytes(text) ?? 0)
  .meta({ description: 'size: 300MB, 1.5GB, 64KiB; a bare number is bytes' });

const positive = z.number().int().positive();
const brokerUrl = z
  .string()
  .regex(
    /^(mqtts?|tcp|ssl|wss?):\/\/.+/,
    'Expected an address such as mqtt://127.0.0.1:1883 or mqtts://hub.local:8883',
  );

const externalBroker = z.strictObject({
  url: brokerUrl,
  username: z.string().optional(),
  password: z.string().optional(),
  ca: z
    .string()
    .optional()
    .meta({ description: 'PEM file of the authority that signed the broker certificate' }),
  cert: z.string().optional().meta({ description: 'PEM file of our client certificate' }),
  key: z.string().optional().meta({ description: 'PEM file of its private key' }),
  verify: z
    .boolean()
    .default(true)
    .meta({ description: 'false accepts any certificate: only on a network you trust' }),
  client_id: z.string().max(64).optional(),
  share: z
    .string()
    .optional()
    .meta({ description: 'shared subscription group: several daemons divide the stream' }),
});

const embeddedBroker = z.strictObject({
  embedded: z.strictObject({
    listen: z.string().default('127.0.0.1:1883'),
    users: z
      .record(
        z.string(),
        z.strictObject({ password: z.string().min(8), publish: z.array(z.string()).optional() }),
      )
      .default({}),
  }),
});

const path = z.strictObject({
  path: z
    .string()
    .optional()
    .meta({ description: 'where the value is in the JSON: data.t, values[0]; left out: the whole payload' }),
  unit: z.string().optional(),
  map: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

const source = z.union([
  z.strictObject({
    dialect: z.enum(['zigbee2mqtt', 'tasmota', 'shelly', 'homeassistant', 'statestream']),
    base: z.string().optional().meta({ description: 'base topic, where it is not the usual one' }),
    qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(1),
  }),
  z.strictObject({
    topic: z.string(),
    as: z.record(z.string(), path),
    qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(1),
  }),
  z.strictObject({ host: z.strictObject({ interval: duration.prefault('5s') }) }),
  z.strictObject({ replay: z.strictObject({ file: z.string(), speed: z.number().min(0).default(1) }) }),
]);

const filter = z.strictObject({
  deadband: z
    .union([
      z.number().positive(),
      z.string().regex(/^\d+(\.\d+)?%$/, 'Expected a number or a share such as 2%'),
    ])
    .optional(),
  debounce: duration.optional(),
});

const combine = z.strictObject({ of: z.array(z.string()).min(2), by: z.enum(['mean', 'median', 'vote']) });

/** How a local model is loaded; what is left open is measured by `ganglion model tune` or chosen by the board. */
const localModel = {
  file: z.string().meta({
    description:
      'path of a model, or where to fetch it: hf:OWNER/REPO/FILE.gguf, hf:OWNER/REPO:Q4_K_M, https://…',
  }),
  context: positive.optional().meta({ description: 'tokens a prompt and its answer may take' }),
  threads: positive.optional(),
  device: z.enum(DEVICES).optional(),
  gpu_layers: z
    .number()
    .int()
    .min(0)
    .optional()
    .meta({ description: 'layers on the accelerator; left out: as many as fit' }),
  batch: positive.optional().meta({ description: 'tokens evaluated in one call at most' }),
  kv: z.enum(KV_TYPES).optional().meta({ description: 'precision of the KV cache; q8_0 halves its memory' }),
  lora: z
    .array(z.strictObject({ file: z.string(), scale: z.number().default(1) }))
    .default([])
    .meta({ description: 'adapters applied to the model' }),
};

/** ganglion.yaml. Every default carries its reason here or in docs/configuration.md. */
export const configSchema = z.strictObject({
  node: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'Expected lower-case letters, digits, - and _')
    .default('hub'),
  site: z
    .strictObject({
      timezone: z.string().refine(isTimezone, 'Expected a time zone such as Europe/Berlin').optional(),
      latitude: z.number().min(-90).max(90).optional(),
      longitude: z.number().min(-180).max(180).optional(),
    })
    .prefault({}),
  broker: z.union([brokerUrl, externalBroker, embeddedBroker]).default('mqtt://127.0.0.1:1883'),
  house: z.string().optional(),
  sources: z.array(source).optional(),
  policies: z.string().optional().meta({ description: 'folder of *.yaml files, or one file' }),
  data: z
    .string()
    .default('ganglion-data')
    .meta({ description: 'folder of the journal and everything learned' }),
  models_folder: z
    .string()
    .optional()
    .meta({ description: 'folder of fetched models (default: ~/.cache/ganglion/models)' }),
  model: z
    .strictObject({
      ...localModel,
      memory: bytes.optional().meta({
        description:
          'what all models may take together, and the cap of the model host process beyond mapped weights; default: half of this machine',
      }),
      deadline: duration
        .prefault('20s')
        .meta({ description: 'a decision the model has not made by then falls to the next rung' }),
    })
    .optional(),
  embedded_model: z.boolean().default(true).meta({
    description: 'without `model`, the small model that comes with Ganglion reads requests and guidance',
  }),
  models: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/), z.strictObject(localModel))
    .default({})
    .meta({
      description: 'further models by name, loaded when they are first asked over /v1/chat/completions',
    }),
  prefix_cache: z
    .strictObject({
      max: bytes.prefault('512MB').meta({ description: 'KV states of prompts on disk; 0 keeps none' }),
    })
    .prefault({}),
  remote: z
    .strictObject({
      url: z
        .string()
        .regex(/^https?:\/\/[^\s@?#]+$/, 'Expected an address such as http://gpu.local:8080/v1')
        .meta({ description: 'an OpenAI-compatible server: llama-server, Ollama, vLLM, LocalAI' }),
      model: z.string().min(1).max(200),
      key: z.string().min(1).optional().meta({ description: 'sent as a bearer token, to this server only' }),
      timeout: duration
        .prefault('20s')
        .meta({ description: 'how long the server may read the prompt before it begins to answer' }),
      confidence: z
        .number()
        .min(0)
        .max(1)
        .default(0.7)
        .meta({ description: 'how sure an answer counts where the server tells no probabilities' }),
      requests: positive.max(64).default(2).meta({ description: 'requests the server gets at once' }),
    })
    .optional(),
  limits: z
    .strictObject({
      allow: z
        .array(z.string())
        .default([
          'light.*',
          'switch.*',
          'fan.*',
          'cover.*',
          'climate.*',
          'humidifier.*',
          'media_player.*',
          'vacuum.*',
          'number.*',
          'select.*',
          'scene.*',
          'notify.*',
          'tool.*',
        ]),
      approve: z.array(z.string()).default(['lock.*', 'valve.*', 'siren.*']),
      approval_expires: duration.prefault('15m'),
    })
    .prefault({}),
  fuse: z
    .strictObject({
      stale_after: duration
        .prefault('25h')
        .meta({ description: 'battery sensors report once a day at the least' }),
      filters: z.record(z.string(), filter).default({}),
      combine: z.record(z.string(), combine).default({}),
    })
    .prefault({}),
  actions: z
    .strictObject({
      deadline: duration
        .prefault('30s')
        .meta({ description: 'an action not carried out by then is given up' }),
      queue: positive.default(4096),
      handlers: positive
        .max(16)
        .default(2)
        .meta({ description: 'threads for user handlers, webhooks and tools' }),
      handler_timeout: duration.prefault('10s'),
      handler_memory: bytes.prefault('64MB'),
    })
    .prefault({}),
  history: z.strictObject({ keep: duration.prefault('90d'), max: bytes.prefault('2GB') }).prefault({}),
  http: z
    .strictObject({
      listen: z.string().default('127.0.0.1:8420'),
      token: z
        .string()
        .min(16)
        .optional()
        .meta({ description: 'needed for any address that is not loopback' }),
      hosts: z
        .array(z.string())
        .default([])
        .meta({ description: 'names a browser may call the daemon by, besides its address and host name' }),
    })
    .prefault({}),
  mqtt: z
    .strictObject({
      ask: z
        .strictObject({
          allow: z.array(z.string()).default([]).meta({
            description:
              'entities that requests from ganglion/<node>/ask may touch; anyone on the broker can send them',
          }),
        })
        .prefault({}),
      feedback: z
        .strictObject({
          allow: z
            .array(z.string())
            .default(['*'])
            .meta({ description: 'policies whose decisions may be rated over ganglion/<node>/feedback' }),
          teach: z.array(z.string()).default([]).meta({
            description:
              'policies that learn from these ratings as from a person; anyone on the broker can send them',
          }),
        })
        .prefault({}),
      approve: z
        .boolean()
        .default(false)
        .meta({ description: 'take approvals over MQTT, each with its one-time code' }),
      announce: z
        .boolean()
        .default(true)
        .meta({ description: 'show the agent to Home Assistant by discovery' }),
    })
    .prefault({}),
  extensions: z
    .array(z.string())
    .default([])
    .meta({ description: 'modules with sources, decoders, rungs, actuators, engines, tools' }),
  log: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type ConfigInput = z.input<typeof configSchema>;
export type ConfigValues = z.output<typeof configSchema>;

/** The JSON schema editors use for ganglion.yaml. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
}

function isTimezone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
