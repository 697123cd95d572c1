import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createHttpServer } from '../../../runtime/http/server.ts';
import { chromiumPath, launchChromium, NO_CHROMIUM } from '../../support/chromium.ts';
import { MemoryLog } from '../../support/log.ts';
import {
  action,
  decision,
  decisionRecord,
  entity,
  outcome,
  reading,
  ScriptedApi,
} from '../../support/scripted-api.ts';

const TOKEN = 'a-long-enough-token-0123';
const EVIL = '<img src=x onerror="document.title=\'pwned\'"><script>document.title="pwned"</script>';

describe('the pages', () => {
  it('load nothing from elsewhere and may not turn text into markup', async () => {
    const server = createHttpServer({ api: new ScriptedApi(), listen: '127.0.0.1:0', log: new MemoryLog() });
    onTestFinished(() => server.stop());
    const { url } = await server.start();
    const page = await fetch(url);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toContain('unsafe');
    const html = await page.text();
    const assets = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]!);
    expect(assets).toEqual(['/assets/style.css', '/assets/app.js']);
    const seen = new Set<string>();
    const queue = [...assets];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const answer = await fetch(url + path);
      expect(answer.status).toBe(200);
      const text = await answer.text();
      expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
      expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//);
      for (const match of text.matchAll(/from '(\/[^']+)'/g)) queue.push(match[1]!);
    }
    expect(seen.size).toBe(6);
  });
});

describe.skipIf(chromiumPath === undefined)(`the dashboard in a browser (${NO_CHROMIUM} otherwise)`, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
  });

  async function open(
    api: ScriptedApi,
    token?: string,
  ): Promise<{ page: Page; problems: string[]; stop: () => Promise<void> }> {
    const server = createHttpServer({
      api,
      listen: '127.0.0.1:0',
      log: new MemoryLog(),
      ...(token !== undefined && { token }),
    });
    const { url } = await server.start();
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    onTestFinished(async () => {
      await page.close();
      await server.stop();
    });
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error' && !line.text().includes('401')) problems.push(line.text());
    });
    await page.goto(url);
    return { page, problems, stop: () => server.stop() };
  }

  it('shows decisions, state and approvals live, on a phone', async () => {
    const api = new ScriptedApi();
    const { page, problems } = await open(api);
    await page.waitForSelector('#decision-list li');
    expect(await page.title()).toBe('hub · Ganglion');
    expect(await page.textContent('#areas')).toContain('Hall light');
    expect(await page.textContent('#approvals')).toContain('Front door: unlock');
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);

    const fresh = decision('0099', { explanation: 'Because it is late' });
    api.emit({ type: 'decision', decision: fresh });
    const first = page.locator('#decision-list li').first();
    await first.getByText('Because it is late').waitFor();
    api.emit({
      type: 'outcome',
      outcome: outcome(action('a0099'), 'failed'),
      action: action('a0099', { decision: '0099' }),
    });
    await first.locator('.chip.failed').waitFor();
    api.emit(reading('light.hall.state', 'off'));
    await page.getByText('off', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Approve: Front door: unlock' }).click();
    await page.locator('#approvals-panel').waitFor({ state: 'hidden' });
    expect(api.waiting).toEqual([]);
    api.records = [decisionRecord('0099')];
    await first.getByRole('button', { name: 'Good decision' }).click();
    await expect.poll(() => api.told).toEqual([{ decision: '0099', reward: 1 }]);

    await page.fill('#ask-text', 'turn on the hall light');
    await page.keyboard.press('Enter');
    await page.getByText('Hall light: turn on (brightness 20) — confirmed').waitFor();
    expect(problems).toEqual([]);
  });

  it('shows names and payloads as text, whatever they are', async () => {
    const api = new ScriptedApi([entity('light.hall', { name: EVIL, area: 'hall' })]);
    const evil = decision('0009', {
      explanation: EVIL,
      policy: EVIL,
      rung: EVIL,
      trigger: { kind: 'request', text: EVIL },
    });
    api.records = [{ ...decisionRecord('0009'), decision: evil }];
    api.waiting = [
      { action: action('w', { command: EVIL, args: { [EVIL]: EVIL } }), stage: 'awaiting-approval' },
    ];
    const { page, problems } = await open(api);
    await page.waitForSelector('#decision-list li');
    api.emit({ type: 'decision', decision: { ...evil, id: '0010' } });
    api.emit(reading('light.hall.state', EVIL));
    await expect.poll(() => page.locator('#decision-list li').count()).toBe(2);
    await expect.poll(() => page.textContent('#areas')).toContain('<img');
    expect(await page.title()).toBe('hub · Ganglion');
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(problems).toEqual([]);
  });

  it('asks for the token once, and says when the daemon is gone', async () => {
    const { page, stop } = await open(new ScriptedApi(), TOKEN);
    await page.fill('#token', 'not the token');
    await page.keyboard.press('Enter');
    await page.getByText('That is not the token.').waitFor();
    await page.fill('#token', TOKEN);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#decision-list li');
    await page.reload();
    await page.waitForSelector('#decision-list li');
    await stop();
    await page.getByText('The daemon does not answer.').first().waitFor();
    expect(await page.textContent('#health-text')).toBe('offline');
  });
});
