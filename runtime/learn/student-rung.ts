import { featureName } from '../../policies/index.ts';
import type { RungName } from '../contract/decision.ts';
import type { Rung, RungAnswer, RungRequest } from '../contract/rung.ts';
import type { Student } from './student.ts';

/** Rungs whose answers are no decision of a teacher: what they say was said before. */
const REPEATERS: ReadonlySet<RungName> = new Set(['cache', 'tree', 'rule']);

/** Rung `tree` of a policy that learns: answers where the tree is certified, and is told what slower rungs decide elsewhere. */
export class StudentRung implements Rung {
  readonly name = 'tree';
  readonly #student: Student;

  constructor(student: Student) {
    this.#student = student;
  }

  decide(request: RungRequest): RungAnswer {
    const { frame, house, state, choices } = request;
    const { spec, features } = this.#student;
    if (request.policy !== spec.id) return { kind: 'abstain', reason: `this tree is for ${spec.id}` };
    if (frame.values.length !== features.length)
      return { kind: 'abstain', reason: 'the features are not those the tree learns from' };
    const nameOf = (column: number) => featureName(frame.names[column], house, state);
    const answer = this.#student.answer(request);
    const { distiller } = this.#student;
    if (answer === undefined) return { kind: 'abstain', reason: distiller.stance(frame.values, nameOf) };
    const index = choices.findIndex(({ label }) => label === answer.choice);
    if (index < 0)
      return {
        kind: 'abstain',
        reason: `it would choose ${answer.choice}, which the policy no longer offers`,
      };
    const { version, certified, confidence } = answer;
    const shown = `version ${version} agrees with its teacher in at least ${percent(certified.agreement)} of such cases`;
    const explanation = `${distiller.path(frame.values, nameOf) ?? ''} (${shown})`;
    return { kind: 'choice', index, confidence, explanation };
  }

  learn(request: RungRequest, answer: RungAnswer & { kind: 'choice' }, by: RungName): void {
    if (!REPEATERS.has(by)) this.#student.taught(request, answer.index);
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
