import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../../../core/test/fakes.ts'
import { type Secret, createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import { cleanBootstrapSecret } from './bootstrap-token-controller.ts'

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

/** What becomes of a secret, and in how many milliseconds it is looked at again. */
async function cleaned(secret: Secret): Promise<{ isDeleted: boolean; againAfterMs: number | undefined }> {
  let isDeleted = false
  const againAfterMs = await cleanBootstrapSecret(secret, NOW, () => {
    isDeleted = true
  })
  return { isDeleted, againAfterMs }
}

describe('the token cleaner', () => {
  it.each([
    ['has expired', secretOf('2029-12-31T23:59:59Z')],
    ['expires now', secretOf('2030-01-01T00:00:00Z')],
    ['has an expiration that cannot be read', secretOf('garbage')],
  ])('deletes a secret that %s', async (_, secret) => {
    expect(await cleaned(secret)).toEqual({ isDeleted: true, againAfterMs: undefined })
  })

  it.each([
    ['never expires', secretOf(undefined)],
    ['has an empty expiration', secretOf('')],
    ['is of another type', secretOf('garbage', { type: 'Opaque' })],
    ['is in another namespace', secretOf('garbage', { namespace: 'default' })],
  ])('leaves a secret that %s', async (_, secret) => {
    expect(await cleaned(secret)).toEqual({ isDeleted: false, againAfterMs: undefined })
  })

  it('comes back exactly when a secret expires', async () => {
    expect(await cleaned(secretOf('2030-01-01T00:01:00Z'))).toEqual({
      isDeleted: false,
      againAfterMs: 60_000,
    })
  })

  it('fails if the secret cannot be deleted', async () => {
    const down = cleanBootstrapSecret(secretOf('garbage'), NOW, () => Promise.reject(new Error('down')))
    await expect(down).rejects.toThrow('down')
  })

  it('ends a token that was made for a time when that is over', async () => {
    const { secret } = createBootstrapToken({
      clock: fixedClock(NOW),
      expirationSeconds: 60,
    })
    expect(await cleaned(secret)).toEqual({ isDeleted: false, againAfterMs: 60_000 })
  })
})
