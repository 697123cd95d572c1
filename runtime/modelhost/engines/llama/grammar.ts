import { LlamaGrammarEvaluationState, type Llama, type LlamaModel } from 'node-llama-cpp';
import { GanglionError } from '../../../errors.ts';
import type { GrammarState } from '../../tokens/token-model.ts';
import { librarySays } from './library-says.ts';
import { toSupportedSchema } from './json-schema.ts';

/** What the library lets an answer end with, so that models that never stop are stopped by newlines. Ours end with a token. */
const NEWLINES = ' "\\n\\n\\n\\n" [\\n]*';

/** Where an answer stands in the grammar of its schema. */
export class LlamaGrammarState implements GrammarState {
  readonly schema: object;
  readonly state: LlamaGrammarEvaluationState;

  constructor(schema: object, state: LlamaGrammarEvaluationState) {
    this.schema = schema;
    this.state = state;
  }
}

/** Throws MODEL_QUESTION_INVALID for a schema that cannot be held to. */
export async function grammarFor(
  llama: Llama,
  model: LlamaModel,
  file: string,
  schema: object,
): Promise<LlamaGrammarState> {
  const supported = toSupportedSchema(schema, file) as { readonly type: 'object' };
  try {
    const { grammar } = await llama.createGrammarForJsonSchema(supported);
    const bare = await llama.createGrammar({ grammar: grammar.replace(NEWLINES, '') });
    return new LlamaGrammarState(schema, new LlamaGrammarEvaluationState({ model, grammar: bare }));
  } catch (error) {
    throw new GanglionError(
      'MODEL_QUESTION_INVALID',
      {
        file,
        expected: 'a JSON schema an answer can be held to',
        received: `one where ${librarySays(error)}`,
      },
      { cause: error },
    );
  }
}
