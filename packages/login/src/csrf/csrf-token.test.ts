import { describe, expect, it } from 'vitest'
import { csrfToken, verifyCsrfToken } from './csrf-token.ts'

const session = { id: 'A'.repeat(43) }
const other = { id: `${'A'.repeat(42)}B` }

describe('a token against cross-site requests', () => {
  it('is of one session', async () => {
    const token = await csrfToken(session)
    expect(token).toMatch(/^[\w-]{22}\.[\w-]{43}$/)
    expect(await verifyCsrfToken(session, token)).toBe(true)
    expect(await verifyCsrfToken(other, token)).toBe(false)
  })

  it('is another each time, so that no compression tells about it', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, async () => csrfToken(session)))
    expect(new Set(tokens.flatMap((token) => token.split('.'))).size).toBe(40)
  })

  it('does not survive the change of any character', async () => {
    const token = await csrfToken(session)
    for (let index = 0; index < token.length; index++) {
      const changed = token.slice(0, index) + (token[index] === 'x' ? 'y' : 'x') + token.slice(index + 1)
      expect(await verifyCsrfToken(session, changed)).toBe(false)
    }
  })

  it('has one spelling', async () => {
    const token = await csrfToken(session)
    const variants = ['A', 'Q', 'g', 'w', 'B', 'C'].map((last) => token.slice(0, -1) + last)
    const valid = await Promise.all(variants.map(async (each) => verifyCsrfToken(session, each)))
    expect(valid.filter(Boolean).length).toBeLessThanOrEqual(1)
  })

  it.each([
    ['empty', ''],
    ['a dot', '.'],
    ['the id', session.id],
    ['too long', 'A'.repeat(1_000_000)],
    ['of zeros', `${'A'.repeat(22)}.${'A'.repeat(43)}`],
    ['of other characters', `${'='.repeat(22)}.${'='.repeat(43)}`],
  ])('is not %s', async (_, token) => {
    expect(await verifyCsrfToken(session, token)).toBe(false)
  })

  it('cannot be made of parts of two tokens', async () => {
    const [one, two] = [(await csrfToken(session)).split('.'), (await csrfToken(session)).split('.')]
    expect(await verifyCsrfToken(session, `${one[0]}.${two[1]}`)).toBe(false)
  })
})
