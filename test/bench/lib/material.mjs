// Tokens, keys and certificates for all rows. Created in the measuring process, so nothing is stored on disk.
import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const ISSUER = 'https://issuer.example.com'
export const AUDIENCE = 'https://api.example.com'
export const USERNAME = 'jane'
export const PASSWORD = 'correct-horse-battery'
const NAMESPACE = 'payments-production'
const ACCOUNT = { namespace: NAMESPACE, name: 'checkout-api', uid: '1f2e3d4c-5b6a-4978-8695-a4b3c2d1e0ff' }
const POD = {
  namespace: NAMESPACE,
  name: 'checkout-api-6d5f7c9b8d-x2v4q',
  uid: '9c1d2b3a-4e5f-4a6b-8c7d-0e1f2a3b4c5d',
}

/** `count` random tokens of 32 characters, each with the user that a token file would give it. */
export function randomTokens(count) {
  const tokens = new Map()
  for (let index = 0; index < count; index++) {
    tokens.set(randomBytes(24).toString('base64url'), {
      username: `user-${index}`,
      uid: `uid-${index}`,
      groups: [`team-${index % 500}`, 'system:authenticated'],
    })
  }
  return tokens
}

/** These tokens as a token file. */
export function csvOf(tokens) {
  let csv = ''
  for (const [token, { username, uid, groups }] of tokens)
    csv += `${token},${username},${uid},"${groups.join(',')}"\n`
  return csv
}

/** A signing key, its public forms, and a token of about 1.2 kB as Kubernetes issues them, valid for a week. */
export function signedToken(algorithm, claims = {}) {
  const pair =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  const nowSeconds = Math.floor(Date.now() / 1000)
  const payload = {
    aud: [AUDIENCE],
    exp: nowSeconds + 7 * 86_400,
    iat: nowSeconds,
    nbf: nowSeconds,
    iss: ISSUER,
    jti: '0f4bb8b5-3a0f-4d0d-8d9c-6e8ce4c3a8f1',
    'kubernetes.io': {
      namespace: NAMESPACE,
      pod: { name: POD.name, uid: POD.uid },
      serviceaccount: { name: ACCOUNT.name, uid: ACCOUNT.uid },
    },
    sub: `system:serviceaccount:${NAMESPACE}:${ACCOUNT.name}`,
    ...claims,
  }
  const kid = `${algorithm}-key`
  const pem = pair.publicKey.export({ type: 'spki', format: 'pem' })
  const signed = `${encoded({ alg: algorithm, kid, typ: 'JWT' })}.${encoded(payload)}`
  const options =
    algorithm === 'ES256' ? { key: pair.privateKey, dsaEncoding: 'ieee-p1363' } : pair.privateKey
  const signature = sign('sha256', Buffer.from(signed), options).toString('base64url')
  const jwk = { ...createPublicKey(pem).export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' }
  return { token: `${signed}.${signature}`, badToken: `${signed}.${flipped(signature)}`, kid, pem, jwk }
}

function encoded(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function flipped(signature) {
  return (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
}

/** A kubeconfig for a webhook that listens here. */
export function kubeconfigOf({ url, caPem }) {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: {} }],
    clusters: [
      {
        name: 'c',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(caPem).toString('base64') },
      },
    ],
  })
}

export const basicHeader = `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')}`

const COMMON = [
  ['Host', '127.0.0.1:8080'],
  ['User-Agent', 'curl/8.14.1'],
  ['Accept', '*/*'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['Connection', 'keep-alive'],
  ['X-Request-Id', '4bf92f35-77b3-4da6-a3ce-929d0e0e4736'],
  ['X-Forwarded-For', '10.1.2.3'],
].flat()

/** `rawHeaders` of an ordinary request, with these in addition. */
export function rawHeaders(...more) {
  return [...COMMON, ...more]
}

export function withAuthorization(value) {
  return rawHeaders('Authorization', value)
}

let folder
/** A file with this content, removed when the process ends. */
export function fileOf(text, name = `file-${randomBytes(6).toString('hex')}`) {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'kube-authn-bench-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  }
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
