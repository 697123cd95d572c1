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
import { inputLines, knownText } from './state-text.ts';

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
  if (house.detail === 'entities') writeCandidates(writer, request, space);
  else writeStrangers(writer, request, space);
  const readings = request.choices.flatMap(({ calls }) => {
    const text = calls.length === 0 ? undefined : writeCalls(calls, space);
    return text === undefined ? [] : [text];
  });
  if (readings.length > 0) {
    writer.text('\n\nPerhaps one of these, likeliest first:');
    for (const reading of readings.slice(0, MAX_READINGS)) writePointed(writer.text('\n-'), reading);
  }
  writer.text(`\n\nRequest: ${quote(request.guidance, MAX_GUIDANCE)}`);
  return { parts: writer.parts(), notes: cutNotes(request.guidance, 'request') };
}

/** Devices that the system part has named already: a pointer and what is known. Every token here is read for each question. */
function writeCandidates(writer: PromptWriter, { state }: RungRequest, { entities }: PointedSpace): void {
  writer.text('Perhaps meant, likeliest first:');
  entities.forEach(({ pointer, entity }, i) => {
    const known = knownText(entity, state);
    writer.text(i === 0 ? ' ' : '; ').pointer(pointer);
    if (known !== undefined) writer.text(` ${known}`);
  });
}

/** Devices that are new to the model: what they take, their names and places, and what is known. */
function writeStrangers(
  writer: PromptWriter,
  { state, house }: RungRequest,
  { entities }: PointedSpace,
): void {
  const types = typesOf(entities.map(({ entity }) => entity));
  writer.text(section('What devices take', typeLines(types)).trimStart());
  writer.text('\n\nPerhaps meant, likeliest first:');
  for (const { pointer, entity } of entities) {
    const known = knownText(entity, state);
    writer.text('\n- ').pointer(pointer);
    writer.text(
      ` ${types.get(entity)!.name} ${nameText(entity, house)}${known === undefined ? '' : `: ${known}`}`,
    );
  }
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
