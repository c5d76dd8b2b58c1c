import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import { readJwt } from '@kube-authn/core/oidc'
import { serviceAccountObjects, serviceAccountToken } from '@kube-authn/core/service-account'
import { fixedClock, thrownBy } from '../../core/test/fakes.ts'
import { signingKeyFromPem } from './signing-key.ts'
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
const { issue } = tokenIssuer({ issuer: ISSUER, signingKey: key, objects, clock })
const boundTo = (kind: string, name: string, more = {}) => ({
  spec: { boundObjectRef: { kind, apiVersion: 'v1', name, ...more } },
})
const claimsOf = (token: string) => readJwt(token)?.claims

describe('a token that is asked for', () => {
  it('is accepted with its key, and has the service account', async () => {
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
    ['fields that are unknown', { x: 1, spec: { y: 1 } }, { exp: NOW + 3600, aud: [ISSUER] }],
    ['null for an audience, which is empty', { spec: { audiences: ['a', null] } }, { aud: ['a', ''] }],
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

  const TOKEN_REQUEST = { group: 'authentication.k8s.io', kind: 'TokenRequest' }
  it.each<[string, object, string, object | undefined]>([
    [
      'the name of another',
      { metadata: { name: 'x', namespace: 'y' } },
      'TokenRequest.authentication.k8s.io "sa" is invalid: metadata.name: Invalid value: "x": must match the service ' +
        'account name if specified',
      { ...TOKEN_REQUEST, name: 'sa' },
    ],
    [
      'the uid of another',
      { metadata: { uid: 'x' } },
      'Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "sa": the UID in the token request (x) does ' +
        'not match the UID of the service account (1)',
      { ...TOKEN_REQUEST, name: 'sa' },
    ],
    [
      'less than ten minutes',
      { spec: { expirationSeconds: -1 } },
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: -1: may not specify a ' +
        'duration less than 10 minutes',
      TOKEN_REQUEST,
    ],
    [
      'more than 2^32 seconds',
      { spec: { expirationSeconds: 2 ** 32 + 1 } },
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not ' +
        'specify a duration larger than 2^32 seconds',
      TOKEN_REQUEST,
    ],
    ['a pod that is not there', boundTo('Pod', 'x'), 'pods "x" not found', { name: 'x', kind: 'pods' }],
    [
      'a pod of another account, without telling whose it is',
      boundTo('Pod', 'other'),
      'cannot bind token for serviceaccount "sa" to pod running with different serviceaccount name.',
      undefined,
    ],
    [
      'a pod that was there before, without telling which is there now',
      boundTo('Pod', 'p', { uid: 'x' }),
      'Operation cannot be fulfilled on Pod "p": the UID in the bound object reference (x) does not match the UID in ' +
        'record. The object might have been deleted and then recreated',
      { name: 'p', kind: 'Pod' },
    ],
    [
      'a secret that was there before',
      boundTo('Secret', 's', { uid: 'x' }),
      'Operation cannot be fulfilled on Secret "s": the UID in the bound object reference (x) does not match the UID in ' +
        'record. The object might have been deleted and then recreated',
      { name: 's', kind: 'Secret' },
    ],
    [
      'an object of another kind',
      boundTo('ConfigMap', 'x'),
      'cannot bind token to object of type /v1, Kind=ConfigMap',
      undefined,
    ],
    [
      'an object of another group',
      boundTo('Pod', 'p', { apiVersion: 'apps/v1' }),
      'cannot bind token to object of type apps/v1, Kind=Pod',
      undefined,
    ],
    [
      'an object of no kind',
      { spec: { boundObjectRef: { name: 'p' } } },
      'cannot bind token to object of type /, Kind=',
      undefined,
    ],
    [
      'a kind that would forge a line of a log',
      boundTo('Pod\n', 'p'),
      'cannot bind token to object of type /v1, Kind=Pod\\n',
      undefined,
    ],
    [
      'the configuration of a webhook',
      boundTo('ValidatingWebhookConfiguration', 'x', { apiVersion: 'admissionregistration.k8s.io/v1' }),
      'cannot bind token to object of type admissionregistration.k8s.io/v1, Kind=ValidatingWebhookConfiguration',
      undefined,
    ],
  ])('is refused in the words of Kubernetes with %s', async (_, body, message, details) => {
    const error = await thrownBy(() => issue(target, body))
    expect(error).toMatchObject({ message, body: { message } })
    const told = (error as StatusError).body.details
    expect(told && { ...told, causes: undefined }).toEqual(details && { ...details, causes: undefined })
  })

  it.each([
    ['{"x":["y"]}', 'spec.attestations: Invalid value: "x": may not specify an unknown key'],
    ['{"x":[]}', 'spec.attestations: Invalid value: "x": may not specify empty value'],
    [
      '{"admissionReviewAPIGroups":["a","b"]}',
      'spec.attestations.admissionReviewAPIGroups: Invalid value: "admissionReviewAPIGroups": must specify a single value',
    ],
    [
      '{"admissionReviewAPIGroups":[""]}',
      'spec.attestations.admissionReviewAPIGroups: Invalid value: "admissionReviewAPIGroups": may not be an empty string',
    ],
    [
      '{"admissionReviewAPIGroups":["apps"]}',
      'spec.attestations: Forbidden: only tokens for webhooks have them, which are not issued here',
    ],
    ['{"__proto__":["y"]}', 'spec.attestations: Invalid value: "__proto__": may not specify an unknown key'],
  ])('is refused with the attestations %s', async (attestations, message) => {
    const body: unknown = JSON.parse(`{"spec":{"attestations":${attestations}}}`)
    expect(await thrownBy(() => issue(target, body))).toMatchObject({
      status: 422,
      message: `TokenRequest.authentication.k8s.io "" is invalid: ${message}`,
    })
  })

  it.each([
    ['no attestations', { spec: { attestations: {} } }],
    ['attestations that are null', { spec: { attestations: null } }],
    ['fields that are null', { metadata: null, spec: { audiences: null, expirationSeconds: null } }],
    ['a pod of whatever version', boundTo('Pod', 'p', { apiVersion: 'v7' })],
    ['a pod without a version', boundTo('Pod', 'p', { apiVersion: '' })],
    ['ten minutes', { spec: { expirationSeconds: 600 } }],
    ['2^32 seconds', { spec: { expirationSeconds: 2 ** 32 } }],
  ])('can be asked for with %s', async (_, body) => {
    expect((await issue(target, body)).kind).toBe('TokenRequest')
  })

  it('comes back with what the request was for', async () => {
    const { metadata, spec } = await issue(target, boundTo('Pod', 'p'))
    expect(metadata).toEqual({
      namespace: 'ns',
      name: 'sa',
      uid: '1',
      creationTimestamp: '2030-01-01T00:00:00Z',
    })
    expect(spec).toEqual({
      audiences: [ISSUER],
      expirationSeconds: 3600,
      boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' },
    })
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
      const issuer = tokenIssuer({ issuer: ISSUER, signingKey: key, objects, clock, ...options })
      const { status } = await issuer.issue(target, { spec: { ...spec, expirationSeconds: 3607 } })
      const claims = claimsOf(status.token)
      expect(Number(claims?.['exp']) - NOW > 3607).toBe(isExtended)
      expect(JSON.stringify(claims).includes('warnafter')).toBe(isExtended)
      expect(Date.parse(status.expirationTimestamp)).toBeLessThanOrEqual(NOW_MS + 3_607_000)
    },
  )

  it('is shortened with a warning', async () => {
    const warnings: string[] = []
    const issuer = tokenIssuer({
      issuer: ISSUER,
      signingKey: key,
      objects,
      clock,
      maxExpirationSeconds: 3600,
    })
    const { spec } = await issuer.issue(
      target,
      { spec: { expirationSeconds: 7200 } },
      { warn: (text) => void warnings.push(text) },
    )
    expect(spec.expirationSeconds).toBe(3600)
    expect(warnings).toEqual(['requested expiration of 7200 seconds shortened to 3600 seconds'])
    const warn = (text: string) => void warnings.push(text)
    await issuer.issue(target, { spec: { expirationSeconds: 3600 } }, { warn })
    expect(warnings).toHaveLength(1)
  })

  it.each([3600, 2 ** 32, Infinity])('is never shortened below %d seconds', async (maxExpirationSeconds) => {
    const issuer = tokenIssuer({ issuer: ISSUER, signingKey: key, objects, clock, maxExpirationSeconds })
    const asked = { spec: { expirationSeconds: 2 ** 32 } }
    expect((await issuer.issue(target, asked)).spec.expirationSeconds).toBe(
      Math.min(maxExpirationSeconds, 2 ** 32),
    )
  })

  it.each([
    ['no issuer', { issuer: '' }],
    ['an issuer that is half a URL', { issuer: '://x' }],
    ['no audience', { audiences: [] }],
    ['an empty audience', { audiences: [''] }],
    ['less than an hour at most', { maxExpirationSeconds: 3599 }],
    ['more than 2^32 seconds at most', { maxExpirationSeconds: 2 ** 32 + 1 }],
    ['a part of a second at most', { maxExpirationSeconds: 3600.5 }],
    ['a time at most that is none', { maxExpirationSeconds: Number.NaN }],
  ])('is never issued with %s', (_, options) => {
    expect(() => tokenIssuer({ issuer: ISSUER, signingKey: key, objects, ...options })).toThrow(
      ConfigurationError,
    )
  })
})
