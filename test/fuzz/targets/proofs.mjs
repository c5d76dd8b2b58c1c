// Proofs of possession (DPoP). A mutated proof is accepted only where oauth4webapi accepts it too; what it accepts and is refused here has one of the documented reasons.
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { AuthenticationError, emptyContext } from '@kube-authn/core'
import { fetchRequest } from '@kube-authn/core/adapter'
import { dpop } from '@kube-authn/core/dpop'
import { localKeySet, oidc } from '@kube-authn/core/oidc'
import { createIssuer } from '@kube-authn/testing'
import { customFetch, jwksCache, validateJwtAccessToken } from 'oauth4webapi'
import { Finding } from '../lib/finding.mjs'
import { mutateBytes, mutateText } from '../lib/mutate.mjs'

export const name = 'proofs'

const BASE = 'https://api.example.com'
const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
const keys = ['P-256', 'P-384', undefined].map((namedCurve) => {
  const { publicKey, privateKey } =
    namedCurve === undefined
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve })
  const jwk = publicKey.export({ format: 'jwk' })
  const members =
    jwk.kty === 'RSA'
      ? { e: jwk.e, kty: jwk.kty, n: jwk.n }
      : { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y }
  const jkt = createHash('sha256').update(JSON.stringify(members)).digest('base64url')
  return { jwk, secret: privateKey.export({ format: 'jwk' }), privateKey, jkt, algorithms: ALGORITHMS(jwk) }
})

function ALGORITHMS({ kty, crv }) {
  if (kty === 'RSA') return ['RS256', 'PS256', 'RS512']
  return [crv === 'P-256' ? 'ES256' : 'ES384']
}

const tokens = await Promise.all(
  keys.map(({ jkt }, index) =>
    issuer.sign(
      { aud: 'api', sub: 'jane', client_id: 'cli', jti: `t${index}`, cnf: { jkt } },
      { header: { typ: 'at+jwt' }, expirationSeconds: 86_400 },
    ),
  ),
)
const jwks = await (await issuer.fetch(issuer.jwksUri)).text()
// The replay of a proof is no question here: both are asked about the same one.
const ours = dpop({ baseUrls: [BASE], proofTtlSeconds: 300, usedProofs: { use: () => true } }).authenticator(
  oidc({ issuer: issuer.url, audience: 'api', accessTokens: true, keySet: localKeySet(jwks) }),
)
const server = { issuer: issuer.url, jwks_uri: issuer.jwksUri }
const reference = {
  [customFetch]: async () => new Response(jwks, { headers: { 'content-type': 'application/json' } }),
  [jwksCache]: {},
}

const hashOf = (token) => createHash('sha256').update(token).digest('base64url')
const now = () => Math.floor(Date.now() / 1000)

/** Values for any member. */
const VALUES = [undefined, null, '', 'x', 0, -1, 1e308, true, [], {}, ['GET'], { kty: 'oct', k: 'AAAA' }]
const SPECIAL = {
  typ: ['JWT', 'at+jwt', 'DPoP+jwt', 'application/dpop+jwt', 'dpop+jwt '],
  alg: ['none', 'HS256', 'ES256', 'ES384', 'RS256', 'PS256', 'ES512', 'EdDSA', 'es256'],
  crit: [['b64'], []],
  htm: ['GET', 'POST', 'get', 'GET '],
  ath: tokens.map(hashOf),
  // Far from the limits, since both read the clock.
  iat: [-1000, -400, -200, -2, 0.5, 2, 200, 400, 1e6].map((offset) => (at) => at + offset),
  exp: [-400, 400].map((offset) => (at) => at + offset),
  nbf: [-400, 400].map((offset) => (at) => at + offset),
  nonce: ['x'],
  htu: [
    '/a%20b',
    '/a b',
    '/%61',
    '/a',
    '/a/',
    '/A',
    '//a',
    '/x/../a',
    '/./a',
    '/a?x=1',
    '/a#x',
    '/a?x#y',
    '\\a',
    '/a\\b',
    '/%C3%A9',
    '/%c3%a9',
    '/é',
    '/a%2Fb',
    '/a/b',
    ':443/a',
    ':8443/a',
    '.evil.example/a',
    '@evil.example/a',
    '',
  ]
    .map((rest) => BASE + rest)
    .concat(
      'HTTPS://API.EXAMPLE.COM/a',
      'http://api.example.com/a',
      'https://u:p@api.example.com/a',
      ' https://api.example.com/a',
      'https://api.example.com/a\t',
      'wss://api.example.com/a',
      '/a',
      'https:api.example.com/a',
      'https:///api.example.com/a',
    ),
}
const PATHS = ['/a', '/a?x=1', '/', '/a%20b', '/%C3%A9', '/%c3%a9', '/a/b', '/a%2Fb', '/a/', '/%61']

