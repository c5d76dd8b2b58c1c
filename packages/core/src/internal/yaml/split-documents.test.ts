import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { finish, type Steps } from '../steps.ts'
import { isSplittable, lineCounter, splitDocuments, type TextParts } from './split-documents.ts'

const STEP = 524_288

/** The result of work, and how many steps it took before the last one. */
function counted<T>(work: Steps<T>): { readonly result: T; readonly steps: number } {
  for (let steps = 0; ; steps++) {
    const { done, value } = work.next()
    if (done === true) return { result: value, steps }
  }
}

const canSplit = (text: string): boolean => finish(isSplittable([text]))
const documentsIn = (parts: TextParts) => [...splitDocuments(parts)].filter((each) => each !== undefined)
const textsIn = (...parts: TextParts): readonly string[] => documentsIn(parts).map(({ text }) => text)

/** Cuts a text before its lines of dashes. */
const cut = (text: string): TextParts => text.split(/(?<=\n)(?=---)/)

describe('splitDocuments', () => {
  it.each([
    ['a: 1\n---\nb: 2\n', ['a: 1\n', 'b: 2\n']],
    ['---\na: 1\n---\nb: 2\n', ['a: 1\n', 'b: 2\n']],
    ['a: 100%\n---\nb: ...\n', ['a: 100%\n', 'b: ...\n']],
    ['a: 1\n---\n---\n\n---', ['a: 1\n', '\n']],
    ['', []],
  ])('splits %j at its lines of dashes', (text, expected) => {
    expect(canSplit(text)).toBe(true)
    expect(textsIn(text)).toEqual(expected)
  })

  it('splits parts as it splits the whole, at the same positions', () => {
    const lines = fc.array(fc.constantFrom('a: 1\n', '---\n', '\n', '- b\n', 'c'))
    fc.assert(
      fc.property(lines, (some) => {
        const text = some.join('')
        fc.pre(canSplit(text))
        expect(documentsIn(cut(text))).toEqual(documentsIn([text]))
        for (const { text: found, start } of documentsIn([text]))
          expect(text.slice(start, start + found.length)).toBe(found)
      }),
      { numRuns: 1000 },
    )
  })

  it('passes over many empty documents in steps', () => {
    const all = [...splitDocuments(['---\n'.repeat(4 * 65_536)])]
    expect(all).toEqual([undefined, undefined, undefined, undefined])
  })
})

describe('isSplittable', () => {
  it.each([
    '%YAML 1.1\n---\na: 1\n',
    '...\n---\na: 1\n',
    'a: 1\n--- b\n',
    '--- b',
    '---b',
    'a: 1\n----',
    'a: 1\n---\nb: 2\r\n',
  ])('leaves %j whole', (text) => {
    expect(canSplit(text)).toBe(false)
    expect(finish(isSplittable(cut(text)))).toBe(false)
  })

  // A mark of four characters that begins before the end of a step ends after it.
  it.each(['\n%YAML 1.1', '\n...', '\r', '\n--- x', '\n----'])(
    'finds %j wherever it is in a large text',
    (mark) => {
      for (let before = STEP - 6; before <= STEP + 1; before++) {
        const beginning = `a: 1\n---\n${'b'.repeat(before - 9)}`
        expect(canSplit(`${beginning}${mark}\n---\nc: 3\n`)).toBe(false)
        expect(canSplit(`${beginning}\n---\nc: 3\n`)).toBe(true)
      }
      expect(canSplit(`a: 1\n---\n${'b'.repeat(3 * STEP)}${mark}`)).toBe(false)
    },
  )

  it('searches a large text in steps, and each part in one', () => {
    const stepsIn = (...parts: TextParts): number => counted(isSplittable(parts)).steps
    expect(stepsIn(`a: 1\n---\nb: ${'c'.repeat(8 * STEP)}\n`)).toBeGreaterThanOrEqual(8)
    expect(stepsIn('a: 1\n---\nb: 2\n')).toBe(0)
    expect(stepsIn(...Array.from({ length: 8 }, () => '---\na: 1\n'))).toBeGreaterThanOrEqual(7)
  })
})

describe('lineCounter', () => {
  it('counts the lines before a position, in one part or several', () => {
    const lines = fc.array(fc.constantFrom('a: 1\n', '---\n', '\n', 'c'))
    fc.assert(
      fc.property(lines, (some) => {
        const text = some.join('')
        for (const parts of [[text], cut(text)]) {
          const linesBefore = lineCounter(parts)
          for (let position = 0; position <= text.length; position++)
            expect(finish(linesBefore(position))).toBe(text.slice(0, position).split('\n').length - 1)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('counts many lines in steps', () => {
    const { result, steps } = counted(lineCounter(['a\n'.repeat(300_000), '---\n'])(600_004))
    expect(result).toBe(300_001)
    expect(steps).toBe(4)
  })
})
