import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { readTree } from '../../../policies/index.ts';
import { caught } from '../../support/caught.ts';
import { CHOICES, FEATURES, FIRST, policy, School, SECOND } from './school.ts';

describe('a policy that learns', () => {
  it('leaves its teacher where its tree is certified, says why elsewhere, and tells of each step', async () => {
    const school = new School(policy());
    const [first] = await school.run(1);
    expect(first).toMatchObject({
      rung: 'llm',
      skipped: [{ rung: 'tree', reason: 'it has seen 0 of the 128 decisions it begins with' }],
      sample: { choice: CHOICES[FIRST(Float64Array.from(first!.sample!.features as number[]))!] },
    });
    const made = await school.run(1100);
    const late = made.slice(-200).filter(({ rung }) => rung === 'tree');
    expect(late.length).toBeGreaterThan(150);
    expect(late[0]?.explanation).toMatch(
      /^living co2 is [\d.]+ \(.* \(version \d+ agrees with its teacher in at least 9\d(\.\d)? % of such cases\)$/,
    );
    for (const { sample } of late) {
      const row = Float64Array.from(sample!.features as number[]);
      expect(sample?.choice).toBe(CHOICES[FIRST(row)!]);
    }
    expect(made.flatMap(({ skipped }) => skipped.map(({ reason }) => reason)).join('\n')).toMatch(
      /version 1 agreed in \d+ of \d+ decisions where .*; it is looked at again at \d+/,
    );
    expect(school.kinds()).toEqual(new Set(['shadow', 'certified']));
    expect(school.log.lines.map(({ message }) => message)).toContain(
      `fresh-air: ${school.events.find(({ kind }) => kind === 'certified')?.text}`,
    );
    const report = school.learning.report('fresh-air');
    expect(report).toMatchObject({ mode: 'auto', features: FEATURES, teachers: ['llm'] });
    expect(report.text).toMatch(
      /^Version \d+ makes \d+(\.\d)? % of the decisions: \d of \d regions certified/,
    );
    expect(report.versions.at(-1)?.rules.join('\n')).toContain('certified 9');
    expect(school.health.read().parts).toContainEqual({
      name: 'learning',
      status: 'ok',
      detail: expect.stringMatching(/^fresh-air: \d+(\.\d)? % by its tree$/) as string,
    });
    expect(school.learning.gauges).toMatchObject({ learning_policies: 1, learning_training: 0 });
  });

  it('has its answers checked by the teacher, at least ten times a day, on the state they were made on', async () => {
    const school = new School(policy());
    await school.run(1000);
    school.asked.length = 0;
    const before = school.learning.report('fresh-air').audits;
    const made = await school.run(1440);
    const byTree = made.filter(({ rung }) => rung === 'tree').length;
    const { asked, answered, disagreed } = school.learning.report('fresh-air').audits;
    expect(byTree).toBeGreaterThan(1200);
    expect(asked - before.asked).toBeGreaterThanOrEqual(10);
    expect(asked - before.asked).toBeLessThan(0.05 * byTree);
    expect([answered, disagreed]).toEqual([asked, 0]);
    const audits = school.asked.filter(({ lane }) => lane === 'background');
    expect(audits).toHaveLength(asked - before.asked);
    for (const { state, frame } of audits) expect(state.get('sensor.living.co2').value).toBe(frame.values[0]);
  });

  it('gives its certificates back within 300 checked decisions when the teacher changes', async () => {
    const school = new School(policy());
    await school.run(1100);
    const first = school.learning.report('fresh-air').version;
    school.asked.length = 0;
    school.teacher = SECOND;
    for (let i = 0; i < 20_000 && !school.kinds().has('withdrawn'); i++) await school.decide();
    expect(school.asked.length).toBeLessThan(300);
    expect(
      school.learning.report('fresh-air').versions.find(({ version }) => version === first),
    ).toMatchObject({
      status: 'withdrawn',
      reason: expect.stringContaining('its certificates are withdrawn') as string,
    });
    // What the cache has of the old teacher does not count any more.
    expect(school.changed).toEqual(['fresh-air']);
    expect((await school.decide()).rung).toBe('llm');
    await school.run(1300, SECOND);
    expect((await school.run(100)).filter(({ rung }) => rung === 'tree').length).toBeGreaterThan(70);
    const { versions } = school.learning.report('fresh-air');
    expect(versions.at(-1)?.diff.join('\n')).toMatch(/ instead of .* recent decisions\)/);
  });

  it('only watches where it is told to', async () => {
    const school = new School(policy({ learn: 'shadow' }));
    const made = await school.run(900);
    expect(made.every(({ rung }) => rung === 'llm')).toBe(true);
    expect(school.kinds().has('certified')).toBe(true);
    expect(made.at(-1)?.skipped[0]?.reason).toMatch(/^version \d+ (would choose|has seen nothing|agreed in)/);
    expect(school.learning.report('fresh-air').text).toContain('only watches (learn: shadow)');
  });

  it('learns nothing where it is told so, has no features, or is no policy that decides', async () => {
    const school = new School(policy({ learn: 'off' }));
    const [one] = await school.run(1);
    expect(one?.skipped[0]?.reason).toBe('learning is off for this policy (learn: off)');
    expect(caught(() => school.learning.report('fresh-air'))).toMatchObject({ code: 'LEARNING_ABSENT' });
    expect(caught(() => school.learning.report('a-rule'))).toMatchObject({ code: 'LEARNING_ABSENT' });
    expect(caught(() => school.learning.report('fresh-ari'))).toMatchObject({
      code: 'POLICY_UNKNOWN',
      message: expect.stringContaining('did you mean fresh-air') as string,
    });
    expect(school.learning.list()).toEqual([]);
  });

  it('learns from nobody who repeats what was said, and says who cannot be asked', async () => {
    const school = new School(policy({ rungs: ['tree', 'cache', 'llm', 'remote'] }));
    const { teachers } = school.learning.report('fresh-air');
    expect(teachers).toEqual([
      'llm',
      { rung: 'remote', reason: 'no model server is configured (remote.url)' },
    ]);
    await school.run(20, () => undefined);
    expect(school.learning.report('fresh-air').examples).toBe(0);
  });

  it('says what a teacher that always says the same comes to', async () => {
    const school = new School(policy());
    await school.run(400, () => 0);
    const texts = school.events.map(({ text }) => text).join('\n');
    expect(texts).toContain('It always says none: hardly another choice was made.');
    expect((await school.decide()).rung).toBe('tree');
  });

  it('takes values that are no numbers as missing', async () => {
    const school = new School(policy());
    for (let i = 0; i < 300; i++)
      await school.decide(Float64Array.of(i % 2 === 0 ? Infinity : Number.NaN, i % 3 === 0 ? -Infinity : i));
    expect(school.learning.report('fresh-air').examples).toBe(300);
    expect(school.log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});

describe('after a kill', () => {
  it('goes on with every example, version and certificate', async () => {
    const school = new School(policy());
    await school.run(700);
    const again = school.killed();
    const [before, after] = [school, again].map(({ learning }) => learning.report('fresh-air'));
    expect(after!.examples).toBe(before!.examples);
    const facts = ({ versions }: typeof before & object) =>
      versions.map(({ version, status, rows, rules, diff, regions }) => ({
        version,
        status,
        rows,
        rules,
        diff,
        regions,
      }));
    expect(facts(after!)).toEqual(facts(before!));
    const late = await again.run(600);
    expect(late.slice(-100).filter(({ rung }) => rung === 'tree').length).toBeGreaterThan(70);
    expect(again.learning.report('fresh-air').versions[0]).toMatchObject({ version: 1 });
  });

  it('counts nothing twice where the last example that counts is not there any more', async () => {
    const school = new School(policy());
    await school.run(400);
    school.learning.report('fresh-air');
    await school.learning.stop();
    const before = school.learning.report('fresh-air');
    const name = school.journal.decisions
      .documentsOf('learning/fresh-air#')
      .find((one) => one.split('/').length === 2)!;
    const state = school.journal.decisions.document(name) as object;
    school.journal.saveDocuments({ [name]: { ...state, upTo: 'never-heard-of' } });
    const after = school.killed().learning.report('fresh-air');
    const regions = ({ versions }: typeof before) => versions.map((version) => version.regions);
    expect(
      regions(before)
        .flat()
        .some(({ cases }) => cases > 0),
    ).toBe(true);
    expect(regions(after)).toEqual(regions(before));
    expect(after.examples).toBe(before.examples);
  });

  it.each([
    ['its progress', "UPDATE documents SET json = '{' WHERE name LIKE 'learning/fresh-air#%'"],
    ['its shapes', "UPDATE documents SET json = '7' WHERE name = 'learning/fresh-air'"],
    ['its choices', "UPDATE decisions SET json = '{'"],
  ])('starts, says so and learns anew where %s cannot be read', async (what, damage) => {
    const explore = { among: [CHOICES[1], CHOICES[2]], safe: [CHOICES[2]], share: 0.1 };
    const school = new School(policy({ explore }));
    await school.run(200);
    await school.journal.close();
    const db = new Database(join(school.folder, 'journal.db'));
    db.exec(damage);
    db.close();
    const again = school.killed();
    const warnings = again.log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
    const isChoices = what === 'its choices';
    expect(warnings.join('\n')).toContain(
      isChoices ? 'What is learned from the choices of fresh-air' : 'could not be read',
    );
    expect(again.learning.report('fresh-air')).toMatchObject({ examples: isChoices ? 200 : 0 });
    again.edit(policy({ explore, guidance: 'Save energy.' }));
    expect((await again.run(5)).every(({ rung }) => rung === 'llm')).toBe(true);
  });

  it('goes on without an example that cannot be read', async () => {
    const school = new School(policy());
    await school.run(200);
    await school.journal.close();
    const db = new Database(join(school.folder, 'journal.db'));
    db.exec("UPDATE examples SET json = '{' WHERE seq = 3");
    db.close();
    const again = school.killed();
    expect(again.log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    expect(again.learning.report('fresh-air').versions.length).toBeGreaterThan(0);
    expect(again.learning.examples('fresh-air', 500)).toHaveLength(199);
  });

  it('learns anew for other features or choices, and goes on where they are put back', async () => {
    const school = new School(policy());
    await school.run(200);
    const other = school.killed(policy({ choices: ['none', 'fan.living.turn_on'] }));
    expect(other.learning.report('fresh-air')).toMatchObject({ examples: 0, versions: [] });
    expect(other.events.map(({ kind }) => kind)).toEqual(['anew']);
    const back = other.killed(policy());
    expect(back.learning.report('fresh-air').examples).toBe(200);
    expect(back.learning.report('fresh-air').versions.length).toBeGreaterThan(0);
  });

  it('asks for a new test where the policy asks for more', async () => {
    const school = new School(policy({ certify: { agreement: 0.8, confidence: 0.9 } }));
    await school.run(600);
    expect((await school.run(50)).some(({ rung }) => rung === 'tree')).toBe(true);
    const strict = school.killed(policy({ certify: { agreement: 0.95, confidence: 0.95 } }));
    const { versions, version } = strict.learning.report('fresh-air');
    expect(versions.find((one) => one.version === version)).toMatchObject({
      status: 'shadow',
      reason: 'the policy asks for more than it was tested for',
    });
    expect((await strict.run(20)).every(({ rung }) => rung === 'llm')).toBe(true);
    expect((await strict.run(700)).at(-1)?.rung).toBe('tree');
  });
});

describe('people', () => {
  const feedback = (school: School, decision: string, more: object) =>
    school.learning.feedback({
      id: `f${Math.round(school.clock.mono())}${JSON.stringify(more)}`,
      decision,
      at: school.clock.wall(),
      reward: -1,
      source: 'explicit',
      ...more,
    });

  it('teach by what they say of a decision, once', async () => {
    const school = new School(policy());
    const [one] = await school.run(1, () => 0);
    const counts = () => school.learning.report('fresh-air').counts;
    expect(counts()).toMatchObject({ none: 1 });
    feedback(school, one!.id, { reward: -1 });
    expect(counts()).toEqual({ none: 1, 'fan.living.turn_on': 0, 'cover.window.open': 0 });
    feedback(school, one!.id, { source: 'implied', choice: 'cover.window.open' });
    feedback(school, one!.id, { choice: 'open all doors' });
    feedback(school, one!.id, { choice: 'cover.window.open' });
    for (let i = 0; i < 10; i++) feedback(school, one!.id, { choice: 'fan.living.turn_on' });
    expect(counts()).toEqual({ none: 1, 'fan.living.turn_on': 0, 'cover.window.open': 1 });
    expect(school.learning.examples('fresh-air', 10).map(({ source }) => source)).toEqual(['model', 'human']);
    feedback(school, 'nothing-of-the-kind', { reward: 1 });
    expect(school.killed().learning.report('fresh-air').counts).toEqual(counts());
  });

  it('teach nothing by what nobody has signed, and withdraw nothing by it', async () => {
    const school = new School(policy());
    await school.run(1000);
    const { counts } = school.learning.report('fresh-air');
    const byTree = (await school.run(60)).filter(({ rung }) => rung === 'tree');
    const now = school.learning.report('fresh-air').counts;
    for (const { id } of byTree)
      for (const choice of CHOICES) feedback(school, id, { source: 'unsigned', choice });
    expect(byTree.length).toBeGreaterThan(30);
    expect(school.learning.report('fresh-air').counts).toEqual(now);
    expect(counts).toBeDefined();
    expect(school.kinds().has('withdrawn')).toBe(false);
  });

  it('teach by approving and denying; to deny is to want nothing done', async () => {
    const school = new School(policy());
    const [a, b] = await school.run(2, () => 1);
    school.learning.verdict(a!.id, 'approve');
    school.learning.verdict(b!.id, 'deny');
    school.learning.verdict('nothing-of-the-kind', 'deny');
    expect(school.learning.report('fresh-air').counts).toEqual({
      none: 1,
      'fan.living.turn_on': 3,
      'cover.window.open': 0,
    });
  });

  it('are heard where they say that a certified tree is wrong', async () => {
    const school = new School(policy());
    await school.run(1000);
    let said = 0;
    for (; said < 100 && !school.kinds().has('withdrawn'); said++) {
      const made = await school.decide();
      if (made.rung === 'tree')
        feedback(school, made.id, { choice: CHOICES.find((choice) => choice !== made.sample?.choice) });
    }
    expect(said).toBeLessThan(60);
  });
});

describe('versions of a tree', () => {
  it('can be gone back to; one that was withdrawn has to show anew what it can', async () => {
    const school = new School(policy());
    await school.run(1100);
    const { version } = school.learning.report('fresh-air');
    for (let i = 0; i < 20_000 && !school.kinds().has('withdrawn'); i++) {
      school.teacher = SECOND;
      await school.decide();
    }
    const report = school.learning.revert('fresh-air', version!);
    expect(report.versions.find((one) => one.version === version)?.status).toBe('shadow');
    expect(report.events.at(-1)).toMatchObject({
      kind: 'reverted',
      text: `Version ${version} was brought back by hand, and is compared with its teacher before it answers.`,
    });
    expect((await school.decide()).rung).toBe('llm');
    expect(caught(() => school.learning.revert('fresh-air', 999))).toMatchObject({
      code: 'LEARNING_VERSION',
      message: expect.stringMatching(/there are 1 to \d+/) as string,
    });
    expect(school.killed().learning.report('fresh-air').version).toBe(version);
  });

  it('may come from elsewhere, and are compared like any other', async () => {
    const school = new School(policy());
    const leaf = (choice: string) => ({
      choice,
      confidence: 1,
      rows: 50,
      certified: { agreement: 1, confidence: 1 },
    });
    const tree = {
      format: 'ganglion-tree',
      version: 2,
      features: FEATURES,
      choices: CHOICES,
      nodes: [
        { feature: FEATURES[0], threshold: 800, left: 1, right: 2, missing: 'left' },
        leaf(CHOICES[0]),
        { feature: FEATURES[1], threshold: 22, left: 3, right: 4, missing: 'left' },
        leaf(CHOICES[1]),
        leaf(CHOICES[2]),
      ],
    };
    expect(() => readTree('tree', JSON.stringify(tree))).not.toThrow();
    const offer = (changed: object) =>
      school.learning.offer('fresh-air', { tree: changed, rows: 150, error: 0.01 });
    expect(caught(() => offer({ ...tree, nodes: [] }))).toMatchObject({ code: 'TREE_INVALID' });
    expect(caught(() => offer({ ...tree, features: [...FEATURES].toReversed() }))).toMatchObject({
      code: 'LEARNING_TREE',
    });
    const strange = JSON.parse(
      JSON.stringify(tree).replaceAll('cover.window.open', 'lock.door.unlock'),
    ) as object;
    expect(caught(() => offer(strange))).toMatchObject({ code: 'LEARNING_TREE' });
    const bare = JSON.parse(JSON.stringify(tree).replaceAll('"rows":50', '"rows":0')) as object;
    expect(caught(() => offer(bare))).toMatchObject({ code: 'LEARNING_TREE' });
    expect(offer(tree)).toMatchObject({ version: 1, versions: [{ status: 'shadow', rows: 150 }] });
    expect((await school.decide()).rung).toBe('llm');
    await school.run(500);
    expect((await school.run(50)).some(({ rung }) => rung === 'tree')).toBe(true);
  });
});

describe('a policy that is edited while the daemon runs', () => {
  it('goes on where features and choices are the same, and its cached answers are forgotten', async () => {
    const school = new School(policy());
    await school.run(300);
    school.edit(policy({ guidance: 'Save energy.' }));
    expect(school.learning.report('fresh-air').examples).toBe(300);
    expect(school.changed).toEqual(['fresh-air']);
    school.edit(policy({ learn: 'off' }));
    await school.run(5);
    school.edit(policy());
    expect(school.learning.report('fresh-air').examples).toBe(300);
  });
});
