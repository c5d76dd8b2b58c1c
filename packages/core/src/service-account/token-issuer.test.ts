import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fixedClock, thrownBy } from '../../test/fakes.ts'
import { ConfigurationError } from '../errors.ts'
import { signingKeyFromPem } from '../jwt/pem-keys.ts'
import { readJwt } from '../jwt/read-jwt.ts'
import { StatusError } from '../status.ts'
import { serviceAccountObjects } from './objects.ts'
import { serviceAccountToken } from './service-account.ts'
import { tokenIssuer } from './token-issuer.ts'

const NOW_MS = Date.UTC(2030, 0, 1)
const NOW = NOW_MS / 1000
const ISSUER = 'https://issuer.example.com'
const clock = fixedClock(NOW_MS)
const key = await signingKeyFromPem(
  generateKeyPairSync('ec', { namedCurve: 'P-384' })
    .privateKey.export({ type: 'sec1', format: 'pem' })
    .toString(),
)
const objects = serviceAccountObjects({
  serviceAccounts: [{ namespace: 'ns', name: 'sa', uid: '1' }],
  secrets: [{ namespace: 'ns', name: 's', uid: '2', data: {} }],
  pods: [
    { namespace: 'ns', name: 'p', uid: '3', serviceAccountName: 'sa', nodeName: 'n' },
    { namespace: 'ns', name: 'lost', uid: '3', serviceAccountName: 'sa', nodeName: 'gone' },
    { namespace: 'ns', name: 'other', uid: '3', serviceAccountName: 'other' },
    { namespace: 'x', name: 'far', uid: '3', serviceAccountName: 'sa' },
  ],
  nodes: [{ name: 'n', uid: '4' }],
})
const target = { namespace: 'ns', name: 'sa' }
const { issue } = tokenIssuer({ issuer: ISSUER, key, objects, clock })
const boundTo = (kind: string, name: string, more = {}) => ({
  spec: { boundObjectRef: { kind, apiVersion: 'v1', name, ...more } },
})
const claimsOf = (token: string) => readJwt(token)?.claims

