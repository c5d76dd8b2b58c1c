import { describe, expect, it } from 'vitest'
import { splitDocuments } from './split-documents.ts'

const STEP = 524_288

function split(text: string): { readonly texts: readonly string[]; readonly steps: number } {
  const work = splitDocuments(text)
  for (let steps = 0; ; steps++) {
    const { done, value } = work.next()
    if (done === true) return { texts: value.map((document) => document.text), steps }
  }
}

describe('splitDocuments', () => {
  it.each([
    ['a: 1\n---\nb: 2\n', ['a: 1\n', 'b: 2\n']],
    ['---\na: 1\n---\nb: 2\n', ['a: 1\n', 'b: 2\n']],
    ['a: 100%\n---\nb: ...\n', ['a: 100%\n', 'b: ...\n']],
  ])('splits %j at its lines of dashes', (text, expected) => {
    expect(split(text).texts).toEqual(expected)
  })

  it.each(['%YAML 1.1\n---\na: 1\n', '...\n---\na: 1\n', 'a: 1\n--- b\n', 'a: 1\n---\nb: 2\r\n'])(
    'leaves %j whole',
    (text) => {
      expect(split(text).texts).toEqual([text])
    },
  )

  // A mark of four characters that begins before the end of a step ends after it.
  it.each(['\n%YAML 1.1', '\n...', '\r'])('finds %j wherever it is in a large text', (mark) => {
    for (let before = STEP - 5; before <= STEP + 1; before++) {
      const text = `a: 1\n---\n${'b'.repeat(before - 9)}${mark}\n---\nc: 3\n`
      expect(split(text).texts).toEqual([text])
    }
    const late = `a: 1\n---\n${'b'.repeat(3 * STEP)}${mark}`
    expect(split(late).texts).toEqual([late])
  })

  it('searches a large text in steps', () => {
    expect(split(`a: 1\n---\nb: ${'c'.repeat(8 * STEP)}\n`).steps).toBeGreaterThanOrEqual(8)
    expect(split('a: 1\n---\nb: 2\n').steps).toBe(0)
  })
})
