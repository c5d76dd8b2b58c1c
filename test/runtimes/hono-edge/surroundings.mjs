// The issuers, and the tokens for all runtimes.
import { createIssuer, createPki } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'

const AUDIENCE = 'hono-edge'
const CART = 'system:serviceaccount:shop:cart'

/** An OpenID Connect provider and a cluster, over TLS on this machine. */
export async function startIssuers() {
  const pki = await createPki()
  const provider = await createIssuer({ signingAlgorithms: ['RS256'] })
  const cluster = await createIssuer({ signingAlgorithms: ['ES256'] })
  const servers = [await listen(provider, { pki }), await listen(cluster, { pki })]
  const settings = {
    TOKENS_CSV:
      'janes-token,jane,1001,"developers,app1"\nclarks-token,clark,1002\njoes-token,joe,1003,operators\n',
    OIDC_ISSUER: provider.url,
    SERVICE_ACCOUNT_ISSUER: cluster.url,
    AUDIENCE,
  }
  const close = () => Promise.all(servers.map((server) => server.close()))
  return { provider, cluster, caPem: pki.caPem, settings, close }
}

/** The tokens signed by the issuers' current keys. */
export async function tokensOf({ provider, cluster }) {
  const mary = { sub: 'mary', aud: AUDIENCE, groups: ['operators'] }
  const cart = { sub: CART, aud: [AUDIENCE, 'other'], jti: 'b7a1' }
  const good = await provider.sign(mary)
  const [header, , signature] = good.split('.')
  const forged = Buffer.from(JSON.stringify({ ...claimsOf(good), sub: 'root' })).toString('base64url')
  return {
    mary: good,
    expired: await provider.sign(mary, { expirationSeconds: -60 }),
    tooEarly: await provider.sign({ ...mary, nbf: Math.floor(Date.now() / 1000) + 3600 }),
    otherAudience: await provider.sign({ ...mary, aud: 'other' }),
    otherIssuer: await provider.sign({ ...mary, iss: 'https://issuer.example.com' }),
    noSubject: await provider.sign({ ...mary, sub: undefined }),
    oddGroups: await provider.sign({ ...mary, groups: { operators: true } }),
    unsigned: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`,
    forged: `${header}.${forged}.${signature}`,
    cart: await cluster.sign(cart),
    expiredCart: await cluster.sign(cart, { expirationSeconds: -60 }),
    cartForOthers: await cluster.sign({ ...cart, aud: 'other' }),
    noServiceAccount: await cluster.sign({ ...cart, sub: 'system:admin' }),
    // A key of one issuer is unknown to the other.
    maryOfTheCluster: await cluster.sign({ ...mary, iss: provider.url }),
  }
}

function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
}
