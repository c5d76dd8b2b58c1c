import { authenticatorChain } from '@kube-authn/core'
import { fetchRequest } from '@kube-authn/core/adapter'
import { dpop } from '@kube-authn/core/dpop'
import { oidc } from '@kube-authn/core/oidc'
import { createDpopClient, createIssuer } from '@kube-authn/testing'
import { checksOf } from './check.mjs'
import { expectEqual } from './expect.mjs'

const check = checksOf('bound tokens')
const URL_OF_REQUEST = 'https://api.example.com/orders'

/** The name of the user of a request with a proof, or the reason of the refusal. */
async function nameFor({ chain, client, token, ...proof }) {
  const headers = await client.headers({ url: URL_OF_REQUEST, token, ...proof })
  return nameIn(chain, new Request(URL_OF_REQUEST, { headers: headers.map((each) => [...each]) }))
}

async function nameIn(chain, request) {
  try {
    return (await chain.authenticate(fetchRequest(request), {}))?.user.username
  } catch (error) {
    return error.message
  }
}

async function worldOf(options, algorithm) {
  const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
  const client = await createDpopClient(algorithm === undefined ? {} : { signingAlgorithm: algorithm })
  const token = await issuer.sign({ aud: 'app', sub: 'jane', cnf: { jkt: client.thumbprint } })
  const tokens = oidc({
    issuer: issuer.url,
    audience: 'app',
    usernamePrefix: '',
    fetch: issuer.fetch,
    signingAlgorithms: ['ES256'],
  })
  const chain = authenticatorChain({
    tokens: [tokens],
    dpop: dpop({ baseUrls: ['https://api.example.com'], ...options }),
  })
  return { chain, client, token }
}

for (const algorithm of ['ES256', 'ES384', 'ES512', 'RS256', 'PS256']) {
  check(`accepts a token with a proof of its key, signed with ${algorithm}`, async () => {
    expectEqual(await nameFor(await worldOf({}, algorithm)), 'jane')
  })
}

check('accepts a proof once', async () => {
  const { chain, client, token } = await worldOf()
  const headers = await client.headers({ url: URL_OF_REQUEST, token })
  const send = () => nameIn(chain, new Request(URL_OF_REQUEST, { headers: headers.map((each) => [...each]) }))
  expectEqual([await send(), await send()], ['jane', 'dpop: the proof was used before'])
})

check('refuses a proof of another request, another key and no proof', async () => {
  const world = await worldOf()
  expectEqual(
    await nameFor({ ...world, method: 'POST' }),
    'dpop: htm of the proof is not the method of the request',
  )
  expectEqual(
    await nameFor({ ...world, client: await createDpopClient() }),
    'dpop: the token is bound to another key than that of the proof',
  )
  const bearer = new Request(URL_OF_REQUEST, { headers: { authorization: `Bearer ${world.token}` } })
  expectEqual(
    await nameIn(world.chain, bearer),
    'the token is bound to a key, and the request has no proof of that key (DPoP)',
  )
})

check('has nonces that need no memory', async () => {
  const nonceSecret = 'a secret of at least 32 characters'
  const world = await worldOf({ nonceTtlSeconds: 600, nonceSecret })
  expectEqual(await nameFor(world), 'dpop: the proof has no nonce')
  expectEqual(
    await nameFor({ ...world, nonce: 'x' }),
    'dpop: the nonce of the proof is not one of this server, or has expired',
  )
})
