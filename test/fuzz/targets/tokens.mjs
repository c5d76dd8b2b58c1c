// Service account tokens. A mutated token is unknown or refused; one with mutated content and a valid signature authenticates the named account, or
// is refused.
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { AuthenticationError, emptyContext } from '@kube-authn/core'
import { serviceAccountObjects, serviceAccountToken } from '@kube-authn/core/service-account'
import { signingKeyFromPem } from '@kube-authn/issuer'
import { boundTokenClaims } from '@kube-authn/issuer/internal'
import { Finding } from '../lib/finding.mjs'
import { mutateBytes, mutateText } from '../lib/mutate.mjs'

export const name = 'tokens'

const ISSUER = 'https://issuer.example.com'
const NOW_MS = Date.UTC(2030, 0, 1)
const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
})
const privateKey = createPrivateKey(pem)
const key = await signingKeyFromPem(String(pem))
const serviceAccount = { namespace: 'ns', name: 'sa', uid: '1' }
const tokens = serviceAccountToken({
  issuers: [ISSUER],
  keys: [key.verificationKey],
  objects: serviceAccountObjects({ serviceAccounts: [serviceAccount] }),
  clock: { now: () => NOW_MS, after: () => () => {} },
})
const HEADER = JSON.stringify({ alg: 'ES256', kid: key.kid })
const CLAIMS = JSON.stringify({
  iss: ISSUER,
  ...boundTokenClaims({
    serviceAccount,
    audiences: [ISSUER],
    expirationSeconds: 600,
    tokenId: 'id',
    nowMs: NOW_MS,
  }),
})
const GOOD = signed(HEADER, CLAIMS)
const TOKEN_PARTS = ['=', '.', '..', '\n', ' ', '+', '/', '-', '_', 'A', 'AA', '%3D', '\u00a0']
const JSON_PARTS = [
  '"iss":"x",',
  '"sub":"y",',
  '"exp":1e400,',
  '"aud":null,',
  '"__proto__":{},',
  '"crit":["b64"],"b64":false,',
  '"alg":"none",',
  '"kid":"",',
  '\\u0061',
  '\\ud800',
  '[',
  ']',
  '{',
  '}',
  '"',
  ',',
  ':',
  'null',
  'true',
  '-0',
  '1e999',
  '0'.repeat(300),
]

function signed(header, claims) {
  const text = [header, claims].map((part) => Buffer.from(part).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

export async function run(random) {
  const kind = random.pick(['text', 'signature', 'header', 'claims'])
  const token = spoiled(random, kind)
  const fail = (message, more) => {
    throw new Finding(message, { kind, token, ...more })
  }
  let answer
  try {
    answer = await tokens.authenticateToken(token, emptyContext)
  } catch (error) {
    if (!(error instanceof AuthenticationError) || error.code !== 'rejected')
      fail(`an error: ${error?.stack}`)
    if (error.message.length > token.length + 1000) fail('an error that is longer than what caused it')
    return 'refused'
  }
  if (answer === undefined) return 'no user'
  if ((kind === 'text' || kind === 'signature') && token !== GOOD) fail('accepted an unsigned token')
  const { username, uid } = answer.user
  if (username !== 'system:serviceaccount:ns:sa' || uid !== '1')
    fail('authenticated another user', { answer })
  if (!(answer.audiences ?? []).includes(ISSUER)) fail('accepted a token for others', { answer })
  return 'accepted'
}

function spoiled(random, kind) {
  const [header, claims, signature] = GOOD.split('.')
  switch (kind) {
    case 'text':
      return mutateText(random, GOOD, TOKEN_PARTS)
    case 'signature': {
      const bytes = mutateBytes(random, Buffer.from(signature, 'base64url'))
      return `${header}.${claims}.${Buffer.from(bytes).toString('base64url')}`
    }
    case 'header':
      return signed(mutateText(random, HEADER, JSON_PARTS), CLAIMS)
    default:
      return signed(HEADER, mutateText(random, CLAIMS, JSON_PARTS))
  }
}
