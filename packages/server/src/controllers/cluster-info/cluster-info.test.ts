import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Secret, createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import { type ConfigMapData, signedClusterInfo } from './cluster-info.ts'
import { signClusterInfo } from './signature.ts'

const NOW = Date.UTC(2030, 0, 1)
const KUBECONFIG = 'kind: Config'
const FOOBAR = { id: 'foobar', secret: 'circumnavigation' }

function secretOf(
  { id, secret } = FOOBAR,
  data: Readonly<Record<string, string>> = {},
  rest: Partial<Secret> = {},
): Secret {
  return {
    namespace: 'kube-system',
    name: `bootstrap-token-${id}`,
    type: 'bootstrap.kubernetes.io/token',
    data: { 'token-id': id, 'token-secret': secret, 'usage-bootstrap-signing': 'true', ...data },
    ...rest,
  }
}

const signature = signClusterInfo(KUBECONFIG, FOOBAR)
const signed = { kubeconfig: KUBECONFIG, 'jws-kubeconfig-foobar': signature }

describe('the data of cluster-info', () => {
  it('is signed with every token that is for signing', () => {
    const other = { id: 'abcdef', secret: '0123456789abcdef' }
    expect(signedClusterInfo({ kubeconfig: KUBECONFIG }, [secretOf(), secretOf(other)], NOW)).toEqual({
      ...signed,
      'jws-kubeconfig-abcdef': signClusterInfo(KUBECONFIG, other),
    })
  })

  it('keeps what else is there', () => {
    const data = { kubeconfig: KUBECONFIG, 'ca.crt': 'CA', jws: 'x', 'jws-kubeconfi-foobar': 'y' }
    expect(signedClusterInfo(data, [secretOf()], NOW)).toEqual({ ...data, ...signed })
  })

  it.each([
    ['never expires', {}],
    ['expires in a second', { expiration: '2030-01-01T00:00:01Z' }],
    ['may not authenticate', { 'usage-bootstrap-authentication': 'false' }],
    ['has groups that may not be given', { 'auth-extra-groups': 'system:masters' }],
  ])('is signed with a token that %s', (_, data) => {
    expect(signedClusterInfo({ kubeconfig: KUBECONFIG }, [secretOf(FOOBAR, data)], NOW)).toEqual(signed)
  })

  it.each<[string, Secret]>([
    ['is for something else', secretOf(FOOBAR, { 'usage-bootstrap-signing': '' })],
    ['is nearly for signing', secretOf(FOOBAR, { 'usage-bootstrap-signing': 'True' })],
    ['has expired', secretOf(FOOBAR, { expiration: '2029-12-31T23:59:59Z' })],
    ['expires now', secretOf(FOOBAR, { expiration: '2030-01-01T00:00:00Z' })],
    ['has an expiration that cannot be read', secretOf(FOOBAR, { expiration: 'tomorrow' })],
    ['has no secret', secretOf(FOOBAR, { 'token-secret': '' })],
    ['has another id than its name says', secretOf(FOOBAR, { 'token-id': 'abcdef' })],
    ['has no id', secretOf(FOOBAR, { 'token-id': '' })],
    ['has a name of another form', secretOf({ ...FOOBAR, id: 'foobars' })],
    ['has a name that begins otherwise', secretOf(FOOBAR, {}, { name: 'x-bootstrap-token-foobar' })],
    ['is in another namespace', secretOf(FOOBAR, {}, { namespace: 'kube-public' })],
    ['is of another type', secretOf(FOOBAR, {}, { type: 'Opaque' })],
    ['inherits what it says', { ...secretOf(), data: Object.create(secretOf().data) }],
  ])('is not signed with a token that %s, and loses its signature', (_, secret) => {
    expect(signedClusterInfo({ kubeconfig: KUBECONFIG }, [secret], NOW)).toBeUndefined()
    expect(signedClusterInfo(signed, [secret], NOW)).toEqual({ kubeconfig: KUBECONFIG })
  })

  it.each<[string, ConfigMapData, readonly Secret[]]>([
    ['it is signed already', signed, [secretOf()]],
    ['there is no token and no signature', { kubeconfig: KUBECONFIG }, []],
    ['there is no kubeconfig', {}, [secretOf()]],
    ['there are only signatures', { 'jws-kubeconfig-foobar': signature }, []],
    ['the kubeconfig is inherited', Object.create({ kubeconfig: KUBECONFIG }), [secretOf()]],
  ])('stays as it is when %s', (_, data, secrets) => {
    expect(signedClusterInfo(data, secrets, NOW)).toBeUndefined()
  })

  it.each([
    ['a wrong signature', { 'jws-kubeconfig-foobar': `${signature}x` }],
    ['an empty signature', { 'jws-kubeconfig-foobar': '' }],
    ['a signature of a token that is gone', { 'jws-kubeconfig-abcdef': signature }],
    ['a signature of no token', { 'jws-kubeconfig-': signature }],
    ['a signature of __proto__', { 'jws-kubeconfig-__proto__': signature }],
  ])('loses %s', (_, wrong) => {
    expect(signedClusterInfo({ ...signed, ...wrong }, [secretOf()], NOW)).toEqual(signed)
  })

  it('is signed where the kubeconfig is empty', () => {
    expect(signedClusterInfo({ kubeconfig: '' }, [secretOf()], NOW)).toEqual({
      kubeconfig: '',
      'jws-kubeconfig-foobar': signClusterInfo('', FOOBAR),
    })
  })

  it('takes the first of several secrets of one name', () => {
    const twin = secretOf({ ...FOOBAR, secret: 'another' })
    expect(signedClusterInfo({ kubeconfig: KUBECONFIG }, [secretOf(), twin], NOW)).toEqual(signed)
  })

  it('keeps __proto__ as a key like any other', () => {
    const data: Record<string, string> = JSON.parse(`{"kubeconfig":"${KUBECONFIG}","__proto__":"x"}`)
    const wanted = signedClusterInfo(data, [secretOf()], NOW) ?? {}
    expect(Object.keys(wanted)).toEqual(['kubeconfig', '__proto__', 'jws-kubeconfig-foobar'])
    expect(Object.getPrototypeOf(wanted)).toBe(Object.prototype)
  })

  it('is signed with what createBootstrapToken makes for signing', () => {
    const { secret } = createBootstrapToken({ signing: true })
    const id = secret.name.slice('bootstrap-token-'.length)
    expect(Object.keys(signedClusterInfo({ kubeconfig: KUBECONFIG }, [secret], Date.now()) ?? {})).toEqual([
      'kubeconfig',
      `jws-kubeconfig-${id}`,
    ])
    expect(
      signedClusterInfo({ kubeconfig: KUBECONFIG }, [createBootstrapToken().secret], Date.now()),
    ).toBeUndefined()
  })

  it('has no signatures at an invalid time', () => {
    expect(signedClusterInfo(signed, [secretOf()], Number.NaN)).toEqual({ kubeconfig: KUBECONFIG })
  })

  it.each([
    ['the kubeconfig', 'x'.repeat(1_048_577), [secretOf()]],
    ['the kubeconfig with its signatures', 'x'.repeat(1_048_570), [secretOf()]],
    [
      'what all tokens sign',
      KUBECONFIG,
      Array.from({ length: 10_000 }, (_, index) =>
        secretOf({ ...FOOBAR, id: index.toString(36).padStart(6, '0') }),
      ),
    ],
  ])('is refused when %s is larger than a ConfigMap can be', (_, kubeconfig, secrets) => {
    expect(() => signedClusterInfo({ kubeconfig }, secrets, NOW)).toThrow(RangeError)
  })

  it('needs nothing more once it is what it should be', () => {
    const key = fc.oneof(
      fc.constantFrom('kubeconfig', 'jws-kubeconfig-foobar', 'jws-kubeconfig-', '__proto__'),
      fc.string({ maxLength: 20 }),
    )
    const tokens = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{6}$/), { maxLength: 4 })
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.string())), tokens, (entries, ids) => {
        const data = Object.fromEntries(entries)
        const secrets = ids.map((id) => secretOf({ ...FOOBAR, id }))
        const wanted = signedClusterInfo(data, secrets, NOW) ?? data
        expect(signedClusterInfo(wanted, secrets, NOW)).toBeUndefined()
        if (Object.hasOwn(data, 'kubeconfig')) {
          const keys = Object.keys(wanted).filter((name) => name.startsWith('jws-kubeconfig-'))
          expect(new Set(keys)).toEqual(new Set(ids.map((id) => `jws-kubeconfig-${id}`)))
          expect(wanted['kubeconfig']).toBe(data['kubeconfig'])
        }
      }),
    )
  })
})
