import { expect, it } from 'vitest'
import { explanationProblems } from './explanation-problems.ts'

const one = { row: 'one', explains: () => true }
const other = { row: 'one', explains: () => false }
const all = new Set([one, other])

it('takes explanations that are needed and have a row', () => {
  expect(explanationProblems(all, all, new Set(['one']))).toEqual([])
})

it('tells an explanation that nothing needs, also beside another of the same row', () => {
  expect(explanationProblems(all, new Set([one]), new Set(['one']))).toEqual([
    'nothing differs any more by the row "one": () => false',
  ])
})

it('tells which class it is, where that is said', () => {
  const told = { ...other, about: 'values' }
  expect(explanationProblems(new Set([told]), new Set(), new Set(['one']))).toEqual([
    'nothing differs any more by the row "one": values',
  ])
})

it('tells a row that is not documented, once for each explanation', () => {
  expect(explanationProblems(all, all, new Set(['two']))).toEqual([
    'docs/deviations.md has no row "one"',
    'docs/deviations.md has no row "one"',
  ])
})
