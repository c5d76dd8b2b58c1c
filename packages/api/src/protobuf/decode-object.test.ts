import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatenated, envelope, protobuf, type ProtobufField, varint } from '../../test/protobuf.ts'
import { StatusError } from '@kube-authn/core/adapter'
import { decodeObject } from './decode-object.ts'

const AUTHENTICATION = 'authentication.k8s.io/v1'
const AUTHORIZATION = 'authorization.k8s.io/v1'
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const tokenReview = (...spec: readonly ProtobufField[]): Uint8Array =>
  envelope(AUTHENTICATION, 'TokenReview', protobuf([2, protobuf(...spec)]))

describe('decodeObject', () => {
  it('reads what `kubectl auth whoami` sends', () => {
    const body = hex(
      '6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a656374526576696577' +
        '121a0a100a0012001a0022002a0032003800420012060a040a0012001a002200',
    )
    const metadata = { creationTimestamp: null }
    expect(decodeObject(body)).toEqual({ apiVersion: AUTHENTICATION, kind: 'SelfSubjectReview', metadata })
  })

  it('reads every field of a TokenReview that a client sets', () => {
    expect(decodeObject(tokenReview([1, 'tök'], [2, 'a'], [2, ''], [2, 'a']))['spec']).toEqual({
      token: 'tök',
      audiences: ['a', '', 'a'],
    })
  })

  it('reads every field of a SubjectAccessReview', () => {
    const selector = protobuf(
      [1, 'raw'],
      [2, protobuf([1, 'k'], [2, 'In'], [3, 'v'], [3, 'w'])],
      [2, protobuf([1, 'l'])],
    )
    const resource = protobuf(
      ...['shop', 'list', 'apps', 'v1', 'deployments', 'scale', 'web'].map(
        (text, index) => [index + 1, text] as const,
      ),
      [8, selector],
      [9, protobuf()],
    )
    const spec = protobuf(
      [1, resource],
      [2, protobuf([1, '/healthz'], [2, 'get'])],
      [3, 'jane'],
      [4, 'a'],
      [4, 'b'],
      [5, protobuf([1, '__proto__'], [2, protobuf([1, 'x'], [1, 'y'])])],
      [5, protobuf([1, 'none'])],
      [6, '42'],
    )
    const { spec: read } = decodeObject(
      envelope(AUTHORIZATION, 'SubjectAccessReview', protobuf([2, spec])),
    ) as Record<string, Record<string, unknown>>
    expect(read).toEqual({
      resourceAttributes: {
        namespace: 'shop',
        verb: 'list',
        group: 'apps',
        version: 'v1',
        resource: 'deployments',
        subresource: 'scale',
        name: 'web',
        fieldSelector: {
          rawSelector: 'raw',
          requirements: [{ key: 'k', operator: 'In', values: ['v', 'w'] }, { key: 'l' }],
        },
        labelSelector: {},
      },
      nonResourceAttributes: { path: '/healthz', verb: 'get' },
      user: 'jane',
      groups: ['a', 'b'],
      extra: expect.anything() as unknown,
      uid: '42',
    })
    expect(Object.entries(read?.['extra'] ?? {})).toEqual([
      ['__proto__', ['x', 'y']],
      ['none', []],
    ])
  })

  it('calls groups what the version calls them', () => {
    const raw = protobuf([2, protobuf([4, 'a'])])
    expect(
      decodeObject(envelope('authorization.k8s.io/v1beta1', 'SubjectAccessReview', raw))['spec'],
    ).toEqual({
      group: ['a'],
    })
  })

  it('reads a TokenRequest, with numbers that may be negative', () => {
    const spec = protobuf([1, 'a'], [3, protobuf([1, 'Pod'], [2, 'v1'], [3, 'p'], [4, 'u'])], [4, -1])
    expect(
      decodeObject(envelope(AUTHENTICATION, 'TokenRequest', protobuf([2, spec], [3, protobuf()])))['spec'],
    ).toEqual({
      audiences: ['a'],
      boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p', uid: 'u' },
      expirationSeconds: -1,
    })
  })

  it('takes an object for what it is expected to be where it does not say', () => {
    const body = concatenated(hex('6b387300'), protobuf([2, protobuf([2, protobuf([1, 't'])])]))
    expect(decodeObject(body, { apiVersion: AUTHENTICATION, kind: 'TokenReview' })['spec']).toEqual({
      token: 't',
    })
    expect(() => decodeObject(body)).toThrow('its kind is not supported')
  })

  it('skips fields that it does not know, of every wire type', () => {
    const unknown = concatenated(
      protobuf([100, 7], [101, 'x']),
      Uint8Array.of(0xb1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8),
      Uint8Array.of(0xb5, 0x06, 1, 2, 3, 4),
    )
    const raw = concatenated(protobuf([2, concatenated(unknown, protobuf([1, 't']))]), unknown)
    expect(decodeObject(envelope(AUTHENTICATION, 'TokenReview', raw))).toMatchObject({ spec: { token: 't' } })
  })

  const raw = protobuf([2, protobuf([1, 'secret'])])
  const inSpec = (bytes: Uint8Array): Uint8Array =>
    envelope(AUTHENTICATION, 'TokenReview', protobuf([2, bytes]))
  it.each<readonly [what: string, body: Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['three bytes', hex('6b3873')],
    ['JSON', new TextEncoder().encode('{"kind":"TokenReview"}')],
    ['an envelope without magic', protobuf([1, protobuf([1, AUTHENTICATION], [2, 'TokenReview'])], [2, raw])],
    ['an envelope that is cut off', envelope(AUTHENTICATION, 'TokenReview', raw).subarray(0, -1)],
    ['an encoded object', envelope(AUTHENTICATION, 'TokenReview', raw, [3, 'gzip'])],
    ['JSON in an envelope', envelope(AUTHENTICATION, 'TokenReview', raw, [4, 'application/json'])],
    ['two objects in one envelope', envelope(AUTHENTICATION, 'TokenReview', raw, [2, raw])],
    ['an object of two kinds', envelope(AUTHENTICATION, 'TokenReview', raw, [1, protobuf([2, 'Secret'])])],
    ['another kind', envelope('v1', 'Pod', raw)],
    ['another version', envelope('authentication.k8s.io/v2', 'TokenReview', raw)],
    ['a kind called as a member of objects', envelope('', '__proto__', raw)],
    ['two tokens', tokenReview([1, 'secret'], [1, 'other'])],
    ['two empty tokens', tokenReview([1, ''], [1, ''])],
    ['two specifications', envelope(AUTHENTICATION, 'TokenReview', concatenated(raw, raw))],
    ['a token that is a number', tokenReview([1, 7])],
    ['a number that is a text', envelope(AUTHENTICATION, 'TokenRequest', protobuf([2, protobuf([4, '7'])]))],
    ['a token that is not UTF-8', tokenReview([1, Uint8Array.of(0x73, 0xff)])],
    ['half a character', tokenReview([1, Uint8Array.of(0xed, 0xa0, 0x80)])],
    ['a field without a number', inSpec(Uint8Array.of(0x02, 0))],
    ['a group', inSpec(Uint8Array.of(0x0b, 0x0c))],
    ['the end of a group', inSpec(Uint8Array.of(0x0c))],
    ['wire type 6', inSpec(Uint8Array.of(0x0e, 0))],
    ['wire type 7', inSpec(Uint8Array.of(0x0f, 0))],
    ['a tag that is cut off', inSpec(Uint8Array.of(0x8a))],
    ['a tag of more than 32 bits', inSpec(concatenated(varint(2n ** 32n), Uint8Array.of(0)))],
    ['a tag of six bytes', inSpec(Uint8Array.of(0x8a, 0x80, 0x80, 0x80, 0x80, 0, 0))],
    ['a length that is missing', inSpec(Uint8Array.of(0x0a))],
    ['a length beyond the end', inSpec(Uint8Array.of(0x0a, 2, 0x61))],
    ['a huge length', inSpec(Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f))],
    ['a length of more than 32 bits', inSpec(Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x1f))],
    [
      'a varint of eleven bytes',
      inSpec(concatenated(Uint8Array.of(0x20), new Uint8Array(10).fill(0x80), Uint8Array.of(0))),
    ],
    [
      'a varint of more than 64 bits',
      inSpec(concatenated(Uint8Array.of(0x20), new Uint8Array(9).fill(0xff), Uint8Array.of(2))),
    ],
    ['four bytes that are three', inSpec(Uint8Array.of(0xb5, 0x06, 1, 2, 3))],
    ['eight bytes that are seven', inSpec(Uint8Array.of(0xb1, 0x06, 1, 2, 3, 4, 5, 6, 7))],
    [
      'a number that JavaScript cannot hold',
      envelope(AUTHENTICATION, 'TokenRequest', protobuf([2, protobuf([4, 2n ** 53n])])),
    ],
    [
      'a time beyond all calendars',
      envelope('v1', 'ServiceAccount', protobuf([1, protobuf([8, protobuf([1, 2 ** 50])])])),
    ],
    [
      'a key of a map twice',
      envelope(
        AUTHORIZATION,
        'SubjectAccessReview',
        protobuf([2, protobuf([5, protobuf([1, 'secret'])], [5, protobuf([1, 'secret'])])]),
      ),
    ],
    [
      'an entry of a map with two keys',
      envelope(
        AUTHORIZATION,
        'SubjectAccessReview',
        protobuf([2, protobuf([5, protobuf([1, 'a'], [1, 'b'])])]),
      ),
    ],
  ])('refuses %s, and repeats nothing of it', (_, body) => {
    const thrown = thrownBy(() => decodeObject(body))
    expect(thrown).toMatchObject({ status: 400, body: { reason: 'BadRequest' } })
    expect(JSON.stringify(thrown.body)).not.toContain('secret')
  })

  it('reads numbers up to the limits of 64 bits, in whatever many bytes', () => {
    const read = (bytes: Uint8Array): unknown =>
      decodeObject(envelope(AUTHENTICATION, 'TokenRequest', protobuf([2, bytes])))['spec']
    expect(read(protobuf([4, 2n ** 53n - 1n]))).toEqual({ expirationSeconds: Number.MAX_SAFE_INTEGER })
    expect(read(Uint8Array.of(0x20, 0x85, 0x80, 0x00))).toEqual({ expirationSeconds: 5 })
    expect(read(Uint8Array.of(0xa0, 0x80, 0x00, 5))).toEqual({ expirationSeconds: 5 })
  })

  it('reads back whatever was written', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 })
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), texts, (token, audiences) => {
        const body = tokenReview(
          [1, token.toWellFormed()],
          ...audiences.map((each) => [2, each.toWellFormed()] as const),
        )
        expect(decodeObject(body)['spec']).toEqual({
          token: token.toWellFormed(),
          ...(audiences.length > 0 && { audiences: audiences.map((each) => each.toWellFormed()) }),
        })
      }),
    )
  })

  it('answers any bytes with an object or a 400', () => {
    const spoiled = fc
      .tuple(fc.uint8Array({ maxLength: 64 }), fc.nat(), fc.nat({ max: 8 }))
      .map(([noise, from, removed]) => {
        const body = tokenReview([1, 'secret'], [2, 'a'])
        const at = from % (body.length + 1)
        return concatenated(body.subarray(0, at), noise, body.subarray(at + removed))
      })
    fc.assert(
      fc.property(fc.oneof(spoiled, fc.uint8Array({ maxLength: 256 })), (body) => {
        try {
          expect(decodeObject(body).kind).toBe('TokenReview')
        } catch (error) {
          expect(error).toMatchObject({ name: 'StatusError', status: 400 })
        }
      }),
      { numRuns: 1000 },
    )
  })
})

function thrownBy(work: () => unknown): StatusError {
  try {
    work()
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
