import { expect, it } from 'vitest'

interface Result {
  readonly area: string
  readonly limit: number
  readonly killed?: number
  readonly open?: readonly string[]
  readonly failure?: string
}
const {
  isBelow,
  table,
}: { readonly isBelow: (result: Result) => boolean; readonly table: (results: readonly Result[]) => string } =
  await import(new URL('table.mjs', import.meta.url).href)

const good: Result = { area: 'koa', limit: 95, killed: 19, open: ['packages/koa/src/a.ts:3:5 Regex'] }
const bad: Result = { area: 'cel', limit: 90, killed: 1, open: ['packages/cel/src/b.ts:1:1 BlockStatement'] }
const empty: Result = { area: 'x509/der', limit: 95, killed: 0, open: [] }
const broken: Result = { area: 'hono', limit: 95, failure: 'a test failed' }

it('has a line for each area, below the changes that no test noticed', () => {
  expect(table([good, bad, empty, broken]).split('\n')).toEqual([
    'open survivors:',
    'packages/koa/src/a.ts:3:5 Regex',
    'packages/cel/src/b.ts:1:1 BlockStatement',
    '',
    'area      mutants  killed  score   limit  open survivors',
    'koa       20       19      95.0 %  95 %   1',
    'cel       2        1       50.0 %  90 %   1  below',
    'x509/der  0        0       -       95 %   0',
    'hono      -        -       -       95 %   failed: a test failed',
  ])
})

it.each([
  ['at its limit', good, false],
  ['below its limit', bad, true],
  ['without a change in the sample', empty, false],
  ['whose tests fail without a change', broken, true],
])('an area %s fails the run: %s', (_, result, expected) => {
  expect(isBelow(result)).toBe(expected)
})
