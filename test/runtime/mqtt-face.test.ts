import { expect, it } from 'vitest';
import { ManualClock } from '../../runtime/lib/clock.ts';
import { MqttFace } from '../../runtime/mqtt-face.ts';
import { message } from '../support/house/world.ts';
import { askResult, ScriptedApi } from '../support/scripted-api.ts';

function faceOf(api: ScriptedApi, teach: readonly string[] = []) {
  const clock = new ManualClock();
  const replies: string[] = [];
  const face = new MqttFace({
    api,
    approveWithCode: () => {},
    publisher: { publish: (_topic, payload) => replies.push(payload) },
    clock,
    askAllow: ['light.*'],
    feedbackAllow: ['*'],
    feedbackTeach: teach,
    approve: false,
    announce: false,
    onProblem: () => {},
  });
  const say = (name: string, payload: object) => face.handle(message(`ganglion/hub/${name}`, payload));
  return { face, clock, replies, say };
}

it('answers 16 requests at a time and refuses the others', async () => {
  const api = new ScriptedApi();
  let answer = (): void => {};
  const asked = new Promise<void>((resolve) => {
    answer = resolve;
  });
  api.answer = async (text) => asked.then(() => askResult(text));
  const { face, replies, say } = faceOf(api);
  for (let i = 0; i < 20; i++) say('ask', { id: `n${i}`, text: 'light on' });
  expect(api.asked.length).toBe(16);
  expect(replies.length).toBe(4);
  expect(replies[0]).toContain('error');
  expect(face.gauges['mqtt_asks_refused']).toBe(4);
  answer();
  await expect.poll(() => replies.length).toBe(20);
  say('ask', { id: 'again', text: 'light on' });
  expect(api.asked.length).toBe(17);
});

it('signs ratings only of policies that are to learn from whoever may publish', () => {
  for (const [teach, unsigned] of [
    [[], [true]],
    [['comfort.*'], [true]],
    [['*'], [undefined]],
  ] as const) {
    const api = new ScriptedApi();
    faceOf(api, teach).say('feedback', { decision: '0001', reward: 1 });
    expect(api.told.map((one) => one.unsigned)).toEqual(unsigned);
  }
});

it('takes ten ratings a second', () => {
  const api = new ScriptedApi();
  const { face, clock, say } = faceOf(api);
  for (let i = 0; i < 12; i++) say('feedback', { decision: '0001', reward: 1 });
  expect(api.told.length).toBe(10);
  expect(face.gauges['mqtt_feedback_dropped']).toBe(2);
  clock.advance(1000);
  say('feedback', { decision: '0001', reward: 1 });
  expect(api.told.length).toBe(11);
});
