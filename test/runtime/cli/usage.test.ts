import { describe, expect, it } from 'vitest';
import { runCli } from '../../../runtime/cli/cli.ts';
import { COMMANDS } from '../../../runtime/cli/commands.ts';
import { CapturedIo, cli, temporaryFolder } from '../../support/cli.ts';

const folder = '/';

describe('help', () => {
  it('lists every command within 80 columns', async () => {
    const { code, stdout } = await cli(folder, '--help');
    expect(code).toBe(0);
    for (const { name, summary } of COMMANDS) {
      expect(stdout).toContain(`  ${name} `);
      expect(stdout).toContain(summary.slice(0, 20));
    }
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each(COMMANDS.map(({ name }) => name))('%s --help says how to use it', async (name) => {
    const { code, stdout, stderr } = await cli(folder, ...name.split(' '), '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: ganglion ${name}`);
    expect(stdout).toContain('--config FILE');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    ['policy', '--help'],
    ['policy', 'help'],
    ['model', '-h'],
  ])('%s %s lists the commands of that group', async (group, word) => {
    const { code, stdout, stderr } = await cli(folder, group, word);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: ganglion ${group} COMMAND`);
    const listed = COMMANDS.filter(({ name }) => stdout.includes(`\n  ${name} `));
    expect(listed).toEqual(COMMANDS.filter(({ name }) => name.startsWith(`${group} `)));
  });

  it('shows help on standard error where no command is given', async () => {
    const { code, stdout, stderr } = await cli(folder);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: ganglion COMMAND');
  });

  it('prints its version', async () => {
    expect((await cli(folder, '--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong usage', () => {
  it.each([
    [['stat'], 'Expected a command but received "stat"; did you mean state? See `ganglion --help`.'],
    [['policy'], 'Usage: ganglion policy COMMAND'],
    [['policy', 'lst'], 'Expected a command of policy but received "lst"; did you mean list?'],
    [['model', 'burn'], 'Expected a command of model but received "burn"; there is list, pull, inspect'],
    [['ask', ' '], 'Expected TEXT but received nothing.'],
    [['model', 'pull'], 'Expected REFERENCE but received nothing.'],
    [['state', '--colour'], 'Expected an option of state but received --colour'],
    [['state', '-x'], 'Expected an option of state but received --x'],
    [
      ['state', 'light.hall', 'light.kitchen'],
      'Expected no more words for state but received "light.kitchen".',
    ],
    [['explain'], 'Expected ID but received nothing.'],
    [['ask'], 'Expected TEXT but received nothing.'],
    [
      ['history', 'sensor.a.b', '-n', 'many'],
      'Expected a whole number from 1 to 100000 for --limit but received many.',
    ],
    [['history', 'sensor.a.b', '--since'], 'Expected a value for --since but received nothing.'],
    [['decisions', '--policy='], 'Expected a value for --policy but received nothing.'],
    [['quantize', 'a.gguf'], 'Expected --to but received nothing.'],
    [['quantize', 'a.gguf', '--to', 'Q4KM'], 'did you mean Q4_K_M?'],
    [['feedback', '0001', 'good'], 'Expected a number from -1 to 1 for REWARD but received good.'],
    [['policy', 'check'], 'Expected policy files'],
  ])('%j is refused in a sentence', async (argv, sentence) => {
    const { code, stdout, stderr } = await cli(temporaryFolder(), ...argv);
    expect(stderr).toContain(sentence);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toContain('    at ');
  });

  it('shows a stack only when asked to', async () => {
    const io = new CapturedIo(folder);
    io.env = { GANGLION_DEBUG: '1' };
    expect(await runCli(['stat'], io)).toBe(2);
    expect(io.stderr).toContain('    at ');
  });

  it('takes words after -- as they are', async () => {
    const { code, stderr } = await cli(temporaryFolder(), 'model', 'inspect', '--', '--help');
    expect(code).toBe(1);
    expect(stderr).toContain('--help');
  });
});