describe('a token that is asked for', () => {
  it('is known to whoever has the key, and says who it is', async () => {
    const annotations: string[] = []
    const granted = await issue(target, boundTo('Pod', 'p'), {
      annotate: (_, value) => void annotations.push(value),
    })
    const tokens = serviceAccountToken({ issuers: [ISSUER], keys: [key.verificationKey], objects, clock })
    const answer = await tokens.authenticateToken(granted.status.token, {})
    expect(answer?.user.username).toBe('system:serviceaccount:ns:sa')
    expect({ ...answer?.user.extra }).toEqual({
      'authentication.kubernetes.io/pod-name': ['p'],
      'authentication.kubernetes.io/pod-uid': ['3'],
      'authentication.kubernetes.io/node-name': ['n'],
      'authentication.kubernetes.io/node-uid': ['4'],
      'authentication.kubernetes.io/credential-id': annotations,
    })
    expect(granted.status.expirationTimestamp).toBe('2030-01-01T01:00:00Z')
  })

  it.each([
    ['nothing', {}, { exp: NOW + 3600, aud: [ISSUER] }],
    ['audiences', { spec: { audiences: ['vault', 'b'] } }, { aud: ['vault', 'b'] }],
    ['a time', { spec: { expirationSeconds: 600 } }, { exp: NOW + 600 }],
    ['a status, which does not count', { status: { token: 'x' } }, { exp: NOW + 3600 }],
    ['a secret', boundTo('Secret', 's'), { 'kubernetes.io': { secret: { name: 's', uid: '2' } } }],
    ['a node', boundTo('Node', 'n', { uid: '4' }), { 'kubernetes.io': { node: { name: 'n', uid: '4' } } }],
    ['a pod whose node is gone', boundTo('Pod', 'lost'), { 'kubernetes.io': { node: { name: 'gone' } } }],
  ])('can be asked for with %s', async (_, body, claims) => {
    expect(claimsOf((await issue(target, body)).status.token)).toMatchObject(claims)
  })

  it.each([
    ['no object', 'x', 400],
    ['a time that is a text', { spec: { expirationSeconds: '600' } }, 400],
    ['a part of a second', { spec: { expirationSeconds: 600.5 } }, 400],
    ['audiences that are no list', { spec: { audiences: 'a' } }, 400],
    ['the name of another', { metadata: { name: 'x' } }, 422],
    ['the namespace of another', { metadata: { namespace: 'x' } }, 422],
    ['the uid of another', { metadata: { uid: 'x' } }, 409],
    ['less than ten minutes', { spec: { expirationSeconds: 599 } }, 422],
    ['more than 2^32 seconds', { spec: { expirationSeconds: 2 ** 32 + 1 } }, 422],
    ['attestations', { spec: { attestations: { x: ['y'] } } }, 422],
    ['a pod that is not there', boundTo('Pod', 'x'), 404],
    ['a pod of another namespace', boundTo('Pod', 'far'), 404],
    ['a pod of another account', boundTo('Pod', 'other'), 400],
    ['a pod that was there before', boundTo('Pod', 'p', { uid: 'x' }), 409],
    ['a secret that is not there', boundTo('Secret', 'x'), 404],
    ['a node that is not there', boundTo('Node', 'x'), 404],
    ['an object of another kind', boundTo('ConfigMap', 'x'), 400],
    ['a pod of another group', boundTo('Pod', 'p', { apiVersion: 'apps/v1' }), 400],
  ])('is refused with %s', async (_, body, status) => {
    const error = await thrownBy(() => issue(target, body))
    expect(error).toBeInstanceOf(StatusError)
    expect(error).toMatchObject({ status })
  })

  it('is refused for an account that is not there', async () => {
    expect(await thrownBy(() => issue({ namespace: 'x', name: 'sa' }, {}))).toMatchObject({ status: 404 })
  })

  it.each([
    ['of a pod', {}, boundTo('Pod', 'p'), true],
    ['of nothing', {}, { spec: {} }, false],
    ['of a node', {}, boundTo('Node', 'n'), false],
    ['of a pod, for others', {}, { spec: { ...boundTo('Pod', 'p').spec, audiences: ['vault'] } }, false],
    ['of a pod, unless that is turned off', { extendExpiration: false }, boundTo('Pod', 'p'), false],
    ['of a pod, unless it is shortened', { maxExpirationSeconds: 3600 }, boundTo('Pod', 'p'), false],
  ])(
    'is good for a year or not with the 3607 seconds of admission: %s',
    async (_, options, { spec }, isExtended) => {
      const issuer = tokenIssuer({ issuer: ISSUER, key, objects, clock, ...options })
      const { status } = await issuer.issue(target, { spec: { ...spec, expirationSeconds: 3607 } })
      const claims = claimsOf(status.token)
      expect(Number(claims?.['exp']) - NOW > 3607).toBe(isExtended)
      expect(JSON.stringify(claims).includes('warnafter')).toBe(isExtended)
      expect(Date.parse(status.expirationTimestamp)).toBeLessThanOrEqual(NOW_MS + 3_607_000)
    },
  )

  it('is shortened with a warning', async () => {
    const warnings: string[] = []
    const issuer = tokenIssuer({ issuer: ISSUER, key, objects, clock, maxExpirationSeconds: 3600 })
    const { spec } = await issuer.issue(
      target,
      { spec: { expirationSeconds: 7200 } },
      { warn: (text) => void warnings.push(text) },
    )
    expect(spec.expirationSeconds).toBe(3600)
    expect(warnings).toEqual(['requested expiration of 7200 seconds shortened to 3600 seconds'])
  })

  it.each([
    ['no issuer', { issuer: '' }],
    ['an issuer that is half a URL', { issuer: '://x' }],
    ['no audience', { audiences: [] }],
    ['an empty audience', { audiences: [''] }],
    ['less than an hour at most', { maxExpirationSeconds: 3599 }],
    ['a time at most that is none', { maxExpirationSeconds: Number.NaN }],
  ])('is never issued with %s', (_, options) => {
    expect(() => tokenIssuer({ issuer: ISSUER, key, objects, ...options })).toThrow(ConfigurationError)
  })
})
