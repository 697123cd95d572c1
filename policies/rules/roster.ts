import type { House } from '../../runtime/contract/house.ts';
import type { WallMs } from '../../runtime/contract/time.ts';
import type { ToolSignature } from './call-check.ts';
import { contradictions } from './check.ts';
import type { Reader } from './compile.ts';
import { HouseCheck } from './house-check.ts';
import { type Instance, instantiate } from './instances.ts';
import { IndexPlan } from './match/index-plan.ts';
import { RuleIndex } from './match/rule-index.ts';
import type { PolicySpec } from './policy.ts';
import type { PolicyProblem } from './problem.ts';
import type { TemplateSpec } from './template.ts';
import { DecideTrack, isRule, Names, RuleTrack, Times, type Track } from './track.ts';

interface RosterOptions {
  readonly policies: readonly PolicySpec[];
  readonly templates?: readonly TemplateSpec[];
  readonly house: House;
  readonly tools: readonly ToolSignature[];
}

/** All policies that run, with the rules that templates become in the house as it is, and the index over them. */
export class Roster {
  readonly tracks: Track[] = [];
  readonly #byId = new Map<string, Track>();
  readonly #reader: Reader;
  readonly #templates: readonly TemplateSpec[];
  /** The rules of templates, by id, with what they were made of. */
  readonly #made = new Map<string, { readonly track: Track; readonly text: string }>();
  readonly #names = new Names();
  readonly #times = new Times(0);
  readonly #limit: number;
  readonly #check: HouseCheck;
  #index: RuleIndex;
  #contradictions: readonly PolicyProblem[] = [];
  #templateProblems: readonly PolicyProblem[] = [];

  constructor(options: RosterOptions, reader: Reader, limit: number) {
    this.#reader = reader;
    this.#limit = limit;
    this.#templates = options.templates ?? [];
    this.#check = new HouseCheck(options.house, options.tools);
    this.#times.grow(options.policies.length);
    const plan = new IndexPlan(reader);
    // One policy after the other, from its text to the index: what only this needs is gone before the next one comes.
    for (const [order, spec] of options.policies.entries()) this.#add(spec, order, plan);
    const fresh = this.#fresh();
    this.#times.grow(options.policies.length + fresh.length);
    for (const instance of fresh) this.#enlist(instance, plan);
    this.#index = new RuleIndex(plan);
    this.#contradictions = contradictions(this.specs());
  }

  get house(): House {
    return this.#check.house;
  }

  get index(): RuleIndex {
    return this.#index;
  }

  byId(id: string): Track | undefined {
    return this.#byId.get(id);
  }

  /** Policies, in file order, without the rules of templates that the house has no place for any more. */
  specs(): PolicySpec[] {
    return this.present().map(({ spec }) => spec);
  }

  present(): Track[] {
    const present = this.tracks.filter((track) => !track.retired);
    return this.#made.size === 0 ? present : present.toSorted((a, b) => a.order - b.order);
  }

  /** The house from now on. Returns whether there are rules that were not there before; the index is a new one then. */
  turnTo(house: House): boolean {
    this.#check.turnTo(house);
    if (this.#templates.length === 0 || !this.#check.grown) return false;
    const fresh = this.#fresh();
    if (fresh.length === 0) return false;
    this.#times.grow(this.tracks.length + fresh.length);
    const plan = new IndexPlan(this.#reader);
    for (const track of this.tracks) lay(track, plan);
    for (const instance of fresh) this.#enlist(instance, plan);
    this.#index = new RuleIndex(plan);
    this.#contradictions = contradictions(this.specs());
    return true;
  }

  /** Checks a policy again if it has to be; returns whether it had. */
  recheck(track: Track): boolean {
    if (this.#check.stands(track)) return false;
    this.#check.check(track);
    return true;
  }

  /** Also of those that the house has no place for just now: they may come back. */
  lastFired(): ReadonlyMap<string, WallMs> {
    const result = new Map<string, WallMs>();
    for (const { spec, lastFiredWall } of this.#byId.values()) {
      if (lastFiredWall !== undefined) result.set(spec.id, lastFiredWall);
    }
    return result;
  }

  problems(): PolicyProblem[] {
    return [
      ...this.present().flatMap((track) => track.problems),
      ...this.#templateProblems,
      ...this.#contradictions,
    ];
  }

  /** What templates become that was not there before; what they do not become any more is retired. */
  #fresh(): readonly Instance[] {
    if (this.#templates.length === 0) return [];
    const taken = (id: string): boolean => this.#byId.has(id) && !this.#made.has(id);
    const { instances, problems } = instantiate(this.#templates, this.#check.house, taken);
    this.#templateProblems = problems;
    for (const { track } of this.#made.values()) track.retired = true;
    return instances.filter(({ spec, order, text }) => {
      const known = this.#made.get(spec.id);
      if (known?.text !== text) return true;
      known.track.retired = false;
      known.track.order = order;
      return false;
    });
  }

  #enlist({ spec, order, text }: Instance, plan: IndexPlan): void {
    const before = this.#byId.get(spec.id);
    const track = this.#add(spec, order, plan);
    if (before?.lastFiredWall !== undefined) track.restore(before.lastFiredMono, before.lastFiredWall);
    this.#made.set(spec.id, { track, text });
  }

  #add(spec: PolicySpec, order: number, plan: IndexPlan): Track {
    const place = {
      index: this.tracks.length,
      order,
      reader: this.#reader,
      maxPerMinute: this.#limit,
      names: this.#names,
      times: this.#times,
    };
    const track = spec.type === 'rule' ? new RuleTrack(spec, place) : new DecideTrack(spec, place);
    this.tracks.push(track);
    this.#byId.set(spec.id, track);
    this.#check.check(track);
    lay(track, plan);
    return track;
  }
}

function lay(track: Track, plan: IndexPlan): void {
  if (isRule(track)) plan.addCondition(track.spec.when.expr);
  else plan.addSlots(track.slots);
  track.release();
}
