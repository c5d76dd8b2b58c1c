import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixedClock, thrownBy } from '../../../test/fakes.ts'
import type { Authentication } from '../../authenticator/authenticator.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { rejected } from '../../authenticator/errors.ts'
import type { Secret } from '../../internal/secret.ts'
import { bootstrapSecrets } from './bootstrap-secrets.ts'
import { bootstrapToken } from './bootstrap-token.ts'
import { bootstrapGroups } from './secret-fields.ts'
import { parseBootstrapToken, tokenIdOfSecretName } from './token-format.ts'

const NOW = Date.UTC(2030, 0, 1)
const TOKEN = 'abcdef.0123456789abcdef'

function secretWith(data: Record<string, string> = {}, rest: Partial<Secret> = {}): Secret {
  return {
    namespace: 'kube-system',
    name: 'bootstrap-token-abcdef',
    uid: 'u1',
    type: 'bootstrap.kubernetes.io/token',
    data: {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      ...data,
    },
    ...rest,
  }
}

function answer(secret: Secret, token = TOKEN): Authentication | undefined {
  const tokens = bootstrapToken({ secrets: bootstrapSecrets([secret]), clock: fixedClock(NOW) })
  return tokens.authenticateToken(token, emptyContext) as Authentication | undefined
}

describe('a bootstrap token', () => {
  it.each([
    ['nothing more', secretWith(), ['system:bootstrappers']],
    ['time left', secretWith({ expiration: '2030-01-01T00:00:01Z' }), ['system:bootstrappers']],
    ['an empty expiration', secretWith({ expiration: '' }), ['system:bootstrappers']],
    [
      'groups, each of which counts once and in order',
      secretWith({
        'auth-extra-groups': 'system:bootstrappers:b,system:bootstrappers:a,system:bootstrappers:b',
      }),
      ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:b'],
    ],
  ])('is known with %s', (_, secret, groups) => {
    expect(answer(secret)?.user).toEqual({
      username: 'system:bootstrap:abcdef',
      uid: '',
      groups,
      extra: Object.create(null),
    })
  })

  it('ends for caches when it expires', () => {
    expect(answer(secretWith({ expiration: '2030-01-01T00:00:01Z' }))?.expiresAtMs).toBe(NOW + 1000)
    expect(answer(secretWith())).not.toHaveProperty('expiresAtMs')
  })

  it.each([
    ['the secret is of another type', secretWith({}, { type: 'Opaque' })],
    ['the secret has no type', { ...secretWith(), type: undefined } as unknown as Secret],
    ['the secret is in another namespace', secretWith({}, { namespace: 'default' })],
    ['the secret is being deleted', secretWith({}, { deletionTimestampMs: NOW - 1 })],
    ['the secret is to be deleted', secretWith({}, { deletionTimestampMs: NOW + 60_000 })],
    ['the secret part is another', secretWith({ 'token-secret': '0123456789abcdeg' })],
    ['the secret part is empty', secretWith({ 'token-secret': '' })],
    ['the id is another', secretWith({ 'token-id': 'abcdeg' })],
    ['it has just expired', secretWith({ expiration: '2030-01-01T00:00:00Z' })],
    ['the expiration cannot be read', secretWith({ expiration: 'tomorrow' })],
    ['it may not be used for this', secretWith({ 'usage-bootstrap-authentication': 'false' })],
    ['its usage is nearly true', secretWith({ 'usage-bootstrap-authentication': 'True' })],
    ['a group is none of ours', secretWith({ 'auth-extra-groups': 'system:masters' })],
    ['one of the groups is none of ours', secretWith({ 'auth-extra-groups': 'system:bootstrappers:a,b' })],
    ['the groups end with a comma', secretWith({ 'auth-extra-groups': 'system:bootstrappers:a,' })],
    [
      'a space is between the groups',
      secretWith({ 'auth-extra-groups': 'system:bootstrappers:a, system:bootstrappers:b' }),
    ],
  ])('is not known when %s', (_, secret) => {
    expect(answer(secret)).toBeUndefined()
  })

  it('does not take the secret of a getter that looked elsewhere', () => {
    const elsewhere = { getSecret: () => secretWith({}, { namespace: 'default' }) }
    expect(bootstrapToken({ secrets: elsewhere }).authenticateToken(TOKEN, emptyContext)).toBeUndefined()
  })

  it('is an error only when the secret cannot be read, and the error has nothing of it', async () => {
    for (const getSecret of [
      () => {
        throw new Error('down')
      },
      () => Promise.reject(new Error('down')),
    ]) {
      const tokens = bootstrapToken({ secrets: { getSecret } })
      const error = await thrownBy(() => tokens.authenticateToken(TOKEN, emptyContext))
      expect(error).toMatchObject({ code: 'unavailable' })
      expect(String(error)).not.toMatch(/abcdef|0123456789/)
    }
    const refusing = bootstrapToken({
      secrets: {
        getSecret: () => {
          throw rejected('no')
        },
      },
    })
    expect(await thrownBy(() => refusing.authenticateToken(TOKEN, emptyContext))).toMatchObject({
      code: 'rejected',
    })
  })

  it('is looked up by nothing but its id', async () => {
    const asked: string[] = []
    const tokens = bootstrapToken({
      secrets: {
        getSecret: (name) => {
          asked.push(name)
          return Promise.resolve(undefined)
        },
      },
    })
    for (const token of [TOKEN, 'x', '../../x.0123456789abcdef', `${TOKEN}\n`]) {
      expect(await tokens.authenticateToken(token, emptyContext)).toBeUndefined()
    }
    expect(asked).toEqual(['bootstrap-token-abcdef'])
  })
})

