import { describe, expect, it } from 'vitest'
import { fixedClock, settled } from '../../../../core/test/fakes.ts'
import { type Secret, bootstrapSecrets, createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import { bootstrapTokenCleaner } from './bootstrap-token-cleaner.ts'

const NOW = Date.UTC(2030, 0, 1)

function secretOf(expiration: string | undefined, rest: Partial<Secret> = {}): Secret {
  return {
    namespace: 'kube-system',
    name: 'bootstrap-token-abcdef',
    uid: 'u1',
    type: 'bootstrap.kubernetes.io/token',
    data: expiration === undefined ? {} : { expiration },
    ...rest,
  }
}

describe('the token cleaner', () => {
  it.each([
    ['has expired', secretOf('2029-12-31T23:59:59Z')],
    ['expires now', secretOf('2030-01-01T00:00:00Z')],
    ['has an expiration that cannot be read', secretOf('garbage')],
  ])('deletes a secret that %s', async (_, secret) => {
    const secrets = bootstrapSecrets([secret])
    await bootstrapTokenCleaner({ secrets, clock: fixedClock(NOW) }).check(secret.name)
    expect(secrets.getSecret(secret.name)).toBeUndefined()
  })

  it.each([
    ['never expires', secretOf(undefined)],
    ['has an empty expiration', secretOf('')],
    ['is of another type', secretOf('garbage', { type: 'Opaque' })],
    ['is in another namespace', secretOf('garbage', { namespace: 'default' })],
  ])('leaves a secret that %s', async (_, secret) => {
    const clock = fixedClock(NOW)
    const deleted: string[] = []
    const secrets = { getSecret: () => secret, deleteSecret: (name: string) => void deleted.push(name) }
    await bootstrapTokenCleaner({ secrets, clock }).check(secret.name)
    expect(deleted).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('comes back exactly when a secret expires, once, whatever it was told before', async () => {
    const clock = fixedClock(NOW)
    const secrets = bootstrapSecrets([secretOf('2030-01-01T00:01:00Z')])
    const cleaner = bootstrapTokenCleaner({ secrets, clock })
    await Promise.all([cleaner.check('bootstrap-token-abcdef'), cleaner.check('bootstrap-token-abcdef')])
    expect(clock.pending).toBe(1)
    clock.advance(59_999)
    await settled()
    expect(secrets.getSecret('bootstrap-token-abcdef')).toBeDefined()
    clock.advance(1)
    await settled()
    expect(secrets.getSecret('bootstrap-token-abcdef')).toBeUndefined()
  })

  it('reads again what may have been prolonged', async () => {
    const clock = fixedClock(NOW)
    const secrets = bootstrapSecrets([secretOf('2030-01-01T00:01:00Z')])
    await bootstrapTokenCleaner({ secrets, clock }).check('bootstrap-token-abcdef')
    secrets.putSecret(secretOf('2030-01-01T01:00:00Z'))
    clock.advance(60_000)
    await settled()
    expect(secrets.getSecret('bootstrap-token-abcdef')).toBeDefined()
    expect(clock.pending).toBe(1)
  })

  it('deletes nothing that took the place of what it saw', () => {
    const secrets = bootstrapSecrets([secretOf('garbage', { uid: 'u2' })])
    secrets.deleteSecret('bootstrap-token-abcdef', { uid: 'u1' })
    expect(secrets.getSecret('bootstrap-token-abcdef')).toBeDefined()
  })

  it('tells of what failed, and goes on', async () => {
    const errors: unknown[] = []
    const failing = {
      getSecret: () => secretOf('garbage'),
      deleteSecret: () => Promise.reject(new Error('forbidden')),
    }
    const cleaner = bootstrapTokenCleaner({
      secrets: failing,
      clock: fixedClock(NOW),
      onError: (error) => errors.push(error),
    })
    await cleaner.check('bootstrap-token-abcdef')
    expect(errors).toEqual([new Error('forbidden')])
  })

  it('goes on when onError throws too', async () => {
    const clock = fixedClock(NOW)
    let isDown = true
    const deleted: string[] = []
    const cleaner = bootstrapTokenCleaner({
      secrets: {
        getSecret: () => (isDown ? Promise.reject(new Error('down')) : secretOf('garbage')),
        deleteSecret: (name) => void deleted.push(name),
      },
      clock,
      onError() {
        throw new Error('the log is full')
      },
    })
    await cleaner.check('bootstrap-token-abcdef')
    isDown = false
    await cleaner.check('bootstrap-token-abcdef')
    expect(deleted).toEqual(['bootstrap-token-abcdef'])
  })

  it('tries again what could not be read when its time had come, however long that lasts', async () => {
    const clock = fixedClock(NOW)
    const secrets = bootstrapSecrets([secretOf('2030-01-01T00:01:00Z')])
    let isDown = false
    const errors: unknown[] = []
    const cleaner = bootstrapTokenCleaner({
      secrets: {
        ...secrets,
        getSecret: (name) => (isDown ? Promise.reject(new Error('down')) : secrets.getSecret(name)),
      },
      clock,
      onError: (error) => errors.push(error),
    })
    await cleaner.check('bootstrap-token-abcdef')
    isDown = true
    for (let times = 0; times < 20; times++) {
      clock.advance(1_000_000)
      await settled()
    }
    expect(errors.length).toBeGreaterThan(10)
    expect(secrets.getSecret('bootstrap-token-abcdef')).toBeDefined()
    isDown = false
    clock.advance(1_000_000)
    await settled()
    expect(secrets.getSecret('bootstrap-token-abcdef')).toBeUndefined()
    expect(clock.pending).toBe(0)
  })

  it('tries again what it could not delete', async () => {
    const clock = fixedClock(NOW)
    let isDown = true
    const deleted: string[] = []
    const cleaner = bootstrapTokenCleaner({
      secrets: {
        getSecret: () => secretOf('garbage'),
        deleteSecret: (name) => (isDown ? Promise.reject(new Error('down')) : void deleted.push(name)),
      },
      clock,
    })
    await cleaner.check('bootstrap-token-abcdef')
    isDown = false
    expect([deleted, clock.pending]).toEqual([[], 1])
    clock.advance(5)
    await settled()
    expect([deleted, clock.pending]).toEqual([['bootstrap-token-abcdef'], 0])
  })

  it('does nothing any more once it is stopped', async () => {
    const clock = fixedClock(NOW)
    const secrets = bootstrapSecrets([secretOf('2030-01-01T00:01:00Z')])
    const cleaner = bootstrapTokenCleaner({ secrets, clock })
    await cleaner.check('bootstrap-token-abcdef')
    cleaner.stop()
    expect(clock.pending).toBe(0)
    await cleaner.check('bootstrap-token-abcdef')
    expect(clock.pending).toBe(0)
  })

  it('ends a token that was made for a time when that is over', async () => {
    const clock = fixedClock(NOW)
    const { secret } = createBootstrapToken({ expirationSeconds: 60, clock })
    const secrets = bootstrapSecrets([secret])
    await bootstrapTokenCleaner({ secrets, clock }).check(secret.name)
    clock.advance(60_000)
    await settled()
    expect(secrets.getSecret(secret.name)).toBeUndefined()
  })
})
