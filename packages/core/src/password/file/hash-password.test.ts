import { describe, expect, it } from 'vitest'
import { hashPassword, PASSWORD_HASHES } from './hash-password.ts'
import { parsePasswordHash } from './parse-password-hash.ts'

describe.each(PASSWORD_HASHES)('a password hashed with %s', (kind) => {
  it('matches itself and nothing else, and has a salt of its own each time', async () => {
    const text = await hashPassword('correct horse żółć', kind)
    const hash = parsePasswordHash(text)
    if (hash === undefined || typeof hash === 'string') throw new Error(`${kind}: ${hash}`)
    expect(await hash.matches('correct horse żółć')).toBe(true)
    for (const wrong of ['', 'correct horse', 'correct horse zolc', 'correct horse żółć '])
      expect(await hash.matches(wrong)).toBe(false)
    expect(await hashPassword('correct horse żółć', kind)).not.toBe(text)
  })

  it.each(['', '\ud800'])('is refused if it is %j', async (password) => {
    await expect(hashPassword(password, kind)).rejects.toThrow(RangeError)
  })
})

it.each([
  ['too long', 'ż'.repeat(37)],
  ['cut by a NUL', 'c2VjcmV0\0'],
])('refuses a password that is %s for bcrypt, without repeating it', async (_, password) => {
  const refused = hashPassword(password, 'bcrypt')
  await expect(refused).rejects.toThrow(RangeError)
  await expect(refused).rejects.not.toThrow(password)
})
