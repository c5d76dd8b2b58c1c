import { describe, expect, it } from 'vitest'
import { codeBlocks } from './code-blocks.ts'

describe('codeBlocks', () => {
  it.each([
    ['a block', ['text', '```ts', 'a', 'b', '```'], [{ language: 'ts', code: 'a\nb', line: 3 }]],
    ['the language alone', ['```JS title="x"', 'a', '```'], [{ language: 'js', code: 'a', line: 2 }]],
    ['a block without a language', ['```', 'a', '```'], [{ language: '', code: 'a', line: 2 }]],
    [
      'a block in a list',
      ['- x', '  ```sh', '  a', '    b', '  ```'],
      [{ language: 'sh', code: 'a\n  b', line: 3 }],
    ],
    [
      'a fence in a fence',
      ['````md', '```ts', '```', '````'],
      [{ language: 'md', code: '```ts\n```', line: 2 }],
    ],
    ['an unclosed block', ['~~~js', 'a'], [{ language: 'js', code: 'a', line: 2 }]],
    ['inline code', ['```a``` and `b`'], []],
    [
      'why a block is not checked',
      ['<!-- not checked: it is an excerpt -->', '```ts', 'a', '```'],
      [{ language: 'ts', code: 'a', line: 3, notChecked: 'it is an excerpt' }],
    ],
    [
      'that a reason is missing',
      ['<!-- not checked: -->', '```ts', 'a', '```'],
      [{ language: 'ts', code: 'a', line: 3 }],
    ],
    [
      'why it is not checked, above an empty line',
      ['<!-- not checked: it is an excerpt -->', '', '```ts', 'a', '```'],
      [{ language: 'ts', code: 'a', line: 4, notChecked: 'it is an excerpt' }],
    ],
    [
      'that a reason is not right before',
      ['<!-- not checked: it is an excerpt -->', 'text', '```ts', 'a', '```'],
      [{ language: 'ts', code: 'a', line: 4 }],
    ],
    [
      'that a reason is further before',
      ['<!-- not checked: it is an excerpt -->', '', '', '```ts', 'a', '```'],
      [{ language: 'ts', code: 'a', line: 5 }],
    ],
  ])('finds %s', (_, lines, blocks) => {
    expect(codeBlocks(lines.join('\n'))).toEqual(blocks)
  })
})
