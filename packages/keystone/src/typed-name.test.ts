import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPassword, typedName } from './keystone-password.ts'

const domain = { id: 'default' }
const text = fc.oneof(
  fc.string({ maxLength: 600 }),
  fc.string({ unit: fc.constantFrom('a', '@', '\0', '\ud800', 'ä', '"', ' '), maxLength: 8 }),
)

describe('typedName', () => {
  it('keeps exactly what was typed, or refuses it', () => {
    fc.assert(
      fc.property(text, fc.boolean(), (typed, userAtDomain) => {
        const who = typedName(typed, domain, userAtDomain)
        if (who === undefined) return
        expect(who.name).not.toBe('')
        expect(typed.isWellFormed() && !typed.includes('\0')).toBe(true)
        const isSplit = userAtDomain && typed.includes('@')
        expect(who.domain === domain).toBe(!isSplit)
        const back = 'name' in who.domain ? `${who.name}@${who.domain.name}` : who.name
        expect(back).toBe(typed)
        if ('name' in who.domain) expect(who.domain.name).toMatch(/^[^@]+$/)
      }),
      { numRuns: 2000 },
    )
  })

  it('is the same person for one text only', () => {
    fc.assert(
      fc.property(text, text, fc.boolean(), (one, other, userAtDomain) => {
        const [first, second] = [one, other].map((typed) => typedName(typed, domain, userAtDomain))
        if (first !== undefined && one !== other) expect(first).not.toEqual(second)
      }),
    )
  })
})

describe('isPassword', () => {
  it.each([' ', '"', 'x'.repeat(4096), '\u{1f511}', '\n'])('lets pass %j', (password) => {
    expect(isPassword(password)).toBe(true)
  })

  it.each(['', '\0', 'a\0b', '\ud83d', 'x'.repeat(4097)])('refuses %j', (password) => {
    expect(isPassword(password)).toBe(false)
  })
})
