import { createSign, type KeyObject, sign as signBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, type AuthenticationEvent } from '@kube-authn/core'
import { readJwt } from '@kube-authn/core/oidc'
import {
  verificationKeyFromDer,
  type VerificationKey,
  serviceAccountObjects,
  serviceAccountToken,
} from '@kube-authn/core/service-account'
import { fixedClock } from '../../core/test/fakes.ts'
import { ecPair, rsaPair } from '../../core/test/key-pairs.ts'
import { issuerDiscovery } from './issuer-discovery.ts'
import { keySigner, type KeySignerOptions } from './key-signer.ts'
import { tokenIssuer, type TokenIssuerOptions } from './token-issuer.ts'
import type { SignedTokenParts, TokenSigner } from './token-signer.ts'

const ISSUER = 'https://issuer.example.com'
const NOW_MS = Date.UTC(2030, 0, 1)
const target = { namespace: 'ns', name: 'sa' }
const objects = serviceAccountObjects({
  serviceAccounts: [{ namespace: 'ns', name: 'sa', uid: '1' }],
  pods: [{ namespace: 'ns', name: 'p', uid: '3', serviceAccountName: 'sa' }],
})
const base64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

const spkiOf = (publicKey: KeyObject): Uint8Array => publicKey.export({ type: 'spki', format: 'der' })
const pairs = { RS256: rsaPair(), ES256: ecPair('P-256'), ES384: ecPair('P-384'), ES512: ecPair('P-521') }
const HASHES = { RS256: 'sha256', ES256: 'sha256', ES384: 'sha384', ES512: 'sha512' }
const key = await verificationKeyFromDer(spkiOf(pairs.ES256.publicKey), 'kms-1')
const other = await verificationKeyFromDer(spkiOf(ecPair('P-256').publicKey), 'kms-2')

const rawSignature = (data: string, privateKey = pairs.ES256.privateKey): string =>
  signBytes('sha256', Buffer.from(data), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')

/** A signer that makes these headers, with good signatures unless told otherwise. */
const signs = (
  header: unknown = { alg: 'ES256', kid: 'kms-1', typ: 'JWT' },
  change: (parts: SignedTokenParts) => unknown = (parts) => parts,
  more: Partial<TokenSigner> = {},
): TokenSigner => ({
  keys: [key, other],
  sign({ payload }) {
    const text = base64url(header)
    return change({ header: text, signature: rawSignature(`${text}.${payload}`) }) as SignedTokenParts
  },
  ...more,
})
const issuing = (signer: TokenSigner, more: Partial<TokenIssuerOptions> = {}) => {
  const clock = fixedClock(NOW_MS)
  const events: AuthenticationEvent[] = []
  const { issue } = tokenIssuer({ issuer: ISSUER, signer, objects, clock, ...more })
  return {
    clock,
    events,
    issue: (body: unknown = {}) => issue(target, body, { observer: (event) => void events.push(event) }),
  }
}
const causeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'nothing was thrown',
    (error: unknown) => [(error as Error).message, ((error as Error).cause as Error).message],
  )

