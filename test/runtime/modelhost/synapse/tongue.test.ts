import { describe, expect, it } from 'vitest';
import { tongueName, tongueOf } from '../../../../runtime/modelhost/synapse/tongue.ts';

describe('the language of a sentence', () => {
  it.each([
    ['turn off everything upstairs except the hall', 'en'],
    ['mach das Licht an', 'de'],
    ['Schalte bitte alle Lampen im Wohnzimmer aus', 'de'],
    ['allume la lumière du salon', 'fr'],
    ['apaga todas las luces', 'es'],
    ['accendi la luce della cucina', 'it'],
    ['desliga a luz da cozinha', 'pt'],
    ['doe het licht uit', 'nl'],
    ['打开厨房的灯', 'zh'],
    ['キッチンの電気をつけて', 'ja'],
    ['부엌 불 켜줘', 'ko'],
    ['включи свет на кухне', 'ru'],
  ])('%s is %s', (text, code) => expect(tongueOf(text)).toBe(code));

  it.each([
    'lights',
    'kitchen lights off',
    'Küche',
    'turn on La Lampe',
    'turn on the 厨房 light',
    'dim the Licht in the Küche',
    'dark mode',
    'bedroom 20 %',
    '',
    '!!!',
  ])('is not said to be foreign of: %s', (text) => {
    expect(['en', undefined]).toContain(tongueOf(text));
  });

  it('has names', () => expect(tongueName('de')).toBe('German'));
});
