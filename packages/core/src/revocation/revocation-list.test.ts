import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { fixedClock } from '../../test/fakes.ts'
import { userInfo } from '../authenticator/user.ts'
import type { Revocation } from './revocation.ts'
import { revocationList, type RevocationList } from './revocation-list.ts'
import type { UsedCredential } from './revocations.ts'

const NOW = 1_000_000
const SESSION = 'example.com/session'
const TOKEN = createHash('sha256').update('secret').digest('hex')

const credential: UsedCredential = {
  user: userInfo({
    username: 'jane',
    extra: { 'authentication.kubernetes.io/credential-id': ['JTI=2f6c'], [SESSION]: ['s1', 's2'] },
  }),
  certificateId: undefined,
  issuedAtMs: NOW,
  expiresAtMs: NOW + 3_600_000,
  tokenSha256: TOKEN,
}

function listWith(revocation: Revocation, options = {}): RevocationList {
  const list = revocationList({ clock: fixedClock(NOW), ...options })
  list.set('one', revocation)
  return list
}

describe('revocationList', () => {
  it.each<[Revocation]>([
    [{ user: 'jane' }],
    [{ credentialId: 'JTI=2f6c' }],
    [{ tokenSha256: TOKEN }],
    [{ tokenSha256: TOKEN.toUpperCase() }],
    [{ attribute: { key: SESSION, value: 's1' } }],
    [{ attribute: { key: SESSION, value: 's2' } }],
    [{ user: 'jane', issuedBeforeMs: NOW + 1 }],
    [{ user: 'jane', expiresAtMs: NOW + 1 }],
  ])('revokes by %j, and not any more after it is taken back', (revocation) => {
    const list = listWith(revocation)
    expect(list.isRevoked(credential)).toBe(true)
    expect(list.delete('one')).toBe(true)
    expect(list.isRevoked(credential)).toBe(false)
    expect(list.delete('one')).toBe(false)
    expect(list.size).toBe(0)
  })

  it.each<[Revocation]>([
    [{ user: 'Jane' }],
    [{ user: 'jane ' }],
    [{ credentialId: 'JTI=2F6C' }],
    [{ credentialId: '2f6c' }],
    [{ tokenSha256: '0'.repeat(64) }],
    [{ attribute: { key: SESSION, value: '' } }],
    [{ attribute: { key: 'other', value: 's1' } }],
    [{ attribute: { key: '__proto__', value: 's1' } }],
    [{ user: '__proto__' }],
    [{ user: 'constructor' }],
    [{ user: 'jane', expiresAtMs: NOW }],
  ])('does not revoke others by %j', (revocation) => {
    expect(listWith(revocation).isRevoked(credential)).toBe(false)
  })

  it.each<[Revocation]>([
    [{}],
    [{ user: 'jane', credentialId: 'JTI=1' }],
    [{ user: '' }],
    [{ credentialId: 'JTI=1', issuedBeforeMs: NOW }],
    [{ user: 'jane', issuedBeforeMs: NaN }],
    [{ user: 'jane', expiresAtMs: Infinity }],
    [{ tokenSha256: 'secret' }],
    [{ tokenSha256: `${TOKEN}0` }],
    [{ credentialId: 'X509SHA256=secret' }],
    [{ credentialId: 'X509SERIAL=1a2b' }],
    [{ credentialId: 'x509serial=1a2b/secret' }],
    [{ credentialId: 'X509SERIALNUMBER=1a2b/CN=secret' }],
  ])('refuses %j, without its values', (revocation) => {
    const list = revocationList()
    expect(() => list.set('one', revocation)).toThrow(
      expect.objectContaining({ code: 'invalidConfiguration' }),
    )
    expect(() => list.set('one', revocation)).not.toThrow(/secret|jane/)
    expect(list.size).toBe(0)
  })

  it.each<[Revocation, boolean]>([
    [{ credentialId: `SESSION=${TOKEN}` }, true],
    [{ credentialId: `SESSION=${'0'.repeat(64)}` }, false],
    [{ user: 'jane' }, true],
    [{ user: 'jane', issuedBeforeMs: NOW + 1 }, true],
    [{ user: 'jane', issuedBeforeMs: NOW - 10_000 }, false],
  ])('knows whether %j revokes a session', (revocation, isRevoked) => {
    const user = userInfo({
      username: 'jane',
      extra: { 'authentication.kubernetes.io/credential-id': [`SESSION=${TOKEN}`] },
    })
    expect(listWith(revocation).isRevoked({ ...credential, user, tokenSha256: undefined })).toBe(isRevoked)
  })

  it('knows the digest of a certificate in any case', () => {
    const id = `X509SHA256=${'ab'.repeat(32)}`
    const user = userInfo({
      username: 'jane',
      extra: { 'authentication.kubernetes.io/credential-id': [id] },
    })
    const list = listWith({ credentialId: `X509SHA256=${'AB'.repeat(32)}` })
    expect(list.isRevoked({ ...credential, user })).toBe(true)
  })

  describe('issued before', () => {
    const list = listWith({ user: 'jane', issuedBeforeMs: NOW }, { clockSkewSeconds: 10 })
    it.each([
      [0, true],
      [NOW - 1, true],
      [NOW, true],
      [NOW + 9_999, true],
      [NOW + 10_000, false],
      [undefined, true],
      [Number.NaN, true],
      [Infinity, false],
    ])('revokes what was issued at %s: %s', (issuedAtMs, isRevoked) => {
      expect(list.isRevoked({ ...credential, issuedAtMs })).toBe(isRevoked)
    })

    it('is exact without a clock skew', () => {
      const exact = listWith({ user: 'jane', issuedBeforeMs: NOW }, { clockSkewSeconds: 0 })
      expect(exact.isRevoked({ ...credential, issuedAtMs: NOW - 1 })).toBe(true)
      expect(exact.isRevoked({ ...credential, issuedAtMs: NOW })).toBe(false)
    })
  })

  it('revokes an impersonated user by name, but not by a time before which credentials were issued', () => {
    const impersonated = { ...credential, issuedAtMs: Infinity }
    expect(listWith({ user: 'jane' }).isRevoked(impersonated)).toBe(true)
  })

  it('keeps every one of several revocations of a subject', () => {
    const list = listWith({ user: 'jane', expiresAtMs: NOW + 1 })
    list.set('two', { user: 'jane' })
    expect(list.delete('one')).toBe(true)
    expect(list.isRevoked(credential)).toBe(true)
    list.set('two', { user: 'bob' })
    expect(list.isRevoked(credential)).toBe(false)
  })

  it('computes no digest of a token unless there are digests', () => {
    const read = vi.fn<() => string>(() => TOKEN)
    const asked = {
      ...credential,
      get tokenSha256(): string {
        return read()
      },
    }
    read.mockClear()
    const list = revocationList()
    for (let index = 0; index < 10; index++) list.set(`u${index}`, { user: `u${index}` })
    expect(list.isRevoked(asked)).toBe(false)
    expect(read).not.toHaveBeenCalled()
    list.set('digest', { tokenSha256: TOKEN })
    expect(list.isRevoked(asked)).toBe(true)
  })

  it('forgets what has ended: a flood of short ones does not fill the memory', () => {
    const clock = fixedClock(NOW)
    const list = revocationList({ clock })
    for (let index = 0; index < 100_000; index++) {
      if (index % 1000 === 0) clock.advance(1000)
      list.set(`n${index}`, { user: `user-${index % 7}`, expiresAtMs: clock.now() + 1000 })
    }
    expect(list.size).toBeLessThan(5000)
  })

  it('decides as a search through all of its revocations would', () => {
    const name = fc.constantFrom('a', 'b', '__proto__', '')
    const change = fc.record({
      name: fc.constantFrom('1', '2', '3'),
      remove: fc.boolean(),
      user: fc.constantFrom('a', 'b', '__proto__'),
      issuedBeforeMs: fc.option(fc.constantFrom(1, 2, 3), { nil: undefined }),
    })
    fc.assert(
      fc.property(
        fc.array(change),
        name,
        fc.option(fc.constantFrom(1, 2, 3)),
        (changes, username, issued) => {
          const list = revocationList({ clockSkewSeconds: 0 })
          const model = new Map<string, Revocation>()
          for (const { name: key, remove, user, issuedBeforeMs } of changes) {
            const revocation = { user, ...(issuedBeforeMs !== undefined && { issuedBeforeMs }) }
            if (remove) {
              list.delete(key)
              model.delete(key)
            } else {
              list.set(key, revocation)
              model.set(key, revocation)
            }
          }
          const issuedAtMs = issued ?? undefined
          const expected = [...model.values()].some(
            ({ user, issuedBeforeMs }) =>
              user === username &&
              (issuedBeforeMs === undefined || issuedAtMs === undefined || issuedAtMs < issuedBeforeMs),
          )
          expect(list.isRevoked({ ...credential, user: userInfo({ username }), issuedAtMs })).toBe(expected)
        },
      ),
    )
  })
})