describe('a token that is signed elsewhere', () => {
  it.each(['RS256', 'ES256', 'ES384', 'ES512'] as const)(
    'is known to who has the public key: %s',
    async (alg) => {
      const { privateKey, publicKey } = pairs[alg]
      const own = await verificationKeyFromDer(spkiOf(publicKey), 'arn:aws:kms:eu-west-1:1:key/1')
      const signer = keySigner({
        verificationKey: own,
        // What AWS KMS and Google Cloud KMS return: DER for EC.
        sign: async (data) => createSign(HASHES[alg]).update(data).sign(privateKey),
      })
      const { issue, events, clock } = issuing(signer)
      const { status } = await issue()
      const tokens = serviceAccountToken({ issuers: [ISSUER], keys: signer.keys, objects, clock })
      expect((await tokens.authenticateToken(status.token, {}))?.user.username).toBe(
        'system:serviceaccount:ns:sa',
      )
      expect(Buffer.from(status.token.split('.')[0] ?? '', 'base64url').toString()).toBe(
        `{"alg":"${alg}","kid":"arn:aws:kms:eu-west-1:1:key/1","typ":"JWT"}`,
      )
      expect(events).toEqual([{ type: 'externalSigner', operation: 'sign', code: 'OK' }])
    },
  )

  it('may have a signature as JWS has it', async () => {
    const signer = keySigner({
      verificationKey: key,
      ecdsaFormat: 'raw',
      sign: (data) => signBytes('sha256', data, { key: pairs.ES256.privateKey, dsaEncoding: 'ieee-p1363' }),
    })
    await expect(issuing(signer).issue()).resolves.toHaveProperty('kind', 'TokenRequest')
  })

  const valid = { alg: 'ES256', kid: 'kms-1', typ: 'JWT' }
  it.each<readonly [what: string, signer: TokenSigner, why: string]>([
    ['no typ', signs({ alg: 'ES256', kid: 'kms-1' }), 'while validating header: bad type'],
    ['another typ', signs({ ...valid, typ: 'jwt' }), 'while validating header: bad type'],
    ['no kid', signs({ alg: 'ES256', typ: 'JWT' }), 'while validating header: key id missing'],
    ['an empty kid', signs({ ...valid, kid: '' }), 'while validating header: key id missing'],
    [
      'a kid that is a number',
      signs({ ...valid, kid: 1 }),
      'while validating header: key id longer than 1 kb',
    ],
    [
      'a long kid',
      signs({ ...valid, kid: 'ü'.repeat(513) }),
      'while validating header: key id longer than 1 kb',
    ],
    ['no algorithm', signs({ kid: 'kms-1', typ: 'JWT' }), 'while validating header: bad signing algorithm'],
    ['none', signs({ ...valid, alg: 'none' }), 'while validating header: bad signing algorithm'],
    ['HMAC', signs({ ...valid, alg: 'HS256' }), 'while validating header: bad signing algorithm'],
    [
      'a member of objects',
      signs({ ...valid, alg: 'toString' }),
      'while validating header: bad signing algorithm',
    ],
    [
      'more members',
      signs({ ...valid, jku: 'https://x' }),
      'while validating header: only alg, kid and typ are allowed',
    ],
    [
      'a prototype',
      signs(`{"alg":"ES256","kid":"kms-1","typ":"JWT","__proto__":{}}`),
      'while validating header: only alg, kid and typ are allowed',
    ],
    [
      'a member twice',
      signs(`{"alg":"ES256","alg":"ES256","kid":"kms-1","typ":"JWT"}`),
      'while validating header: while parsing header JSON',
    ],
    ['a list', signs([]), 'while validating header: while parsing header JSON'],
    ['no JSON', signs('{'), 'while validating header: while parsing header JSON'],
    [
      'padding',
      signs(valid, (parts) => ({ ...parts, header: `${parts.header}=` })),
      'while validating header: while parsing header JSON',
    ],
    [
      'a huge header',
      signs(valid, (parts) => ({ ...parts, header: 'A'.repeat(8196) })),
      'while validating header: while parsing header JSON',
    ],
    ['no signature', signs(valid, (parts) => ({ ...parts, signature: '' })), 'empty signature returned'],
    ['nothing', signs(valid, () => undefined), 'the signer must return header and signature as strings'],
    [
      'bytes',
      signs(valid, (parts) => ({ ...parts, signature: new Uint8Array(64) })),
      'the signer must return header and signature as strings',
    ],
    [
      'a huge signature',
      signs(valid, (parts) => ({ ...parts, signature: 'A'.repeat(40_000) })),
      'the signed token is too long, or its signature is not base64url',
    ],
    [
      'dots in a signature',
      signs(valid, (parts) => ({ ...parts, signature: `${parts.signature}.` })),
      'the signed token is too long, or its signature is not base64url',
    ],
    [
      'a short signature',
      signs(valid, ({ header, signature }) => ({ header, signature: signature.slice(0, 84) })),
      'the signature does not match any key of the signer with this kid',
    ],
    [
      'a signature of another key',
      signs({ ...valid, kid: 'kms-2' }),
      'the signature does not match any key of the signer with this kid',
    ],
    [
      'a signature by another algorithm',
      signs({ ...valid, alg: 'RS256' }),
      'the signature does not match any key of the signer with this kid',
    ],
    [
      'an unknown key',
      signs({ ...valid, kid: 'kms-3' }),
      'the signature does not match any key of the signer with this kid',
    ],
    [
      'a key that is not published',
      signs(valid, (parts) => parts, { keys: [{ ...key, excludedFromDiscovery: true }] }),
      'while validating header: key used for signing JWT (kid: kms-1) is excluded from OIDC discovery docs',
    ],
    [
      'a fault',
      signs(valid, () => {
        throw new Error('AccessDenied')
      }),
      'AccessDenied',
    ],
  ])('is not given out with %s', async (_, signer, why) => {
    const { issue, events } = issuing(signer)
    expect(await causeOf(issue())).toEqual(['Internal error occurred: failed to generate token', why])
    expect(events).toEqual([{ type: 'externalSigner', operation: 'sign', code: 'unknown-non-grpc' }])
  })

  it('is not told to the client why', async () => {
    const { issue } = issuing(signs(valid, () => Promise.reject(new Error('secret'))))
    const error = await issue().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 500 })
    expect(JSON.stringify((error as { readonly body: unknown }).body)).not.toContain('secret')
  })

  it('is waited for as long as it may take, and no longer', async () => {
    let signal: AbortSignal | undefined
    const signer = signs(valid, undefined, {
      sign: (request) => {
        ;({ signal } = request)
        return new Promise<SignedTokenParts>(() => {})
      },
    })
    const { issue, clock } = issuing(signer, { signTimeoutSeconds: 2 })
    const cause = causeOf(issue())
    await new Promise(setImmediate)
    clock.advance(1999)
    expect(signal?.aborted).toBe(false)
    clock.advance(1)
    expect((await cause) as readonly string[]).toContain('the token was not signed in time')
    expect(signal?.aborted).toBe(true)
  })

  it('is refused with a time to try again where too many are being signed', async () => {
    const signer = signs(valid, undefined, { sign: () => new Promise<SignedTokenParts>(() => {}) })
    const { issue } = issuing(signer)
    const waiting = Array.from({ length: 64 + 256 }, () => issue())
    for (const each of waiting) each.catch(() => {})
    await expect(issue()).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '2' } })
  })

  const boundTo = {
    spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' }, expirationSeconds: 3607 },
  }
  it.each<readonly [string, number | undefined, number]>([
    ['a year', undefined, 31_536_000],
    ['a year where the signer allows more', 2 ** 32, 31_536_000],
    ['as long as the signer allows', 86_400, 86_400],
    ['as long as was asked for where the signer allows no more', 3607, 3607],
  ])('lives %s where it is extended', async (_, maxExpirationSeconds, seconds) => {
    const more = maxExpirationSeconds === undefined ? {} : { maxExpirationSeconds }
    const { status } = await issuing(signs(valid, undefined, more)).issue(boundTo)
    expect(readJwt(status.token)?.claims).toMatchObject({
      exp: NOW_MS / 1000 + seconds,
      'kubernetes.io': { warnafter: NOW_MS / 1000 + 3607 },
    })
    expect(status.expirationTimestamp).toBe('2030-01-01T01:00:07Z')
  })

  it('lives no longer than the signer allows, unless less is configured', async () => {
    const signer = signs(valid, undefined, { maxExpirationSeconds: 7200 })
    const asked = { spec: { expirationSeconds: 86_400 } }
    expect((await issuing(signer).issue(asked)).spec.expirationSeconds).toBe(7200)
    expect((await issuing(signer, { maxExpirationSeconds: 3600 }).issue(asked)).spec.expirationSeconds).toBe(
      3600,
    )
  })
})

