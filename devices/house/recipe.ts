import type { Value } from '../../runtime/contract/reading.ts';

/** How an argument is written on the wire. */
export type ArgumentForm =
  | { readonly as: 'number' | 'text' | 'mired' | 'rgb' | 'hs' | 'xy' | 'fahrenheit' }
  /** 0–100 % → whole steps between `from` (0 %) and `to` (100 %). */
  | { readonly as: 'range'; readonly from: number; readonly to: number };

/** One publish of a command, as plain data: what Home Assistant discovery and house.yaml's plain topics describe. */
export interface Recipe {
  readonly topic: string;
  /** Sent as it is. */
  readonly payload?: string;
  /** The argument that is sent; without it the publish is left out. */
  readonly arg?: string;
  readonly form?: ArgumentForm;
  readonly map?: Readonly<Record<string, Value>>;
  /** Jinja over `value` (the argument on the wire), or over all arguments where there is no `arg`. */
  readonly template?: string;
  /** Left out if one of these arguments is present: their publish switches the thing on too. */
  readonly unless?: readonly string[];
  /** A light of the JSON schema: `state` and what was asked for, in one object. */
  readonly json?: {
    readonly state: string;
    readonly scale: number;
    readonly kelvin: boolean;
    readonly color: 'rgb' | 'hs' | 'xy';
  };
}

export type Recipes = Readonly<Record<string, readonly Recipe[]>>;
