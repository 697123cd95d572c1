import type { RuntimeEvent } from '../../contract/api.ts';
import type { Decision } from '../../contract/decision.ts';
import type { Clock } from '../../contract/time.ts';
import { callText, latencyText, timeText, whatText } from '../format.ts';
import { rungStyle, statusStyle, type Style } from '../style.ts';
import { clean, fit, padEnd, wrap } from '../text.ts';

export interface LiveLogOptions {
  readonly write: (text: string) => void;
  readonly style: Style;
  readonly columns: number;
  readonly clock: Clock;
}

/** More than a person reads. */
const MAX_PER_SECOND = 20;
const INDENT = '          ';

/**
 * What happens, for a person at a terminal: decisions with time, rung, what, latency and reason, then their outcomes.
 * A storm of events shows as a count, so that the terminal never becomes the slowest part of the house.
 */
export class LiveLog {
  readonly #options: LiveLogOptions;
  #second = Number.NEGATIVE_INFINITY;
  #printed = 0;
  #hidden = 0;
  /** Policies whose last decision was to do nothing: saying so again would drown what does happen. */
  readonly #idle = new Set<string>();

  constructor(options: LiveLogOptions) {
    this.#options = options;
  }

  show(event: RuntimeEvent): void {
    const text = this.#text(event);
    if (text === undefined) return;
    const second = Math.floor(this.#options.clock.mono() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#printed = 0;
      this.flush();
    }
    if (this.#printed >= MAX_PER_SECOND) {
      this.#hidden++;
      return;
    }
    this.#printed++;
    this.#options.write(text);
  }

  /** Says how many events were left out since it last did. */
  flush(): void {
    if (this.#hidden === 0) return;
    this.#options.write(this.#options.style.dim(`${INDENT}… and ${this.#hidden} more within a second\n`));
    this.#hidden = 0;
  }

  #text(event: RuntimeEvent): string | undefined {
    const { style } = this.#options;
    switch (event.type) {
      case 'decision':
        return this.#decision(event.decision);
      case 'outcome': {
        const { outcome, action } = event;
        const status = statusStyle(style, outcome.status)(outcome.status);
        const detail = outcome.detail === undefined ? '' : `: ${clean(outcome.detail)}`;
        return this.#line(`→ ${callText(action)} ${status} in ${latencyText(outcome.latencyMs)}${detail}`);
      }
      case 'action':
        if (event.stage !== 'awaiting-approval') return undefined;
        return this.#line(
          `${style.warn('?')} ${callText(event.action)} waits for you: ganglion approve ${clean(event.action.id)}`,
        );
      case 'source': {
        const state = event.connected ? style.good('connected') : style.warn('not connected');
        return this.#line(`${clean(event.source)} ${state}: ${clean(event.detail)}`);
      }
      case 'problem':
        return this.#line(`${style.warn('!')} ${clean(event.message)} ${style.dim(clean(event.remedy))}`);
      case 'feedback': {
        const { reward, source, decision } = event.feedback;
        return this.#line(`feedback ${reward > 0 ? '+' : ''}${reward} (${source}) for ${clean(decision)}`);
      }
      case 'learning':
        return this.#line(`${style.good('learned')} ${clean(event.policy)}: ${clean(event.text)}`);
      case 'policies': {
        const { changed, removed } = event;
        const parts = [
          ...(changed.length === 0 ? [] : [`changed: ${listed(changed)}`]),
          ...(removed.length === 0 ? [] : [`taken away: ${listed(removed)}`]),
        ];
        return this.#line(`policies read again${parts.length === 0 ? '' : `; ${parts.join('; ')}`}`);
      }
      case 'reading':
        return undefined;
    }
  }

  #decision(decision: Decision): string | undefined {
    if (decision.policy !== undefined && decision.rung !== 'abstain') {
      const idle = decision.actions.length + decision.refused.length === 0;
      if (idle && this.#idle.has(decision.policy)) return undefined;
      if (idle) this.#idle.add(decision.policy);
      else this.#idle.delete(decision.policy);
    }
    const { style, columns } = this.#options;
    const rung = rungStyle(style, decision.rung)(padEnd(clean(decision.rung), 7));
    const latency = latencyText(decision.latencyMs);
    const what = fit(whatText(decision), Math.max(20, columns - INDENT.length - 8 - latency.length - 2));
    const acts = decision.actions.length > 0 ? style.bold(what) : style.dim(what);
    const asked =
      decision.trigger.kind === 'request' ? `"${decision.trigger.text}"` : (decision.policy ?? '');
    const reason = [asked, decision.explanation].filter((part) => part !== '').join(': ');
    const why = wrap(fit(clean(reason), columns * 3), columns, INDENT);
    return `${this.#line(`${rung} ${acts}  ${latency}`)}${why.trim() === '' ? '' : `${style.dim(why)}\n`}`;
  }

  #line(text: string): string {
    const nowMs = this.#options.clock.wall();
    return `${this.#options.style.dim(timeText(nowMs, nowMs))}  ${text}\n`;
  }
}

/** The first few of many. */
function listed(ids: readonly string[]): string {
  const more = ids.length > 5 ? ` and ${ids.length - 5} more` : '';
  return clean(ids.slice(0, 5).join(', ')) + more;
}