describe('the options of a signer', () => {
  const base = { issuer: ISSUER, objects }
  it.each<readonly [what: string, options: object, message: string]>([
    ['neither key nor signer', {}, 'signingKey: is required unless signer is set'],
    [
      'both',
      { signingKey: { key: {}, alg: 'ES256' }, signer: signs() },
      'signer: cannot be set together with signingKey',
    ],
    [
      'a signer that cannot sign',
      { signer: { keys: [key] } },
      'signer: must be a signer of tokens, as keySigner(...) makes',
    ],
    ['a signer without keys', { signer: { sign: () => {} } }, 'signer.keys: must be a list of keys'],
    [
      'too short a life',
      { signer: signs({}, undefined, { maxExpirationSeconds: 300 }) },
      'max token life supported by external-jwt-signer (300s) is less than acceptable (min 600s)',
    ],
    [
      'an invalid lifetime',
      { signer: signs({}, undefined, { maxExpirationSeconds: NaN }) },
      'is less than acceptable',
    ],
    [
      'longer than the signer allows',
      { signer: signs({}, undefined, { maxExpirationSeconds: 600 }), maxExpirationSeconds: 3600 },
      'maxExpirationSeconds: cannot be longer than the token expiration supported by the signer: 3600s > 600s',
    ],
    ['no time to sign', { signer: signs(), signTimeoutSeconds: 0 }, 'signTimeoutSeconds: must be above 0'],
  ])('are refused: %s', (_, options, message) => {
    expect(() => tokenIssuer({ ...base, ...options })).toThrow(ConfigurationError)
    expect(() => tokenIssuer({ ...base, ...options })).toThrow(message)
  })

  it.each<readonly [what: string, options: object, message: string]>([
    ['no key', { sign: () => {} }, 'verificationKey: is required'],
    [
      'a key of another kind',
      { verificationKey: { kid: 'a', alg: 'HS256' }, sign: () => {} },
      'verificationKey: must be a key',
    ],
    ['no function', { verificationKey: key, sign: 'x' }, 'sign: must be a function'],
    [
      'another format',
      { verificationKey: key, sign: () => {}, ecdsaFormat: 'jose' },
      "ecdsaFormat: must be 'der' or 'raw'",
    ],
    [
      'too short a life',
      { verificationKey: key, sign: () => {}, maxExpirationSeconds: 599 },
      'maxExpirationSeconds: must be',
    ],
  ])('of keySigner are refused: %s', (_, options, message) => {
    expect(() => keySigner(options as unknown as KeySignerOptions)).toThrow(message)
  })

  it.each([{}, { maxExpirationSeconds: 600 }])('of keySigner say how long tokens live: %j', (life) => {
    const { maxExpirationSeconds } = keySigner({
      verificationKey: key,
      sign: () => new Uint8Array(),
      ...life,
    })
    expect(maxExpirationSeconds).toBe(life.maxExpirationSeconds)
  })

  it.each<readonly [what: string, signature: unknown]>([
    ['no bytes', 'AAAA'],
    ['no sequence', new Uint8Array(64)],
    ['a sequence that is cut off', Uint8Array.of(0x30, 0x45, 2)],
    [
      'numbers that are too large',
      Uint8Array.of(0x30, 0x26, 2, 0x21, ...new Uint8Array(33).fill(1), 2, 1, 1),
    ],
  ])('are not met by a KMS that returns %s', async (_, signature) => {
    const signer = keySigner({ verificationKey: key, sign: () => signature as Uint8Array })
    await expect(issuing(signer).issue()).rejects.toMatchObject({ status: 500 })
  })
})

