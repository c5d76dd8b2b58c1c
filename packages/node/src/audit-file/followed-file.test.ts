import { describe, expect, it } from 'vitest'
import { lineWriter } from './followed-file.ts'

/** Writes the given number of bytes at a time, and throws if that is not a number. */
function fileTaking(...portions: readonly (number | 'full')[]) {
  const rest = [...portions]
  const errors: unknown[] = []
  let text = ''
  const write = lineWriter(
    (bytes, offset) => {
      const portion = rest.shift() ?? Infinity
      if (portion === 'full') throw new Error('ENOSPC')
      const taken = bytes.subarray(offset, offset + portion)
      text += Buffer.from(taken).toString()
      return taken.length
    },
    (error) => errors.push(error),
  )
  return { write, errors, text: () => text }
}

describe('lineWriter', () => {
  it.each([
    ['at once', [], 'one\ntwo\n', 0],
    ['in pieces', [1, 1, 1, 1, 2, 2], 'one\ntwo\n', 0],
    ['but not the first', ['full'], 'two\n', 1],
    ['but the first only in part', [2, 'full'], 'on\ntwo\n', 1],
    ['but the end of the first', [3, 'full'], 'one\ntwo\n', 1],
    ['but the first only in part, and nothing of the second', [2, 'full', 'full'], 'on', 2],
    ['but not the first, of which nothing is taken', [0], 'two\n', 1],
    ['but the first only in part, until nothing is taken', [2, 0], 'on\ntwo\n', 1],
    ['but both only in part', [2, 'full', 2, 'full'], 'on\nt', 2],
  ] as const)('writes lines %s', (_, portions, text, errors) => {
    const file = fileTaking(...portions)
    file.write('one')
    file.write('two')
    expect(file.text()).toBe(text)
    expect(file.errors).toHaveLength(errors)
  })

  it('begins the next line on its own, also after several that were lost', () => {
    const file = fileTaking(2, 'full', 'full', 'full')
    for (const line of ['one', 'two', 'three', 'four', 'five']) file.write(line)
    expect(file.text()).toBe('on\nfour\nfive\n')
  })
})
