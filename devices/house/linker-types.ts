import type { Call } from '../../runtime/contract/action.ts';
import type { PropertyKey } from '../../runtime/contract/ids.ts';
import type { Choice } from '../../runtime/contract/rung.ts';

/** What a sentence asks to happen, before it is known to what. */
export type Verb =
  | 'on'
  | 'off'
  | 'toggle'
  | 'open'
  | 'close'
  | 'stop'
  | 'lock'
  | 'unlock'
  | 'start'
  | 'pause'
  | 'play'
  | 'next'
  | 'previous'
  | 'mute'
  | 'unmute'
  | 'set'
  | 'up'
  | 'down'
  | 'return'
  | 'locate'
  | 'press'
  | 'activate';

/** What a number or word in the sentence sets. */
export type Aspect =
  | 'brightness'
  | 'color'
  | 'color_temp'
  | 'temperature'
  | 'humidity'
  | 'position'
  | 'speed'
  | 'volume'
  | 'mode';

/** A value named in the sentence. */
export type Quantity =
  | { readonly type: 'percent'; readonly value: number; readonly limit?: 'max' | 'min' }
  | { readonly type: 'degrees'; readonly value: number }
  | { readonly type: 'kelvin'; readonly value: number }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'color'; readonly value: string }
  | { readonly type: 'mode'; readonly value: string };

export type LinkResult =
  | {
      /** One reading stands out and every word is accounted for. */
      readonly kind: 'certain';
      readonly calls: readonly Call[];
      readonly explanation: string;
      /** 0–1 */
      readonly confidence: number;
    }
  | {
      /** Several readings; the first choice is the likeliest, the last is `none`. At most 16. */
      readonly kind: 'candidates';
      readonly choices: readonly Choice[];
      readonly explanation: string;
    }
  | {
      /** Asks, does not order. `about`: the properties it seems to ask for, at most 8. */
      readonly kind: 'question';
      readonly explanation: string;
      readonly about?: readonly PropertyKey[];
    }
  | {
      /** Not for this house, called off, or for later: nothing is to happen now. */
      readonly kind: 'nothing';
      readonly explanation: string;
    };