export async function run(random) {
  const index = random.below(keys.length)
  const method = random.pick(['GET', 'GET', 'POST'])
  const url = BASE + random.pick(PATHS)
  const { header, claims, proof } = makeProof(random, keys[index], tokens[index], method, url)
  const headers = [
    ['authorization', `DPoP ${tokens[index]}`],
    ...(proof === undefined ? [] : [['dpop', proof]]),
  ]
  if (random.oneIn(50)) headers.push(['dpop', random.oneIn(2) ? (proof ?? '') : 'x'])
  let request
  try {
    request = new Request(url, { method, headers })
  } catch {
    return 'not a header'
  }
  const [here, there] = [await verdictHere(request), await verdictThere(request)]
  if (here.isAccepted === there.isAccepted) return here.isAccepted ? 'accepted' : 'refused'
  const why = EXPLAINED.find(([, holds]) => holds({ header, claims, proof, url, here, there }))
  if (why !== undefined && why[2] === here.isAccepted) return `differs: ${String(why[0])}`
  throw new Finding('another verdict than that of oauth4webapi', {
    method,
    url,
    header,
    claims,
    proof,
    here: here.reason,
    there: there.reason,
  })
}

/** The only differences: what they are about, when they hold, and whether the proof is accepted here. */
const EXPLAINED = [
  [
    'a kid that is not a string',
    ({ header, here }) =>
      /not a JWT/.test(here.reason) && Object.hasOwn(header, 'kid') && typeof (header.kid ?? '') !== 'string',
    false,
  ],
  [
    'a key that says it is for something else',
    ({ header, here }) =>
      /jwk/.test(here.reason) &&
      ['use', 'alg', 'key_ops'].some((each) => Object.hasOwn(Object(header.jwk), each)),
    false,
  ],
  [
    'the types of iss and aud, which mean nothing in a proof',
    ({ there }) => /JWT "(?:iss|aud)"/.test(there.reason),
    true,
  ],
  [
    'a URL that only a browser parses alike',
    ({ claims, here }) => /htu/.test(here.reason) && spelledOtherwise(claims.htu),
    false,
  ],
  [
    'percent-encoding in another spelling',
    ({ claims, url, there }) => /htu/.test(there.reason) && plain(claims.htu) === plain(url),
    true,
  ],
  [
    'the type in another spelling',
    ({ header, here }) => /type/.test(here.reason) && /^(?:application\/)?dpop\+jwt$/i.test(header.typ),
    false,
  ],
  ['an empty jti', ({ claims, here }) => / jti/.test(here.reason) && claims.jti === '', false],
  [
    'times that are over or not yet, by less than the tolerance',
    ({ claims, here }) =>
      /exp|nbf/.test(here.reason) && [claims.exp, claims.nbf].some((time) => Math.abs(time - now()) < 330),
    false,
  ],
  [
    'a crit that is undefined to a reader of members',
    ({ header, here }) => /crit/.test(here.reason) && Object.hasOwn(header, 'crit'),
    false,
  ],
  [
    'base64url or JSON that readers take differently',
    ({ here, proof }) => /not a JWT/.test(here.reason) && isSloppy(proof),
    false,
  ],
  ['more than 4,096 characters', ({ proof }) => proof.length > 4096, false],
  [
    'an algorithm that is not offered',
    ({ header, here }) => /algorithm/.test(here.reason) && /^(EdDSA|Ed25519|ML-DSA)/.test(header.alg),
    false,
  ],
  [
    'a member of a private key beside a public one',
    ({ header, here }) =>
      /jwk/.test(here.reason) &&
      ['d', 'p', 'q', 'k', 'oth', 'dp', 'dq', 'qi'].some((each) => Object.hasOwn(Object(header.jwk), each)),
    false,
  ],
]

