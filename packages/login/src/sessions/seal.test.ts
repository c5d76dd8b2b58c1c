import fc from 'fast-check'
import { CompactEncrypt } from 'jose'
import { describe, expect, it } from 'vitest'
import { seal, type SealingKey, sealingKey, unseal } from './seal.ts'

const secret = (seed: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: 32 }, (_, index) => (index * 7 + seed) % 256)
const keyFor = (seed: number, ...context: readonly (string | number)[]): Promise<SealingKey> =>
  sealingKey(secret(seed), context)
const key = await keyFor(1, 'cookie')

describe('a sealed string', () => {
  it('is opened by its key, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), async (text) => {
        const sealed = await seal(text, key)
        expect(sealed).toMatch(/^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/)
        expect(await unseal(sealed, [key])).toBe(text)
      }),
      { numRuns: 200 },
    )
  })

  it('is another each time, and does not show its content', async () => {
    const [one, other] = [await seal('secret', key), await seal('secret', key)]
    expect(one).not.toBe(other)
    expect(atob(one.split('.')[3]?.replaceAll('-', '+').replaceAll('_', '/') ?? '')).not.toContain('secret')
  })

  it('begins with the header that identifies its key', async () => {
    expect(await seal('secret', key)).toMatch(new RegExp(`^${key.header}\\.`))
    expect(JSON.parse(atob(key.header))).toEqual({ alg: 'dir', enc: 'A256GCM', kid: key.id })
  })

  it('is opened by any of the keys', async () => {
    const keys = [await keyFor(2, 'cookie'), await keyFor(3, 'cookie'), key]
    expect(await unseal(await seal('secret', key), keys)).toBe('secret')
  })

  it.each([
    ['another secret', () => keyFor(2, 'cookie')],
    ['another context', () => keyFor(1, 'cookie2')],
    ['a longer context', () => keyFor(1, 'cookie', '')],
    ['a context that joins to the same', () => keyFor(1, 'coo', 'kie')],
    ['a context of another type', () => keyFor(1, 'cookie', 1)],
  ])('is not opened by the key of %s', async (_, other) => {
    expect(await unseal(await seal('secret', key), [await other()])).toBeUndefined()
    // Even if the header is that of the key.
    const { id, header } = key
    const { key: otherKey } = await other()
    expect(await unseal(await seal('secret', key), [{ id, header, key: otherKey }])).toBeUndefined()
  })

  it('is not opened after any change of a character', async () => {
    const sealed = await seal('a secret', key)
    for (let index = 0; index < sealed.length; index++) {
      for (const other of ['A', 'B', 'Q', '.', '=', 'é']) {
        const changed = sealed.slice(0, index) + other + sealed.slice(index + 1)
        const expected = changed === sealed ? 'a secret' : undefined
        expect([changed, await unseal(changed, [key])]).toEqual([changed, expected])
      }
    }
  })

  it('is not opened if it was cut, extended or mixed', async () => {
    const [one, other] = [await seal('one secret', key), await seal('two secret', key)]
    const [, , iv, , tag] = one.split('.')
    const [header, , , ciphertext] = other.split('.')
    for (let length = 0; length < one.length; length++) {
      expect(await unseal(one.slice(0, length), [key])).toBeUndefined()
    }
    expect(await unseal(`${one}A`, [key])).toBeUndefined()
    expect(await unseal(`${one}.`, [key])).toBeUndefined()
    expect(await unseal(`${header}..${iv}.${ciphertext}.${tag}`, [key])).toBeUndefined()
  })

  it.each([
    ['an empty string', ''],
    ['something else', 'secret'],
    ['only dots', '....'],
    ['an unsigned token', `${btoa('{"alg":"none"}').replaceAll('=', '')}.e30.`],
    ['the name of a prototype', '__proto__..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA'],
    ['a long string', 'A'.repeat(1_000_000)],
    ['many dots', '.'.repeat(1_000_000)],
  ])('is not %s', async (_, text) => {
    expect(await unseal(text, [key])).toBeUndefined()
  })

  it('has no other header, even if the key has sealed it', async () => {
    const plain = new TextEncoder().encode('secret')
    for (const header of [
      { alg: 'dir', enc: 'A256GCM', kid: key.id, zip: 'DEF' },
      { enc: 'A256GCM', alg: 'dir', kid: key.id },
      { alg: 'dir', enc: 'A256GCM' },
    ] as const) {
      const sealed = await new CompactEncrypt(plain).setProtectedHeader(header).encrypt(key.key)
      expect(await unseal(sealed, [key])).toBeUndefined()
    }
  })
})
