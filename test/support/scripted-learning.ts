import type {
  LearningApi,
  LearningExample,
  LearningReport,
  LearningSummary,
  OfferedTree,
} from '../../runtime/contract/learning.ts';
import { GanglionError } from '../../runtime/errors.ts';

const AT = Date.UTC(2026, 0, 5, 21);

/** Learning of one policy, fresh-air, that answers from a script and records what it was told. */
export class ScriptedLearning implements LearningApi {
  readonly reverted: number[] = [];
  readonly offered: OfferedTree[] = [];
  readonly explored: boolean[] = [];
  recorded: LearningExample[] = Array.from({ length: 40 }, (_, i) => ({
    at: AT + i * 60_000,
    values: [400 + i * 20, null],
    choice: i < 20 ? 'none' : 'fan.living.turn_on',
    source: 'model',
  }));

  list(): readonly LearningSummary[] {
    return [this.report('fresh-air')];
  }

  report(policy: string): LearningReport {
    if (policy !== 'fresh-air')
      throw new GanglionError('POLICY_UNKNOWN', { id: policy, hint: 'did you mean fresh-air?' });
    const region = {
      where: 'sensor.living.co2 ≤ 790',
      choices: ['none'],
      share: 0.5,
      cases: 120,
      agreed: 119,
      outcome: 'certified',
      agreement: 0.958,
    } as const;
    return {
      policy,
      mode: 'auto',
      text: 'Version 2 makes 93 % of the decisions: 2 of 2 regions certified, learned from 181 decisions.',
      examples: 40,
      decisions: 900,
      answered: 500,
      recent: 0.93,
      version: 2,
      features: ['sensor.living.co2', 'now.hour'],
      choices: ['none', 'fan.living.turn_on'],
      teachers: ['llm', { rung: 'remote', reason: 'no model server is configured (remote.url)' }],
      certify: { agreement: 0.95, confidence: 0.95 },
      counts: { none: 20, 'fan.living.turn_on': 20 },
      audits: { asked: 12, answered: 11, disagreed: 1, dropped: 0 },
      versions: [
        {
          version: 1,
          at: AT,
          rows: 128,
          error: 0.03,
          status: 'replaced',
          reason: 'version 2 continues it',
          regions: [{ ...region, outcome: 'failed', cases: 60, agreed: 48 }],
          rules: ['always: none'],
          diff: [],
        },
        {
          version: 2,
          at: AT + 3_600_000,
          rows: 181,
          error: null,
          status: 'active',
          reason: 'it is certified',
          regions: [
            region,
            { ...region, choices: ['fan.living.turn_on'], outcome: 'testing', nextLook: 141 },
          ],
          rules: ['sensor.living.co2 ≤ 790: none', 'sensor.living.co2 > 790: fan.living.turn_on'],
          diff: [
            'sensor.living.co2 > 790: fan.living.turn_on instead of none (48 % of 181 recent decisions)',
          ],
        },
      ],
      events: [{ at: AT, policy, kind: 'certified', version: 2, text: 'Version 2 agreed with its teacher.' }],
      exploring: {
        live: false,
        actions: [
          { label: 'fan.living.turn_on', safe: true, worth: 0.2 },
          { label: 'none', safe: false, worth: 0 },
        ],
        choices: 300,
        explored: 31,
        rewards: 40,
        silent: 250,
        waiting: 10,
        judgement: {
          good: true,
          text: 'What has been learned would have brought 0.400 where 0.100 was usual: 0.300 ± 0.100 more.',
          doublyRobust: 0.4,
          inversePropensity: 0.38,
          usual: 0.1,
          advantage: 0.3,
          standardError: 0.05,
        },
      },
    };
  }

  examples(policy: string, limit: number): readonly LearningExample[] {
    this.report(policy);
    return this.recorded.slice(-limit);
  }

  revert(policy: string, version: number): LearningReport {
    if (version > 2) throw new GanglionError('LEARNING_VERSION', { policy, version, known: 'are 1 to 2' });
    this.reverted.push(version);
    return this.report(policy);
  }

  offer(policy: string, offered: OfferedTree): LearningReport {
    this.offered.push(offered);
    return this.report(policy);
  }

  explore(policy: string, live: boolean): LearningReport {
    this.explored.push(live);
    return this.report(policy);
  }
}
