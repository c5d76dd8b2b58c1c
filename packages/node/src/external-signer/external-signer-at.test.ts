import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { type AuthenticationEvent, ConfigurationError } from '@kube-authn/core'
import { serviceAccountObjects, serviceAccountToken } from '@kube-authn/core/service-account'
import { issuerDiscovery, tokenIssuer } from '@kube-authn/issuer'
import { fixedClock } from '@kube-authn/testing'
import { afterEach, describe, expect, it } from 'vitest'
import {
  keyMessage,
  keysMessage,
  message,
  type SignerAnswers,
  signedMessage,
  signerKey,
  signerPublicKey,
  signerServer,
  socketPath,
} from '../../test/signer-server.ts'
import { externalSignerAt, type ExternalSignerAtOptions } from './external-signer-at.ts'

const issuer = 'https://issuer.example.com'
const target = { namespace: 'ns', name: 'sa' }
const objects = serviceAccountObjects({ serviceAccounts: [{ ...target, uid: '1' }] })

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function connected(
  given: Partial<SignerAnswers> = {},
  options: ExternalSignerAtOptions = {},
  endpoint = socketPath(),
) {
  const server = await signerServer(endpoint, given)
  closing.push(server.close)
  const events: AuthenticationEvent[] = []
  const observer = (event: AuthenticationEvent): void => void events.push(event)
  const signer = await externalSignerAt(endpoint, { observer, ...options })
  closing.push(signer.close)
  const { issue } = tokenIssuer({ issuer, signer, objects })
  const tokens = serviceAccountToken({ issuers: [issuer], keys: signer.keys, objects })
  return { server, signer, events, endpoint, issue: () => issue(target, {}, { observer }), tokens }
}
const reasonOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was thrown',
    (error: unknown) => {
      const { message: text, cause } = error as Error
      return cause instanceof Error ? `${text}: ${cause.message}` : text
    },
  )

