import { celCompiler } from '@kube-authn/cel/kubernetes'
import { oidc } from '@kube-authn/core/oidc'
import { createIssuer, fixedClock } from '@kube-authn/testing'
import { checksOf } from './check.mjs'
import { expectEqual, expectText, thrownBy } from './expect.mjs'
import { whoseToken } from './requests.mjs'

const check = checksOf('oidc')
const NOW_MS = Date.UTC(2030, 0, 1)
const clock = () => fixedClock(NOW_MS)

/** An issuer and its authenticator. */
async function worldOf({ issuerOptions = {}, isDown = false, ...options } = {}) {
  const now = clock()
  const issuer = await createIssuer({ signingAlgorithms: ['ES256'], clock: now, ...issuerOptions })
  if (isDown) issuer.stop({ status: 503 })
  const tokens = oidc({
    issuer: issuer.url,
    audience: 'app',
    claimMappings: {
      username: { claim: 'sub', prefix: 'o:' },
      groups: { claim: 'groups', prefix: 'o:' },
    },
    fetch: issuer.fetch,
    clock: now,
    ...options,
  })
  const sign = (claims, signOptions) =>
    issuer.sign({ aud: 'app', sub: 'jane', groups: ['dev'], ...claims }, signOptions)
  return { clock: now, issuer, tokens, sign }
}

const keyFetches = ({ requests }) => requests.filter(({ path }) => !path.includes('.well-known')).length

for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'ES512']) {
  check(`knows a user by a token signed with ${alg}`, async () => {
    const { tokens, sign } = await worldOf({ issuerOptions: { signingAlgorithms: [alg] } })
    const user = await whoseToken(tokens, await sign())
    expectEqual([user.username, user.groups], ['o:jane', ['o:dev']])
  })

  check(`rejects a token of ${alg} that was changed`, async () => {
    const { tokens, sign } = await worldOf({ issuerOptions: { signingAlgorithms: [alg] } })
    const [header, , signature] = (await sign()).split('.')
    const [, payload] = (await sign({ sub: 'root' })).split('.')
    expectEqual(await whoseToken(tokens, [header, payload, signature].join('.')), 'rejected')
  })
}

check('rejects tokens that are expired, for another audience, or not canonical', async () => {
  const { tokens, sign } = await worldOf()
  const good = await sign()
  for (const token of [
    await sign({}, { expirationSeconds: -11 }),
    await sign({ aud: 'other' }),
    await sign({ nbf: NOW_MS / 1000 + 3600 }),
    await sign({ sub: undefined }),
    `${good}=`,
    `${good.slice(0, -4)} ${good.slice(-4)}`,
  ]) {
    const verdict = await whoseToken(tokens, token)
    expectEqual(verdict === 'rejected' || verdict === undefined, true)
  }
})

check('has no opinion on tokens of others', async () => {
  const { tokens, sign } = await worldOf()
  for (const token of ['', 'x', 'a.b.c', await sign({ iss: 'https://other.example.com' })]) {
    expectEqual(await whoseToken(tokens, token), undefined)
  }
})

check('learns a new key when a token needs it, and fetches once for all who wait', async () => {
  const { issuer, tokens, sign } = await worldOf()
  await whoseToken(tokens, await sign())
  expectEqual(keyFetches(issuer), 1)
  await issuer.rotate()
  const token = await sign()
  const users = await Promise.all([1, 2, 3].map(() => whoseToken(tokens, token)))
  expectEqual(
    users.map(({ username }) => username),
    ['o:jane', 'o:jane', 'o:jane'],
  )
  expectEqual(keyFetches(issuer), 2)
})

check('keeps the keys it has while the issuer is down', async () => {
  const { clock: now, issuer, tokens, sign } = await worldOf()
  const token = await sign({}, { expirationSeconds: 86_400 })
  await whoseToken(tokens, token)
  issuer.stop()
  now.advance(3_600_000)
  expectEqual((await whoseToken(tokens, token)).username, 'o:jane')
})

check('forgets a key that the issuer withdrew, when its time is over', async () => {
  const { clock: now, issuer, tokens, sign } = await worldOf()
  const token = await sign({}, { expirationSeconds: 86_400 })
  await whoseToken(tokens, token)
  await issuer.rotate({ withdrawOthers: true })
  expectEqual((await whoseToken(tokens, token)).username, 'o:jane')
  now.advance(600_000)
  // The request that finds the keys stale still uses them.
  await whoseToken(tokens, token)
  await whoseToken(tokens, await sign())
  expectEqual(await whoseToken(tokens, token), 'rejected')
})

check('cannot tell while an issuer that it never reached is down', async () => {
  const { clock: now, issuer, tokens, sign } = await worldOf({ isDown: true })
  expectEqual(await whoseToken(tokens, await sign()), 'unavailable')
  issuer.start()
  await now.advanceAsync(10_000)
  expectEqual((await whoseToken(tokens, await sign())).username, 'o:jane')
})

check('maps and validates claims by expressions', async () => {
  const { tokens, sign } = await worldOf({
    compiler: celCompiler(),
    claimMappings: {
      username: { expression: "claims.sub.matches('^[a-z]+$') ? 'o:' + claims.sub : 'o:odd'" },
      extra: [{ key: 'example.com/tenant', valueExpression: 'claims.?tenant.orValue("none")' }],
    },
    claimValidationRules: [{ expression: 'claims.hd == "example.com"', message: 'another domain' }],
    userValidationRules: [{ expression: "!user.username.startsWith('system:')" }],
  })
  const claims = { hd: 'example.com' }
  const { username, extra } = await whoseToken(tokens, await sign(claims))
  expectEqual([username, extra['example.com/tenant']], ['o:jane', ['none']])
  expectEqual((await whoseToken(tokens, await sign({ ...claims, sub: 'J4' }))).username, 'o:odd')
  expectEqual(await whoseToken(tokens, await sign({ ...claims, hd: 'example.org' })), 'rejected')
  expectEqual(await whoseToken(tokens, await sign({})), 'rejected')
})

check('maps lists by expressions', async () => {
  const { tokens, sign } = await worldOf({
    compiler: celCompiler(),
    claimMappings: {
      username: { claim: 'sub', prefix: '' },
      groups: { expression: "claims.realm.roles.map(role, 'role:' + role)" },
    },
  })
  const { groups } = await whoseToken(tokens, await sign({ realm: { roles: ['a', 'b'] } }))
  expectEqual(groups, ['role:a', 'role:b'])
  expectEqual(await whoseToken(tokens, await sign({})), 'rejected')
})

check('says everything that is wrong with its options when it is made', async () => {
  const error = await thrownBy(() =>
    oidc({
      issuer: 'http://issuer.example.com',
      audience: [],
    }),
  )
  expectEqual(error.name, 'ConfigurationError')
  expectText(error.message, 'issuer: ')
  expectText(error.message, 'audience: ')
})
