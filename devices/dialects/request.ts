import type { Action } from '../../runtime/contract/action.ts';
import { fullBright, parseColor, type Rgb } from '../../runtime/contract/color.ts';
import type { Target } from '../../runtime/contract/house.ts';
import { kindOf } from '../../runtime/contract/ids.ts';
import { GanglionError } from '../../runtime/errors.ts';

/** An action beside the address it goes to, with errors that name both. */
export class Request {
  readonly action: Action;
  readonly kind: string;
  readonly command: string;
  readonly #target: Target;

  constructor(action: Action, target: Target) {
    this.action = action;
    this.kind = kindOf(action.entity);
    this.command = action.command;
    this.#target = target;
  }

  get dialect(): string {
    return this.#target.dialect;
  }

  raw(key: string): unknown {
    return Object.hasOwn(this.#target.address, key) ? this.#target.address[key] : undefined;
  }

  optional(key: string): string | undefined {
    const value = this.raw(key);
    return typeof value === 'string' ? value : undefined;
  }

  optionalNumber(key: string): number | undefined {
    const value = this.raw(key);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  }

  list(key: string): readonly string[] {
    const value = this.raw(key);
    if (!Array.isArray(value) || value.length === 0) throw this.#missing(key);
    return value.map(String);
  }

  /** Throws ENCODE_ADDRESS where the address lacks it. */
  address(key: string): string {
    const value = this.optional(key);
    if (value === undefined) throw this.#missing(key);
    return value;
  }

  addressNumber(key: string): number {
    const value = this.optionalNumber(key);
    if (value === undefined) throw this.#missing(key);
    return value;
  }

  /** A required number argument. Throws ENCODE_ARGUMENT. */
  number(name: string): number {
    const value = argNumber(this, name);
    if (value === undefined) throw this.bad(name, 'a number', undefined);
    return value;
  }

  text(name: string): string {
    const value = argText(this, name);
    if (value === undefined) throw this.bad(name, 'text', undefined);
    return value;
  }

  unsupported(): GanglionError {
    return new GanglionError('ENCODE_UNSUPPORTED', {
      entity: this.action.entity,
      command: this.command,
      dialect: this.dialect,
    });
  }

  bad(argument: string, expected: string, received: unknown): GanglionError {
    return new GanglionError('ENCODE_ARGUMENT', {
      entity: this.action.entity,
      command: this.command,
      argument,
      expected,
      received: received === undefined ? 'nothing' : JSON.stringify(received).slice(0, 80),
    });
  }

  #missing(key: string): GanglionError {
    return new GanglionError('ENCODE_ADDRESS', {
      entity: this.action.entity,
      dialect: this.dialect,
      missing: `\`${key}\``,
    });
  }
}

function argOf(request: Request, name: string): unknown {
  const { args } = request.action;
  return Object.hasOwn(args, name) ? args[name] : undefined;
}

export function argNumber(request: Request, name: string): number | undefined {
  const value = argOf(request, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw request.bad(name, 'a number', value);
  return value;
}

export function argText(request: Request, name: string): string | undefined {
  const value = argOf(request, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw request.bad(name, 'text', value);
  return value;
}

export function argColor(request: Request, name: string): Rgb | undefined {
  const value = argText(request, name);
  if (value === undefined) return undefined;
  const rgb = parseColor(value);
  if (rgb === undefined) throw request.bad(name, 'a colour name or #rrggbb', value);
  // Brightness is an argument of its own; scaled here, because chromaticity and gamma do not commute.
  const [r, g, b] = fullBright(rgb);
  return [Math.round(r), Math.round(g), Math.round(b)];
}
