import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../../test/fakes.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { bootstrapSecrets } from './bootstrap-secrets.ts'
import { bootstrapToken } from './bootstrap-token.ts'
import { createBootstrapToken } from './create.ts'

const clock = fixedClock(Date.UTC(2030, 0, 1))

describe('createBootstrapToken', () => {
  it('makes a token that is known by the secret it comes with', () => {
    const { token, secret } = createBootstrapToken({ groups: ['system:bootstrappers:workers'], clock })
    const tokens = bootstrapToken({ secrets: bootstrapSecrets([secret]), clock })
    expect(tokens.authenticateToken(token, emptyContext)).toMatchObject({
      user: { groups: ['system:bootstrappers', 'system:bootstrappers:workers'] },
      expiresAtMs: Date.UTC(2030, 0, 2),
    })
  })

  it('fills in what it is told', () => {
    const { token, secret } = createBootstrapToken({
      clock,
      random: () => 0,
      expirationSeconds: Infinity,
      signing: true,
      description: 'x',
    })
    expect(token).toBe('aaaaaa.aaaaaaaaaaaaaaaa')
    expect(secret).toMatchObject({ namespace: 'kube-system', name: 'bootstrap-token-aaaaaa' })
    expect(secret.data).toEqual({
      'token-id': 'aaaaaa',
      'token-secret': 'aaaaaaaaaaaaaaaa',
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
      description: 'x',
    })
  })

  it('reaches every character, and none beyond', () => {
    expect(createBootstrapToken({ random: () => 1 - 2 ** -32 }).token).toBe('999999.9999999999999999')
    expect(createBootstrapToken().token).not.toBe(createBootstrapToken().token)
  })

  it.each([
    ['a group of others', { groups: ['system:bootstrappers:a', 'system:masters'] }, 'groups[1]'],
    ['a group with a comma', { groups: ['system:bootstrappers:a,b'] }, 'groups[0]'],
    ['no time', { expirationSeconds: 0 }, 'expirationSeconds'],
    ['time that has passed', { expirationSeconds: -1 }, 'expirationSeconds'],
    ['a time that is none', { expirationSeconds: Number.NaN }, 'expirationSeconds'],
    ['a time beyond all dates', { expirationSeconds: 1e18 }, 'expirationSeconds'],
  ])('refuses %s', (_, options, path) => {
    expect(() => createBootstrapToken(options)).toThrow(ConfigurationError)
    expect(() => createBootstrapToken(options)).toThrow(path)
  })
})
