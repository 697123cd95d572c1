import type { PromptPart } from '../../contract/engine.ts';
import type { RungRequest } from '../../contract/rung.ts';
import { writeCalls } from '../calls/read.ts';
import type { PointedSpace } from '../calls/space.ts';
import type { ChoiceAnswers } from '../calls/choices.ts';
import { typeLines, typesOf } from './forms-text.ts';
import { MAX_NAME, nameText, section, type HousePrompt } from './house.ts';
import { PromptWriter } from './parts.ts';
import type { Pointers } from './pointers.ts';
import { clean, isCut, quote } from './quote.ts';
import { entityText, inputLines } from './state-text.ts';

/** What a policy may say, and four times what a request in words may. */
const MAX_GUIDANCE = 4000;
const MAX_INPUTS = 60;
const MAX_CHOICE = 200;
/** Readings of the linker that are told, likeliest first. */
const MAX_READINGS = 5;

/** The part of a prompt that is this question's own. */
export interface Question {
  readonly parts: readonly PromptPart[];
  /** What had to be left out, for the explanation: nothing is cut in silence. */
  readonly notes: readonly string[];
}

/** A request in words: the entities it may mean and their state at this moment, what the linker made of it, the request. */
export function callQuestion(request: RungRequest, space: PointedSpace, house: HousePrompt): Question {
  const writer = new PromptWriter();
  const entities = space.entities.map(({ entity }) => entity);
  const types = typesOf(entities);
  if (house.detail !== 'entities') writer.text(section('What devices take', typeLines(types)).trimStart());
  writer.text(
    house.detail === 'entities' ? 'Perhaps meant, likeliest first:' : '\n\nPerhaps meant, likeliest first:',
  );
  for (const { pointer, entity } of space.entities) {
    writer.text('\n- ').pointer(pointer);
    const known =
      house.detail === 'entities'
        ? quote(entity.name, MAX_NAME)
        : `${types.get(entity)!.name} ${nameText(entity, request.house)}`;
    writer.text(` ${known}: ${entityText(entity, request.state)}`);
  }
  const readings = request.choices.flatMap(({ calls }) => {
    const text = calls.length === 0 ? undefined : writeCalls(calls, space);
    return text === undefined ? [] : [text];
  });
  if (readings.length > 0) {
    writer.text('\n\nPerhaps one of these, likeliest first:');
    for (const reading of readings.slice(0, MAX_READINGS)) writePointed(writer.text('\n-'), reading);
  }
  const most = space.maxCalls === 1 ? 'one call' : `up to ${space.maxCalls} calls`;
  writer.text(
    `\n\nAllowed: ${most} on these devices, or none.\nRequest: ${quote(request.guidance, MAX_GUIDANCE)}`,
  );
  return { parts: writer.parts(), notes: cutNotes(request.guidance, 'request') };
}

/** A policy: the properties it looks at as they are now, its answers, its task. */
export function choiceQuestion(request: RungRequest, answers: ChoiceAnswers, pointers: Pointers): Question {
  const { frame, house, state, guidance, choices } = request;
  const notes = cutNotes(guidance, 'guidance');
  const writer = new PromptWriter();
  const inputs = inputLines(frame, house, state, MAX_INPUTS);
  if (frame.names.length > MAX_INPUTS)
    notes.push(`it was told ${MAX_INPUTS} of ${frame.names.length} features`);
  if (inputs.length > 0) writer.text(`State:\n${inputs.join('\n')}\n\n`);
  writer.text('Allowed answers:');
  choices.forEach(({ label, calls }, i) => {
    const letter = answers.letters?.[i];
    if (letter !== undefined && isCut(label, MAX_CHOICE)) notes.push(`answer ${letter} was told in part`);
    writer.text(`\n- ${letter === undefined ? label : `${letter}: ${clean(label, MAX_CHOICE)}`}`);
    const meant = [...new Set(calls.map((call) => call.entity))].flatMap((id) => house.entity(id) ?? []);
    meant.forEach((entity, at) => {
      writer.text(at === 0 ? ' for ' : ', ').pointer(pointers.of(entity.id));
      writer.text(` ${quote(entity.name, MAX_NAME)}`);
    });
  });
  const task = guidance === '' ? 'Choose what fits the state.' : quote(guidance, MAX_GUIDANCE);
  return { parts: writer.text(`\n\nTask: ${task}`).parts(), notes };
}

function cutNotes(guidance: string, what: string): string[] {
  return isCut(guidance, MAX_GUIDANCE)
    ? [`it was told the first ${MAX_GUIDANCE} characters of the ${what}`]
    : [];
}

/** Calls as we write them, with their pointers as such; a value's own list is quoted and stays text. */
function writePointed(writer: PromptWriter, calls: string): void {
  for (const [, quoted, pointer, other] of calls.matchAll(
    /("(?:[^"\\]|\\.)*")|(?<= )e(\d+)(?!\w)|([^"]?)/gs,
  )) {
    if (pointer === undefined) writer.text(quoted ?? other ?? '');
    else writer.pointer(Number(pointer));
  }
}
