import { serviceAccountToken } from '@kube-authn/core/service-account'
import { issuerDiscovery, tokenIssuer } from '@kube-authn/issuer'
import { createServiceAccounts, fixedClock } from '@kube-authn/testing'
import { checksOf } from './check.mjs'
import { expectEqual, thrownBy } from './expect.mjs'
import { whoseToken } from './requests.mjs'

const check = checksOf('service accounts')
const NOW_MS = Date.UTC(2030, 0, 1)
const SHOP = {
  serviceAccounts: [{ namespace: 'shop', name: 'cart', uid: '1' }],
  pods: [{ namespace: 'shop', name: 'cart-0', uid: '2', serviceAccountName: 'cart' }],
}

async function worldOf() {
  const clock = fixedClock(NOW_MS)
  const accounts = await createServiceAccounts({ ...SHOP, clock })
  return { clock, accounts, tokens: serviceAccountToken(accounts) }
}

check('are known by tokens that were issued here', async () => {
  const { accounts, tokens } = await worldOf()
  const { username, uid, groups } = await whoseToken(tokens, await accounts.token('shop', 'cart'))
  expectEqual([username, uid], ['system:serviceaccount:shop:cart', '1'])
  expectEqual(groups, ['system:serviceaccounts', 'system:serviceaccounts:shop'])
})

check('are told with the pod that a token is bound to', async () => {
  const { accounts, tokens } = await worldOf()
  const token = await accounts.token('shop', 'cart', { boundTo: { kind: 'Pod', name: 'cart-0' } })
  const { extra } = await whoseToken(tokens, token)
  expectEqual(extra['authentication.kubernetes.io/pod-name'], ['cart-0'])
})

check('are rejected when a token is expired, or for another audience', async () => {
  const { clock, accounts, tokens } = await worldOf()
  const token = await accounts.token('shop', 'cart', { expirationSeconds: 600 })
  const other = await accounts.token('shop', 'cart', { audiences: ['vault'] })
  expectEqual(await whoseToken(tokens, other), 'rejected')
  expectEqual((await whoseToken(tokens, token)).uid, '1')
  clock.advance(3_600_000)
  expectEqual(await whoseToken(tokens, token), 'rejected')
})

check('are rejected when another key signed, or the service account is another by now', async () => {
  const { accounts, tokens } = await worldOf()
  const others = await createServiceAccounts({ ...SHOP, clock: accounts.clock })
  expectEqual(await whoseToken(tokens, await others.token('shop', 'cart')), 'rejected')
  const reborn = serviceAccountToken({
    ...accounts,
    objects: (
      await createServiceAccounts({ serviceAccounts: [{ namespace: 'shop', name: 'cart', uid: '9' }] })
    ).objects,
  })
  expectEqual(await whoseToken(reborn, await accounts.token('shop', 'cart')), 'rejected')
})

check('get no token that they may not have', async () => {
  const { accounts } = await worldOf()
  const { issue } = tokenIssuer({
    issuer: 'https://issuer.example.com',
    signingKey: accounts.signingKey,
    objects: accounts.objects,
    clock: accounts.clock,
  })
  const error = await thrownBy(() => issue({ namespace: 'shop', name: 'nobody' }, { spec: {} }))
  expectEqual(error.status, 404)
})

check('are discovered by the keys of their issuer', async () => {
  const { accounts } = await worldOf()
  const discovery = issuerDiscovery({
    issuer: 'https://issuer.example.com',
    keys: accounts.keys,
    externalAddress: 'issuer.example.com',
  })
  const description = JSON.parse(discovery.documentAt('/.well-known/openid-configuration').body)
  expectEqual(description.jwks_uri, 'https://issuer.example.com/openid/v1/jwks')
  const { keys } = JSON.parse(discovery.documentAt('/openid/v1/jwks').body)
  expectEqual(
    keys.map(({ kty, alg, d }) => [kty, alg, d]),
    [['EC', 'ES256', undefined]],
  )
  expectEqual(discovery.documentAt('/openid/v1'), undefined)
})
