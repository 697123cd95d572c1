/** The face of `models`: what benches may import. */
export { readLexicon, type Lexicon } from './synapse/corpus/lexicon.ts';
export { isSuite, suites, scoreAll, SUITES, type Suite } from './synapse/eval/report.ts';
export { type Score } from './synapse/eval/score.ts';
export { failureLines } from './synapse/eval/failures.ts';
export { barredOf, recallOf } from './synapse/eval/recall.ts';
export { keywordRule } from './synapse/eval/keyword.ts';
export { loadSynapse, type LoadedSynapse } from './synapse/eval/load.ts';
export { trainBpe, type BpeVocabulary } from './synapse/tokenizer/bpe.ts';