describe('the form of a token', () => {
  it.each([
    '',
    'abcdef',
    'abcdef.',
    'abcde.0123456789abcdef',
    'abcdefg.0123456789abcdef',
    'abcdef.0123456789abcde',
    'abcdef.0123456789abcdefg',
    'ABCDEF.0123456789abcdef',
    'abcdef.0123456789ABCDEF',
    'abcdef:0123456789abcdef',
    ' abcdef.0123456789abcdef',
    'abcdef.0123456789abcdef\n',
    'abcdéf.0123456789abcdef',
  ])('is not %j', (text) => {
    expect(parseBootstrapToken(text)).toBeUndefined()
  })

  it('is two parts of small letters and digits', () => {
    const part = (length: number): fc.Arbitrary<string> =>
      fc.stringMatching(new RegExp(`^[a-z0-9]{${length}}$`))
    fc.assert(
      fc.property(part(6), part(16), (id, secret) => {
        expect(parseBootstrapToken(`${id}.${secret}`)).toEqual({ id, secret })
        expect(tokenIdOfSecretName(`bootstrap-token-${id}`)).toBe(id)
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => parseBootstrapToken(text) === undefined))
  })

  it('gives groups that all begin as they must, or none', () => {
    const piece = fc.constantFrom('system:bootstrappers:', 'a', '-', ':', ',', ' ', 'system:masters')
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const groups = bootstrapGroups(pieces.join(''))
        expect((groups ?? []).every((group) => /^system:bootstrappers(:|$)/.test(group))).toBe(true)
      }),
    )
  })
})

describe('a secret that is watched', () => {
  /** A secret that may change, and the revocation of its token. */
  function watched() {
    const state: { secret: Secret | undefined } = { secret: secretWith() }
    const clock = fixedClock(NOW)
    const tokens = bootstrapToken({
      secrets: { getSecret: () => state.secret, watchSecret: () => () => undefined },
      clock,
    })
    const accepted = tokens.authenticateToken(TOKEN, emptyContext) as Authentication
    return { state, clock, isRevoked: () => accepted.revocation?.isRevoked() }
  }

  it.each<[string, Secret | undefined, boolean]>([
    ['is as before', secretWith(), false],
    ['has another description', secretWith({ description: 'x' }), false],
    ['has another token', secretWith({ 'token-secret': 'fedcba9876543210' }), true],
    ['may not be used any more', secretWith({ 'usage-bootstrap-authentication': 'false' }), true],
    ['has expired', secretWith({ expiration: '2029-12-31T23:59:59Z' }), true],
    ['is being deleted', secretWith({}, { deletionTimestampMs: NOW }), true],
    ['is gone', undefined, true],
  ])('revokes its token or not when it %s', (_, secret, expected) => {
    const { state, isRevoked } = watched()
    expect(isRevoked()).toBe(false)
    state.secret = secret
    expect(isRevoked()).toBe(expected)
  })

  it('is not there without watchSecret', () => {
    expect(answer(secretWith())).not.toHaveProperty('revocation')
  })
})