/** Whether a URL of the WHATWG is another text than the one given, but for its query, fragment, port and letters. */
function spelledOtherwise(htu) {
  if (typeof htu !== 'string' || !URL.canParse(htu)) return false
  const { origin, pathname } = new URL(htu)
  return (
    (origin + pathname).toLowerCase() !==
    htu
      .replace(/[?#].*$/s, '')
      .replace(':443', '')
      .toLowerCase()
  )
}

/** A URL in one spelling of its path. */
function plain(url) {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined
  const { origin, pathname } = new URL(url)
  return (
    origin +
    pathname.replaceAll(/%[0-9a-f]{2}/gi, (escape) =>
      /[\w.~-]/.test(decodeURIComponent(escape.replace(/%[89a-f]./i, '%25')))
        ? decodeURIComponent(escape)
        : escape.toUpperCase(),
    )
  )
}

/** Whether the text of a JWT is not what its content is written as, or its JSON has a member twice. */
function isSloppy(proof) {
  return proof.split('.').some((part, index) => {
    const bytes = Buffer.from(part, 'base64url')
    if (bytes.toString('base64url') !== part) return true
    if (index === 2) return false
    const text = bytes.toString()
    return (
      Buffer.from(text).compare(bytes) !== 0 ||
      JSON.stringify(JSON.parse(text)).length < text.replaceAll(/\s/g, '').length
    )
  })
}

function makeProof(random, key, token, method, url) {
  const at = now()
  const alg = random.pick(key.algorithms)
  const header = { typ: 'dpop+jwt', alg, jwk: { ...key.jwk } }
  const claims = { jti: 'x', htm: method, htu: url.replace(/\?.*/, ''), iat: at, ath: hashOf(token) }
  for (let left = random.below(3); left > 0; left--) mutate(random, header, claims, at, key)
  const signer = random.oneIn(30) ? random.pick(keys) : key
  const proof = signed(signer, header, claims, signer === key ? alg : signer.algorithms[0])
  if (random.oneIn(60)) return { header, claims, proof: undefined }
  if (random.oneIn(10))
    return { header, claims, proof: mutateText(random, proof, ['=', '.', ' ', ',', '+', '/', 'A', '\u00a0']) }
  if (random.oneIn(20)) {
    const [first, second, third] = proof.split('.')
    return {
      header,
      claims,
      proof: `${first}.${second}.${Buffer.from(mutateBytes(random, Buffer.from(third, 'base64url'))).toString('base64url')}`,
    }
  }
  return { header, claims, proof }
}

function mutate(random, header, claims, at, { secret }) {
  const part = random.pick([header, claims, claims])
  const member = random.pick(
    part === header
      ? ['typ', 'alg', 'jwk', 'jwk', 'crit', 'kid']
      : ['jti', 'htm', 'htu', 'htu', 'iat', 'ath', 'exp', 'nbf', 'nonce', 'iss', 'aud'],
  )
  if (member === 'jwk' && random.oneIn(2)) {
    const inside = random.pick([...Object.keys(secret), 'k', 'use', 'alg', 'key_ops', 'ext', 'kid'])
    const value = random.pick([
      undefined,
      secret[inside],
      'AAAA',
      'sig',
      'enc',
      'ES256',
      ['verify'],
      ['sign'],
      null,
      true,
    ])
    header.jwk = { ...header.jwk, [inside]: value }
    return
  }
  if (member === 'jwk' && random.oneIn(3)) header.jwk = { ...random.pick(keys).jwk }
  else {
    const value = random.pick([...VALUES, ...(SPECIAL[member] ?? []), ...(SPECIAL[member] ?? [])])
    part[member] = typeof value === 'function' ? value(at) : value
  }
}

function signed({ privateKey }, header, claims, alg) {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const padding = alg.startsWith('PS') ? { padding: 6, saltLength: -1 } : {}
  const signature = sign(`sha${alg.slice(2)}`, Buffer.from(text), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
    ...padding,
  })
  return `${text}.${signature.toString('base64url')}`
}

async function verdictHere(request) {
  try {
    const answer = await ours.authenticate(fetchRequest(request), emptyContext)
    if (answer === undefined) return { isAccepted: false, reason: 'no opinion' }
    return { isAccepted: true, reason: '' }
  } catch (error) {
    if (!(error instanceof AuthenticationError) || error.code !== 'rejected')
      throw new Finding(`an error: ${error?.stack}`, {})
    return { isAccepted: false, reason: error.message }
  }
}

async function verdictThere(request) {
  try {
    await validateJwtAccessToken(server, request, 'api', reference)
    return { isAccepted: true, reason: '' }
  } catch (error) {
    return { isAccepted: false, reason: error.message }
  }
}
