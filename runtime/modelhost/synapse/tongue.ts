import { plainText } from './values.ts';

/**
 * Words that only join others, and that hardly any text of a language does without. Words that several of these languages
 * share with English (`an`, `die`, `in`, `me`) tell nothing and are left out. Languages by their ISO 639-1 codes.
 */
const JOINING: Readonly<Record<string, string>> = {
  en: `the and is are was to of at it my this that please what which with for from off on up all everything any every
       turn switch set make put open close shut lock unlock start stop play pause how when where who can could would will you
       i we not no more less too very its it's i'm there here some them they`,
  de: `der das den dem ein eine einen einem einer und ist sind nicht bitte mach mache schalte schalt stell stelle auf zu im
       ins vom zum zur mit auch wie viel ich wir licht alle alles aus aber noch wieder ganz mal bei wenn sich kannst`,
  fr: `le la les un une des du et est sont pas dans avec pour sur je tu il nous vous mets allume allumer éteins éteindre
       ouvre ferme au aux ce cette tout toutes tous lumière lumières s'il plaît quelle quel qui fait`,
  es: `el los las una unos y es son no con por para del al enciende encender apaga apagar abre cierra pon la luz luces todas
       todo todos qué está están sala cocina favor cuál hay mi`,
  it: `il lo gli le uno una e è sono non con per del della dei nel nella accendi accendere spegni spegnere apri chiudi
       metti luce luci tutte tutti tutto che questo favore quanto sulla`,
  pt: `o os as um uma e é são não com para do da dos das no na nos nas liga ligar desliga desligar acende apaga abre fecha
       luz luzes todas tudo qual está por favor`,
  nl: `de het een en is zijn niet met voor van op aan uit doe zet maak alle lampen licht wat hoe ik wij naar bij alsjeblieft
       graag ook deze`,
  sv: `och är inte det den ett en med på av till som tänd släck sätt stäng öppna alla ljuset lampan vad jag vi i snälla`,
  da: `og er ikke det den et en med på af til som tænd sluk sæt luk åbn alle lyset lampen hvad jeg vi i`,
  pl: `i jest nie w na z do się to włącz wyłącz ustaw otwórz zamknij światło wszystkie proszę jaka jaki ile`,
  cs: `a je není v na z do se to zapni vypni nastav otevři zavři světlo všechna všechny prosím jaká jaký kolik`,
  tr: `ve bir bu ne için ile aç kapat ayarla ışık ışıkları tüm lütfen kaç derece`,
};

/** Letters that one language, or a family of them, is written in. */
const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['ko', /\p{Script=Hangul}/gu],
  ['zh', /\p{Script=Han}/gu],
  ['ru', /\p{Script=Cyrillic}/gu],
  ['el', /\p{Script=Greek}/gu],
  ['ar', /\p{Script=Arabic}/gu],
  ['he', /\p{Script=Hebrew}/gu],
  ['hi', /\p{Script=Devanagari}/gu],
  ['th', /\p{Script=Thai}/gu],
];

const WORDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(JOINING).map(([code, words]) => [code, new Set(words.trim().split(/\s+/))]),
);

/** Of this many words in a row most people would tell the language. */
const ENOUGH = 2;

/**
 * The language of a text by its letters and joining words, as an ISO 639-1 code. Undefined where they do not tell it: one
 * word, names, a mixture. What is on the safe side is not to name one.
 */
export function tongueOf(text: string): string | undefined {
  const plain = plainText(text);
  const letters = plain.match(/\p{L}/gu)?.length ?? 0;
  for (const [code, script] of SCRIPTS) {
    const own = plain.match(script)?.length ?? 0;
    // A name in other letters does not make another language of the sentence around it.
    if (own * 2 > letters) return code;
    if (code === 'ja' && own > 0 && !/[a-z]/.test(plain)) return code;
  }
  const words = plain.match(/[\p{L}']+/gu) ?? [];
  const said = [...WORDS].map(([code, known]) => ({
    code,
    count: words.filter((word) => known.has(word)).length,
  }));
  const [first, second] = said.toSorted((a, b) => b.count - a.count);
  if (first === undefined || first.count < Math.min(ENOUGH, words.length)) return undefined;
  return first.count > (second?.count ?? 0) || first.code === 'en' ? first.code : undefined;
}

/** `de` → `German` */
export function tongueName(code: string): string {
  return new Intl.DisplayNames(['en'], { type: 'language' }).of(code) ?? code;
}
