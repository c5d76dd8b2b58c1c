import { type Authentication, emptyContext, type TokenAuthenticator } from '@kube-authn/core'
import { serviceAccountToken } from '@kube-authn/core/service-account'
import { describe, expect, test } from 'vitest'
import { fixedClock } from '../fixed-clock.ts'
import { createServiceAccounts, type ServiceAccountsOptions } from './service-accounts.ts'

const there: ServiceAccountsOptions = {
  serviceAccounts: [{ namespace: 'shop', name: 'cart', uid: '1' }],
  pods: [{ namespace: 'shop', name: 'cart-0', uid: '2', serviceAccountName: 'cart', nodeName: 'node-1' }],
  secrets: [{ namespace: 'shop', name: 'cart-secret', uid: '3', data: {} }],
  nodes: [{ name: 'node-1', uid: '4' }],
}

/** What it says of a token, which it may say or throw at once. */
async function ask(tokens: TokenAuthenticator, token: string): Promise<Authentication | undefined> {
  return tokens.authenticateToken(token, emptyContext)
}

describe('createServiceAccounts', () => {
  test('makes an account without being told any, whose token is known', async () => {
    const accounts = await createServiceAccounts()
    const tokens = serviceAccountToken(accounts)
    const token = await accounts.token('default', 'default')
    expect(await tokens.authenticateToken(token, emptyContext)).toMatchObject({
      user: {
        username: 'system:serviceaccount:default:default',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default'],
      },
      audiences: ['https://kubernetes.default.svc'],
    })
  })

  test.each([
    ['Pod', 'cart-0', 'authentication.kubernetes.io/pod-name'],
    ['Node', 'node-1', 'authentication.kubernetes.io/node-name'],
  ] as const)('binds tokens to a %s', async (kind, name, key) => {
    const accounts = await createServiceAccounts(there)
    const token = await accounts.token('shop', 'cart', { boundTo: { kind, name } })
    const known = await serviceAccountToken(accounts).authenticateToken(token, emptyContext)
    expect(known?.user.extra[key]).toEqual([name])
  })

  test('binds tokens to a secret', async () => {
    const accounts = await createServiceAccounts(there)
    const token = await accounts.token('shop', 'cart', { boundTo: { kind: 'Secret', name: 'cart-secret' } })
    expect(await serviceAccountToken(accounts).authenticateToken(token, emptyContext)).toBeDefined()
    // The same keys, but the secret is gone.
    const { objects } = await createServiceAccounts({ ...there, secrets: [] })
    const tokens = serviceAccountToken({ ...accounts, objects })
    await expect(ask(tokens, token)).rejects.toMatchObject({ code: 'rejected' })
  })

  test('issues tokens for audiences, until they expire by its clock', async () => {
    const clock = fixedClock()
    const accounts = await createServiceAccounts({ ...there, clock, issuer: 'https://issuer.example.com' })
    const init = { audiences: ['vault'], expirationSeconds: 600 }
    const token = await accounts.token('shop', 'cart', init)
    const tokens = serviceAccountToken({ ...accounts, audiences: ['vault'] })
    expect(await tokens.authenticateToken(token, emptyContext)).toMatchObject({ audiences: ['vault'] })
    await expect(ask(serviceAccountToken(accounts), token)).rejects.toThrow('token audiences')
    clock.advance(662_000)
    await expect(ask(tokens, token)).rejects.toThrow('expired')
  })

  test('does not know the tokens of others with the same name', async () => {
    const token = await (await createServiceAccounts()).token('default', 'default')
    const tokens = serviceAccountToken(await createServiceAccounts())
    await expect(ask(tokens, token)).rejects.toMatchObject({ code: 'rejected' })
  })

  test.each([
    ['an account that is not there', 'shop', 'till', {}, 'serviceaccounts "till" not found'],
    ['another namespace', 'default', 'cart', {}, 'serviceaccounts "cart" not found'],
    [
      'a pod that is not there',
      'shop',
      'cart',
      { boundTo: { kind: 'Pod', name: 'cart-1' } },
      'pods "cart-1" not found',
    ],
    ['too short a time', 'shop', 'cart', { expirationSeconds: 599 }, '10 minutes'],
  ] as const)('issues no token for %s', async (_, namespace, name, init, message) => {
    const accounts = await createServiceAccounts(there)
    await expect(accounts.token(namespace, name, init)).rejects.toThrow(message)
  })
})
