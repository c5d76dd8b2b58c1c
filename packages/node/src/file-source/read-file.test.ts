import { describe, expect, it } from 'vitest'
import { finish } from '@kube-authn/core/internal'
import { textParts } from './read-file.ts'

const MIB = 1_048_576
const partsOf = (text: string): readonly string[] => finish(textParts('x', Buffer.from(text)))

describe('textParts', () => {
  it('cuts at the first line of dashes after a megabyte, and nowhere else', () => {
    const [first, second] = [`---\n${'a'.repeat(MIB)}\n`, `---\n${'b'.repeat(2 * MIB)}\n`]
    expect(partsOf(`${first}${second}--- c\n---\nd`)).toEqual([first, second, '--- c\n---\nd'])
    expect(partsOf(`---\na\n---\nb`)).toEqual(['---\na\n---\nb'])
    expect(partsOf('')).toEqual([])
  })

  it('finds a line of dashes wherever a step ends', () => {
    for (let before = 2 * MIB - 6; before <= 2 * MIB + 2; before++) {
      const parts = [`${'a'.repeat(before)}\n`, '---\nb']
      expect(partsOf(parts.join('')).map((part) => part.length)).toEqual(parts.map((part) => part.length))
    }
  })

  it('leaves a text without such a line whole', () => {
    const text = `${'a'.repeat(3 * MIB)} --- \n--\n`
    expect(partsOf(text)).toEqual([text])
  })

  it('omits a byte order mark at the beginning, and decodes characters of several bytes', () => {
    const [first, second] = [`ä${'€'.repeat(MIB)}\n`, '---\n🙂']
    expect(partsOf(`\uFEFF${first}${second}`)).toEqual([first, second])
  })

  it('refuses what is not UTF-8, in any part', () => {
    const content = Buffer.concat([Buffer.from(`${'a'.repeat(MIB)}\n---\nb`), Buffer.from([0xff])])
    expect(() => finish(textParts('file.yaml', content))).toThrow('file.yaml: not UTF-8')
  })

  it('reads each part in a step', () => {
    const steps = textParts('x', Buffer.from(`${'a'.repeat(MIB)}\n---\n`.repeat(8)))
    let count = 0
    while (steps.next().done !== true) count++
    expect(count).toBeGreaterThanOrEqual(8)
  })
})