describe('an external signer', () => {
  it('signs tokens, and its keys verify them', async () => {
    const { issue, tokens, server, events, signer } = await connected()
    const { status, spec } = await issue()
    expect((await tokens.authenticateToken(status.token, {}))?.user.username).toBe(
      'system:serviceaccount:ns:sa',
    )
    expect(spec.expirationSeconds).toBe(3600)
    expect(signer.maxExpirationSeconds).toBe(86_400)
    expect(server.calls).toEqual(['keys', 'metadata', 'sign'])
    expect(events.map((event) => ({ ...event, durationSeconds: undefined }))).toEqual([
      { type: 'externalSignerCall', method: '/v1.ExternalJWTSigner/FetchKeys', code: 'OK' },
      { type: 'externalSigner', operation: 'fetchKeys', code: 'OK', dataTimeMs: 1_900_000_000_000 },
      { type: 'externalSignerCall', method: '/v1.ExternalJWTSigner/Metadata', code: 'OK' },
      { type: 'externalSignerCall', method: '/v1.ExternalJWTSigner/Sign', code: 'OK' },
      { type: 'externalSigner', operation: 'sign', code: 'OK' },
    ])
  })

  it.runIf(process.platform === 'linux')('may listen in the abstract namespace', async () => {
    const { issue } = await connected({}, {}, `@kube-authn.${randomUUID()}`)
    await expect(issue()).resolves.toHaveProperty('kind', 'TokenRequest')
  })

  it('may begin to listen later than it is asked', async () => {
    const endpoint = socketPath()
    const waiting = externalSignerAt(endpoint)
    const server = await signerServer(endpoint)
    closing.push(server.close)
    const signer = await waiting
    closing.push(signer.close)
    expect(signer.keys.current()).toHaveLength(1)
  })

  it('may be started again', async () => {
    const { server, endpoint, issue } = await connected()
    server.close()
    rmSync(endpoint, { force: true })
    closing.push((await signerServer(endpoint)).close)
    await expect(issue()).resolves.toHaveProperty('kind', 'TokenRequest')
  })

  it('is asked for its keys when a token names one that is not known, and leaves out of discovery what it says', async () => {
    const { server, signer, tokens, issue } = await connected()
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    server.answers.keys = () =>
      keysMessage([keyMessage('signer-2', signerPublicKey), keyMessage('old', other, true)])
    server.answers.sign = (claims) => signedMessage(claims, { alg: 'ES256', kid: 'signer-2', typ: 'JWT' })
    const { status } = await issue()
    expect((await tokens.authenticateToken(status.token, {}))?.user.username).toBe(
      'system:serviceaccount:ns:sa',
    )
    expect(server.calls.filter((call) => call === 'keys')).toHaveLength(2)
    const { documentAt } = issuerDiscovery({ issuer, keys: signer.keys, externalAddress: 'x.example.com' })
    const document = documentAt('/openid/v1/jwks')
    const { keys } = JSON.parse(document?.body ?? '') as {
      readonly keys: readonly { readonly kid: string }[]
    }
    expect(keys.map(({ kid }) => kid)).toEqual(['signer-2'])
    expect(document?.headers['cache-control']).toMatch(/^public, max-age=(?:59|60)$/)
  })

  it('cannot sign with a key that it leaves out of discovery', async () => {
    const { issue } = await connected({
      keys: () => keysMessage([keyMessage('signer-1', signerPublicKey, true)]),
    })
    expect(await reasonOf(issue())).toContain('is excluded from OIDC discovery docs')
  })

  it('hears that a token is no longer wanted', async () => {
    const { server, signer } = await connected({ sign: () => undefined })
    const clock = fixedClock()
    const { issue } = tokenIssuer({ issuer, signer, objects, clock, signTimeoutSeconds: 5 })
    const reason = reasonOf(issue(target, {}))
    await expect.poll(() => server.calls).toContain('sign')
    clock.advance(5000)
    expect(await reason).toContain('the token was not signed in time')
    await expect.poll(() => server.cancelled).toContain('sign')
  })

  it('may fail, which does not say more to the client', async () => {
    const { issue, events } = await connected({ sign: () => new Error('HSM is\n locked') })
    const error = await issue().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      status: 500,
      message: 'Internal error occurred: failed to generate token',
      cause: { code: 'signerCall', message: 'rpc error: code = Unknown desc = HSM is locked' },
    })
    expect(events.at(-1)).toEqual({ type: 'externalSigner', operation: 'sign', code: 'Unknown' })
  })

  it.each<readonly [what: string, answers: Partial<SignerAnswers>, why: string]>([
    [
      'an error',
      { keys: () => new Error('keys fetch error') },
      'rpc error: code = Unknown desc = keys fetch error',
    ],
    ['no keys', { keys: () => keysMessage([]) }, 'found no keys'],
    ['no hint', { keys: () => keysMessage([signerKey], 0) }, 'found invalid refresh hint (0s)'],
    ['a negative hint', { keys: () => keysMessage([signerKey], -1) }, 'found invalid refresh hint (-1s)'],
    ['a hint beyond numbers', { keys: () => keysMessage([signerKey], 2n ** 60n) }, 'a number is too large'],
    ['no time', { keys: () => message([1, signerKey], [3, 60]) }, 'invalid data timestamp'],
    [
      'a time that is none',
      { keys: () => message([1, signerKey], [2, message([2, -1])], [3, 60]) },
      'invalid data timestamp',
    ],
    [
      'a key without a name',
      { keys: () => keysMessage([keyMessage('', signerPublicKey)]) },
      'found invalid public key id',
    ],
    [
      'a key with a long name',
      { keys: () => keysMessage([keyMessage('x'.repeat(1025), signerPublicKey)]) },
      'found invalid public key id',
    ],
    ['an empty key', { keys: () => keysMessage([message([1, 'a'])]) }, 'found empty public key'],
    [
      'a key that is none',
      { keys: () => keysMessage([message([1, 'a'], [2, 'x'])]) },
      'is not an RSA or EC public key',
    ],
    ['a key that is a number', { keys: () => message([1, 7]) }, 'wrong wire type'],
    [
      'a name that is not UTF-8',
      { keys: () => keysMessage([message([1, Buffer.of(0xff)], [2, 'x'])]) },
      'Response message parsing error',
    ],
    [
      'a hint twice',
      { keys: () => Buffer.concat([keysMessage([signerKey]), message([3, 60])]) },
      'more than once',
    ],
    [
      'too many keys',
      { keys: () => keysMessage(Array.from({ length: 2049 }, () => signerKey)) },
      'found more than 2048 keys',
    ],
    [
      'a cut-off message',
      { keys: () => keysMessage([signerKey]).subarray(0, -1) },
      'Response message parsing error',
    ],
    ['more than 4 MiB', { keys: () => message([9, Buffer.alloc(4_194_305)]) }, 'ResourceExhausted'],
    [
      'no metadata',
      { metadata: () => new Error('metadata error') },
      'rpc error: code = Unknown desc = metadata error',
    ],
    [
      'too short a life',
      { metadata: () => message([1, 599]) },
      'max token life supported by external-jwt-signer (599s) is less than acceptable (min 600s)',
    ],
    ['an empty life', { metadata: () => message() }, 'external-jwt-signer (0s)'],
  ])('is not taken with %s', async (_, answers, why) => {
    expect(await reasonOf(connected(answers))).toContain(why)
  })

  it('is waited for only as long as it may take', async () => {
    const endpoint = socketPath()
    expect(await reasonOf(externalSignerAt(endpoint, { keysTimeoutSeconds: 0.2 }))).toContain(
      'DeadlineExceeded',
    )
  })

  it.each([
    '',
    'abc',
    'unix:/run/s',
    '@',
    '@abc@',
    '@abc.abc  .ae',
    '/e /xyz /efg',
    '/a\0b',
    '/@e_adnb/xyz /efg',
  ])('is not looked for at %j', async (endpoint) => {
    await expect(externalSignerAt(endpoint)).rejects.toThrow(ConfigurationError)
  })
})