describe('watch', () => {
  it.each<[Revocation]>([
    [{ user: 'jane' }],
    [{ credentialId: 'JTI=2f6c' }],
    [{ tokenSha256: TOKEN }],
    [{ attribute: { key: SESSION, value: 's2' } }],
    [{ user: 'jane', issuedBeforeMs: NOW }],
  ])('tells once of %j', (revocation) => {
    const list = revocationList({ clock: fixedClock(NOW) })
    const onRevoked = vi.fn<() => void>()
    list.watch(credential, onRevoked)
    list.set('other', { user: 'bob' })
    expect(onRevoked).not.toHaveBeenCalled()
    list.set('one', revocation)
    list.set('again', revocation)
    expect(onRevoked).toHaveBeenCalledOnce()
  })

  it('tells at once if it is revoked already, and never what it was stopped for', () => {
    const list = listWith({ user: 'jane' })
    const onRevoked = vi.fn<() => void>()
    list.watch(credential, onRevoked)
    expect(onRevoked).toHaveBeenCalledOnce()
    list.delete('one')
    const stopped = vi.fn<() => void>()
    list.watch(credential, stopped)()
    list.set('one', { user: 'jane' })
    expect(stopped).not.toHaveBeenCalled()
  })

  it('tells all others if one listener throws', () => {
    const list = revocationList()
    const onRevoked = vi.fn<() => void>()
    list.watch(credential, () => {
      throw new Error('broken')
    })
    list.watch(credential, onRevoked)
    list.set('one', { user: 'jane' })
    expect(onRevoked).toHaveBeenCalledOnce()
  })

  it('tells nothing of a revocation that has ended, or is of earlier credentials', () => {
    const list = revocationList({ clock: fixedClock(NOW), clockSkewSeconds: 0 })
    const onRevoked = vi.fn<() => void>()
    list.watch(credential, onRevoked)
    list.set('ended', { user: 'jane', expiresAtMs: NOW })
    list.set('earlier', { user: 'jane', issuedBeforeMs: NOW })
    expect(onRevoked).not.toHaveBeenCalled()
  })
})
