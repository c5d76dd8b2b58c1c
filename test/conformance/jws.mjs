/**
 * Runs the signed tokens of Wycheproof and compares with its verdicts: `node test/conformance/jws.mjs`.
 *
 * The cases are data of third parties and not part of this repository. They are read from `KUBE_AUTHN_JWS_CASES` or, by default,
 * from `shared/jose/json_web_signature_test.json` beside it, the `json_web_signature` vectors of C2SP/wycheproof.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isSignedWith as isSignedNatively } from '../../packages/core/dist/token/jwt/signature/native.js'
import { isSignedWith as isSignedPortably } from '../../packages/core/dist/token/jwt/signature/portable.js'
import { coreSources } from './core-sources.mjs'

const {
  isSignedByOneOf,
  issuerKeys,
  parseJwks,
  JWS_ALGORITHMS,
  readJws,
  verificationKeyOfJwk,
  verifySignature,
} = await coreSources(
  'token/jwt/algorithms.ts',
  'token/jwt/key-set.ts',
  'token/jwt/read-jwt.ts',
  'token/jwt/verification-key.ts',
  'token/jwt/verify-signature.ts',
)

const HMAC =
  'HMAC is not supported, since every verifier could sign (docs/deviations.md, algorithms of tokens)'
const ENCODING = 'malformed base64url is no token (docs/deviations.md, token text)'
const KEY_USE = 'accepted: `use` and `key_ops` of a key do not count, as in Kubernetes'
const KEY_ALGORITHM = 'accepted: `alg` of a key does not count, as in Kubernetes'

/** Differences of every reader of tokens, and why. */
const DIFFERENT = [
  [HMAC, [1, 348, 352, 357, 358, 359, 376, 377]],
  [ENCODING, [372, 373]],
  [KEY_USE, [353, 354, 355, 356]],
]

/** The verifiers: how they verify with the key of a group or none, and their differences. The payloads are not claim sets. */
const VERIFIERS = {
  'service-account': {
    keysOf: async (jwk) => (jwk === undefined ? [] : [await verificationKeyOfJwk(jwk)]),
    isSigned: async (jws, keys) => {
      await verifySignature({ ...jws, issuer: '', claims: {} }, keys)
      return true
    },
    different: [
      ...DIFFERENT,
      [KEY_ALGORITHM, [332]],
      [
        'a key verifies RS256, ES256, ES384 or ES512, by its kind (docs/deviations.md, algorithms of tokens)',
        [
          264, 265, 266, 267, 268, 269, 270, 271, 272, 273, 274, 275, 287, 288, 320, 321, 322, 323, 325, 326,
          327, 328, 346, 350,
        ],
      ],
    ],
  },
  oidc: {
    keysOf: (jwk) => parseJwks(JSON.stringify({ keys: jwk === undefined ? [] : [jwk] })),
    isSigned: (jws, keys) => isSignedByOneOf(issuerKeys(keys), { ...jws, issuer: '', claims: {} }),
    different: [...DIFFERENT, [KEY_ALGORITHM, [332, 334, 336, 338, 340]]],
  },
}

const path =
  process.env.KUBE_AUTHN_JWS_CASES ??
  fileURLToPath(new URL('../../../shared/jose/json_web_signature_test.json', import.meta.url))
if (!existsSync(path)) {
  console.log(`jws skipped: no cases at ${path}`)
  process.exit(0)
}

async function isAccepted(token, keys, isSigned) {
  const jws = readJws(token)
  if (jws === undefined) return false
  try {
    return await isSigned(jws, keys)
  } catch (error) {
    if (error?.code !== 'rejected') throw error
    return false
  }
}

/** The algorithms for which Node and WebCrypto disagree about a token and a key. */
async function disagreements(jws, keys) {
  const differing = []
  for (const { jwk } of keys) {
    for (const algorithm of JWS_ALGORITHMS) {
      const isSame = isSignedNatively(jws, jwk, algorithm) === (await isSignedPortably(jws, jwk, algorithm))
      if (!isSame) differing.push(algorithm)
    }
  }
  return differing
}

/** The same token in another encoding, which lenient decoders accept. */
function otherSpellings(token) {
  const parts = token.split('.')
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const changed = parts.flatMap((part, position) => {
    const last = alphabet.indexOf(part.at(-1) ?? 'A')
    const spellings = [
      `${part}=`,
      `${part}==`,
      ` ${part}`,
      `${part}\n`,
      `${part.slice(0, 2)} ${part.slice(2)}`,
    ]
    spellings.push(part.replaceAll('-', '+').replaceAll('_', '/'), `${part.slice(0, 2)}!${part.slice(2)}`)
    // Bits that do not count.
    if (part.length % 4 > 1) spellings.push(`${part.slice(0, -1)}${alphabet.charAt(last + 1)}`)
    return spellings.map((spelling) => parts.with(position, spelling).join('.'))
  })
  return [...changed, `${token}.`, `.${token}`].filter((spelling) => spelling !== token)
}

const { testGroups } = JSON.parse(readFileSync(path, 'utf8'))
for (const [name, verifier] of Object.entries(VERIFIERS)) await run(name, verifier)

async function run(name, { keysOf, isSigned, different }) {
  const reasons = new Map(different.flatMap(([reason, ids]) => ids.map((id) => [id, reason])))
  const problems = []
  const found = new Map()
  let passed = 0
  let total = 0
  for (const group of testGroups) {
    const jwk = group.public ?? group.private
    const keys = await keysOf(jwk.kty === 'oct' ? undefined : jwk)
    const valid = new Set(group.tests.filter(({ result }) => result === 'valid').map(({ jws }) => jws))
    for (const { tcId, comment, jws, result } of group.tests) {
      total++
      const accepted = await isAccepted(jws, keys, isSigned)
      const reason = reasons.get(tcId)
      const isSame = accepted === (result === 'valid')
      // No key of its group would verify it, so the token itself must be refused; 367 and 370 have lost what made them malformed.
      const isMalformed = group.comment === 'base64' && result === 'invalid' && !valid.has(jws)
      const respelt = []
      for (const spelling of accepted ? otherSpellings(jws) : []) {
        if (await isAccepted(spelling, keys, isSigned)) respelt.push(spelling)
      }
      const read = readJws(jws)
      const differing = read === undefined ? [] : await disagreements(read, keys)
      if (differing.length > 0)
        problems.push(`${tcId} (${comment}): Node and WebCrypto do not agree by ${differing.join(', ')}`)
      else if (isMalformed && read !== undefined) problems.push(`${tcId} (${comment}): malformed, and read`)
      else if (respelt.length > 0)
        problems.push(`${tcId} (${comment}): also accepted as ${respelt.join(', ')}`)
      else if (isSame === (reason === undefined)) passed++
      else problems.push(`${tcId} (${comment}): ${accepted ? 'accepted' : 'refused'}, and ${result}`)
      if (!isSame && reason !== undefined) found.set(reason, [...(found.get(reason) ?? []), tcId])
    }
  }
  for (const [reason, ids] of found)
    console.log(`jws ${name}: differs on purpose: ${reason}: ${ids.join(', ')}`)
  for (const line of problems) console.log(`FAILED  jws ${name}: ${line}`)
  console.log(`jws ${name} ${passed}/${total}`)
  if (problems.length > 0) process.exitCode = 1
}
