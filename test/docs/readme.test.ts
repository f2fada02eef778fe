/** Both READMEs say the same: what can be copied from them is compared word for word. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const english = read('README.md');
const chinese = read('README.zh-CN.md');

const blocks = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text = '']) => text.replaceAll(/ +#.*$/gm, ''),
  );

const commands = (page: string): string[] =>
  [...new Set(page.match(/npm (?:ci|test|start|run [a-z]+)|docker compose [^\n`]+/g) ?? [])].sort();

describe('the README in Chinese', () => {
  it.each(['sh', 'json', 'ts'])('has the same %s to copy', (language) => {
    expect(blocks(english, language)).not.toEqual([]);
    expect(blocks(chinese, language)).toEqual(blocks(english, language));
  });

  it('names the same commands', () => {
    expect(commands(chinese)).toEqual(commands(english));
  });
});

describe.each(['SECURITY.md', 'CONTRIBUTING.md'])('%s', (name) => {
  it('leads to pages that exist', () => {
    const targets = [...read(name).matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(
      ([, target = '']) => target,
    );

    expect(targets.filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
  });

  it('runs scripts that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const run = [...read(name).matchAll(/npm run ([a-z]+)/g)].map(([, script = '']) => script);

    expect([...new Set(run)].filter((script) => !(script in scripts))).toEqual([]);
  });
});
