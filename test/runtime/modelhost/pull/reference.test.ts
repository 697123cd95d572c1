import { describe, expect, it } from 'vitest';
import { isModelReference, parseModelReference } from '../../../../runtime/modelhost/pull/reference.ts';
import { filesOfType, partsOf, typesOf } from '../../../../runtime/modelhost/pull/select.ts';
import { defaultModelsFolder, hubSettings } from '../../../../runtime/modelhost/pull/settings.ts';

const SUM = 'A'.repeat(64);

describe('parseModelReference', () => {
  it('reads a file, a quantization and neither, with and without a revision', () => {
    expect(parseModelReference('hf:acme/tiny-GGUF/sub/tiny.Q4_K_M.gguf@refs/pr/1')).toEqual({
      kind: 'hub',
      text: 'hf:acme/tiny-GGUF/sub/tiny.Q4_K_M.gguf@refs/pr/1',
      repository: 'acme/tiny-GGUF',
      revision: 'refs/pr/1',
      wanted: { file: 'sub/tiny.Q4_K_M.gguf' },
    });
    expect(parseModelReference('hf:acme/tiny:Q8_0')).toMatchObject({
      revision: 'main',
      wanted: { quantization: 'Q8_0' },
    });
    expect(parseModelReference('hf:acme/tiny@v1.2')).toMatchObject({
      revision: 'v1.2',
      wanted: { quantization: 'Q4_K_M' },
    });
  });

  it('reads an address, hides its query and keeps its checksum', () => {
    expect(parseModelReference(`https://example.org/m/tiny.gguf?sig=secret#sha256=${SUM}`)).toEqual({
      kind: 'url',
      text: 'https://example.org/m/tiny.gguf',
      url: 'https://example.org/m/tiny.gguf?sig=secret',
      name: 'tiny.gguf',
      sha256: SUM.toLowerCase(),
    });
    expect(parseModelReference(`http://nas.local/tiny.gguf#sha256=${SUM}`)).toMatchObject({ kind: 'url' });
  });

  it.each([
    'hf:acme',
    'hf:acme/',
    'hf:../etc/passwd',
    'hf:acme/tiny/../../etc/passwd',
    'hf:acme/tiny/.hidden.gguf',
    'hf:acme/tiny/a//b.gguf',
    'hf:acme/tiny/a\\b.gguf',
    'hf:acme/tiny/a\u0000b.gguf',
    'hf:acme/ti..ny/a.gguf',
    'hf:acme/tiny/a.gguf@../main',
    'hf:acme/tiny/a.gguf@',
    'hf:acme/tiny:Q4 K',
    'https://',
    'https://example.org/',
    'https://example.org/a/..%2F..%2Fetc',
    'https://user:pass@example.org/a.gguf',
    'https://example.org/a.gguf#sha256=12',
    'https://example.org/a.gguf#top',
    'http://example.org/a.gguf',
  ])('refuses %j', (text) => {
    expect(() => parseModelReference(text)).toThrowError(
      expect.objectContaining({ code: 'MODEL_REFERENCE_INVALID' }),
    );
  });

  it('does not repeat a password in its refusal', () => {
    expect(() => parseModelReference('https://user:pass@example.org/a.gguf')).toThrowError(
      expect.objectContaining({ message: expect.not.stringContaining('pass@') as string }),
    );
  });

  it('takes everything else for a path', () => {
    expect(['hf:a/b', 'https://x/y', 'http://x/y'].every(isModelReference)).toBe(true);
    expect(['models/hf.gguf', '/hf:a', './https', 'C:\\m.gguf'].some(isModelReference)).toBe(false);
  });
});

describe('the files of a quantization', () => {
  const files = [
    'README.md',
    'tiny-Q4_K_M.gguf',
    'tiny-IQ4_K_M.gguf',
    'tiny.q8_0.gguf',
    'mmproj-tiny-Q8_0.gguf',
    'Q5_K_M/tiny-Q5_K_M-00001-of-00002.gguf',
    'Q5_K_M/tiny-Q5_K_M-00002-of-00002.gguf',
    'tiny-UD-Q6_K.gguf',
    'tiny-Q2_K-lite-Q3_K_S.gguf',
  ];

  it('are found by the type in their names', () => {
    expect(filesOfType(files, 'q4_k_m')).toEqual(['tiny-Q4_K_M.gguf']);
    expect(filesOfType(files, 'Q8_0')).toEqual(['tiny.q8_0.gguf']);
    expect(filesOfType(files, 'Q5_K_M')).toEqual(['Q5_K_M/tiny-Q5_K_M-00001-of-00002.gguf']);
    expect(filesOfType(files, 'Q6_K')).toEqual(['tiny-UD-Q6_K.gguf']);
    expect(filesOfType(files, 'Q2_K')).toEqual([]);
    expect(filesOfType(files, 'Q4_K')).toEqual([]);
    expect(typesOf(files)).toEqual(['IQ4_K_M', 'Q3_K_S', 'Q4_K_M', 'Q5_K_M', 'Q8_0', 'UD-Q6_K']);
  });

  it('are all parts of a split model', () => {
    expect(partsOf('a/m-00002-of-00003.gguf')).toEqual([
      'a/m-00001-of-00003.gguf',
      'a/m-00002-of-00003.gguf',
      'a/m-00003-of-00003.gguf',
    ]);
    expect(partsOf('m.gguf')).toEqual(['m.gguf']);
    expect(partsOf('m-00004-of-00003.gguf')).toEqual(['m-00004-of-00003.gguf']);
  });
});

describe('the settings', () => {
  it('follow XDG_CACHE_HOME where it is absolute', () => {
    expect(defaultModelsFolder({ XDG_CACHE_HOME: '/var/cache' })).toBe('/var/cache/ganglion/models');
    expect(defaultModelsFolder({ XDG_CACHE_HOME: 'cache' })).toMatch(/^\/.*\/\.cache\/ganglion\/models$/);
  });

  it('take a mirror over https or on this machine, and no other', () => {
    expect(hubSettings({ HF_TOKEN: ' t ' })).toEqual({ endpoint: 'https://huggingface.co', token: 't' });
    expect(hubSettings({ HF_ENDPOINT: 'https://mirror.local/hf/' }).endpoint).toBe('https://mirror.local/hf');
    expect(hubSettings({ HF_ENDPOINT: 'http://127.0.0.1:9', HF_TOKEN: '' })).toEqual({
      endpoint: 'http://127.0.0.1:9',
      token: undefined,
    });
    for (const HF_ENDPOINT of ['http://mirror.local', 'mirror.local', 'ftp://mirror.local'])
      expect(() => hubSettings({ HF_ENDPOINT })).toThrowError(
        expect.objectContaining({ code: 'MODEL_REFERENCE_INVALID' }),
      );
  });
});
