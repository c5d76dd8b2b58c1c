import { describe, expect, it } from 'vitest'
import { generateName } from './generate-name.ts'

describe('a generated name', () => {
  it.each([
    ['default-token-', 'default-token-'],
    ['', ''],
    ['a'.repeat(58), 'a'.repeat(58)],
    [`${'a'.repeat(58)}-token-`, 'a'.repeat(58)],
  ])('begins with %j and ends with five characters', (base, begin) => {
    const name = generateName(base)
    expect(name.slice(0, -5)).toBe(begin)
    expect(name.slice(-5)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    expect(name.length).toBeLessThanOrEqual(63)
  })

  it('can have every character of the alphabet, and is another each time', () => {
    const names = new Set(Array.from({ length: 500 }, () => generateName('')))
    expect(names.size).toBeGreaterThan(490)
    expect(new Set([...names].join('')).size).toBe(27)
  })

  it.each([
    [0, 'bbbbb'],
    [1 - Number.EPSILON, '99999'],
  ])('ends with what chance says: %d', (chance, end) => {
    expect(generateName('x-', () => chance)).toBe(`x-${end}`)
  })
})