describe('keys of former times', () => {
  it('verify tokens and are not published', async () => {
    const old: VerificationKey = { ...other, excludedFromDiscovery: true }
    const { documentAt } = issuerDiscovery({
      issuer: ISSUER,
      keys: [key, old],
      externalAddress: 'x.example.com',
    })
    expect(documentAt('/openid/v1/jwks')?.body).toContain('kms-1')
    expect(documentAt('/openid/v1/jwks')?.body).not.toContain('kms-2')
    expect(() => issuerDiscovery({ issuer: ISSUER, keys: [old], externalAddress: 'x.example.com' })).toThrow(
      'no keys provided for validating keyset',
    )
  })
})

describe('verificationKeyFromDer', () => {
  it.each<readonly [what: string, der: Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['a private key', pairs.ES256.privateKey.export({ type: 'pkcs8', format: 'der' })],
    ['bytes behind it', Buffer.concat([spkiOf(pairs.ES256.publicKey), Buffer.of(0)])],
    ['another curve', spkiOf(ecPair('secp256k1').publicKey)],
    ['a short RSA key', spkiOf(rsaPair(1024).publicKey)],
    ['too much', new Uint8Array(8193)],
  ])('refuses %s', async (_, der) => {
    await expect(verificationKeyFromDer(der, 'a')).rejects.toThrow(ConfigurationError)
  })

  it('names a key as Kubernetes does where it has no name', async () => {
    expect((await verificationKeyFromDer(spkiOf(pairs.RS256.publicKey))).kid).toMatch(/^[\w-]{43}$/)
  })
})
