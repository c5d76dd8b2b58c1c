// Bodies of reviews, in JSON and protobuf. Every body gets a response; an accepted one must equal the result of the simplest parser, and no response
// contains the token.
import { fakeRequest, fakeTokenAuthenticator, fakeUser } from '@kube-authn/testing'
import { allow } from '@kube-authn/core/authorization'
import { handleReviews } from '@kube-authn/api'
import { Finding } from '../lib/finding.mjs'
import { mutateBytes, mutateText } from '../lib/mutate.mjs'

export const name = 'review-bodies'

const TOKEN = 'c2VjcmV0'
const JSON_TYPE = 'application/json'
const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf'
const KINDS = {
  TokenReview: 'authentication.k8s.io/v1/tokenreviews',
  SubjectAccessReview: 'authorization.k8s.io/v1/subjectaccessreviews',
}
const EXPECTED_STATUS = new Set([201, 400, 422])

export async function run(random) {
  const kind = random.pick(Object.keys(KINDS))
  const apiVersion = KINDS[kind].slice(0, KINDS[kind].lastIndexOf('/'))
  const contentType = random.pick([JSON_TYPE, PROTOBUF_TYPE])
  const object = objectFor(random, kind, apiVersion)
  const whole = contentType === JSON_TYPE ? Buffer.from(JSON.stringify(object)) : protobufOf(object)
  const body = random.oneIn(8) ? whole : spoiled(random, whole, contentType)

  const asked = []
  const tokens = {
    ...fakeTokenAuthenticator(() => ({ user: fakeUser() })),
    authenticateToken(token) {
      asked.push(token)
      return { user: fakeUser() }
    },
  }
  const authorizer = {
    name: 'fuzz',
    authorize(attributes) {
      if (attributes.user.username !== 'caller') asked.push(attributes.user)
      return allow()
    },
  }
  const fail = (message, more) => {
    throw new Finding(message, { kind, contentType, body, asked, ...more })
  }

  const request = fakeRequest({
    method: 'POST',
    url: `/apis/${KINDS[kind]}`,
    headers: [['Content-Type', contentType]],
  })
  const handle = handleReviews(authorizer, { tokens: [tokens] })
  const read = async () => Uint8Array.from(body)
  const answer = await handle(request, read, { user: fakeUser({ username: 'caller' }) })
  const { status, content } = answer
  if (!EXPECTED_STATUS.has(status)) fail(`answered ${status}`, { content })
  if (content.includes(TOKEN)) fail('repeated the token', { content })
  const answered = JSON.parse(content)
  if (status !== 201) {
    if (answered.kind !== 'Status') fail('refused without a Status', { content })
    if (asked.length > 0) fail('called the authorizer and refused nevertheless', { content })
    return `refused, ${contentType === JSON_TYPE ? 'JSON' : 'protobuf'}, ${status}`
  }
  if (asked.length !== 1) fail('accepted without calling the authorizer', { content })
  const plain = contentType === JSON_TYPE ? JSON.parse(body.toString('utf8')) : plainObject(body)
  const wanted = kind === 'TokenReview' ? plain.spec.token : userOf(plain.spec)
  const got = kind === 'TokenReview' ? asked[0] : userOf({ user: asked[0].username, ...asked[0] })
  if (JSON.stringify(got) !== JSON.stringify(wanted)) fail('read something else', { got, wanted })
  return `accepted, ${contentType === JSON_TYPE ? 'JSON' : 'protobuf'}`
}

function objectFor(random, kind, apiVersion) {
  if (kind === 'TokenReview') {
    return { kind, apiVersion, spec: { token: TOKEN, audiences: random.some(['a', 'b', 'ö', '']) } }
  }
  return {
    kind,
    apiVersion,
    spec: {
      user: random.pick(['bob', '__proto__', 'ö']),
      groups: random.some(['a', 'system:masters', '', '__proto__']),
      extra: Object.fromEntries(random.some(['a', 'b']).map((key) => [key, random.some(['x', 'y', ''])])),
      nonResourceAttributes: { path: '/a', verb: 'get' },
    },
  }
}

function spoiled(random, whole, contentType) {
  if (contentType === JSON_TYPE && random.oneIn(2)) {
    const parts = [
      '"',
      '{',
      '}',
      ',',
      '\\u',
      '\\udc80',
      '\\ud83d',
      'null',
      '1',
      '[',
      ']',
      ':',
      '"token":',
      '"__proto__":{}',
    ]
    return Buffer.from(mutateText(random, whole.toString('utf8'), parts))
  }
  const pieces = Buffer.from([
    0, 1, 8, 0x0a, 0x12, 0x1a, 0x22, 0x2a, 0x80, 0xff, 0x7f, 0x0b, 0x0c, 0x6b, 0x38,
  ])
  return mutateBytes(random, whole, [whole, pieces])
}

function userOf({ user = '', groups = [], uid = '', extra = {} }) {
  const pairs = Object.entries(extra ?? {}).map(([key, values]) => [key, values ?? []])
  return [user ?? '', uid ?? '', groups ?? [], pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))]
}

/** Writes an object with what is in it here. */
function protobufOf({ kind, apiVersion, spec }) {
  const { token, audiences = [], user, groups = [], extra = {}, nonResourceAttributes: path } = spec
  const fields =
    kind === 'TokenReview'
      ? [[1, token], ...audiences.map((each) => [2, each])]
      : [
          [2, encoded([1, path.path], [2, path.verb])],
          [3, user],
          ...groups.map((each) => [4, each]),
          ...Object.entries(extra).map(([key, values]) => [
            5,
            encoded([1, key], [2, encoded(...values.map((each) => [1, each]))]),
          ]),
        ]
  const envelope = encoded(
    [1, encoded([1, apiVersion], [2, kind])],
    [2, encoded([1, ''], [2, encoded(...fields)])],
    [3, ''],
    [4, ''],
  )
  return Buffer.concat([Buffer.from('k8s\0'), envelope])
}

function encoded(...fields) {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      const content = Buffer.from(value)
      return [Buffer.from([(number << 3) | 2, ...varint(content.length)]), content]
    }),
  )
}

function varint(value) {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)]
}

/** Parses it without any validation. */
function plainObject(body) {
  const [raw = Buffer.alloc(0)] = fieldsOf(body.subarray(4)).get(2) ?? []
  const [inner = Buffer.alloc(0)] = fieldsOf(raw).get(2) ?? []
  const spec = fieldsOf(inner)
  const texts = (fields, number) => (fields.get(number) ?? []).map(String)
  const entries = (spec.get(5) ?? []).map((entry) => {
    const pair = fieldsOf(entry)
    return [texts(pair, 1)[0] ?? '', texts(fieldsOf(pair.get(2)?.[0] ?? Buffer.alloc(0)), 1)]
  })
  return {
    spec: {
      token: texts(spec, 1)[0],
      user: texts(spec, 3)[0],
      groups: texts(spec, 4),
      uid: texts(spec, 6)[0],
      extra: Object.fromEntries(entries),
    },
  }
}

function fieldsOf(bytes) {
  const fields = new Map()
  let offset = 0
  const next = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[offset++]
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (offset < bytes.length) {
    const tag = Number(next())
    let value
    if (tag % 8 === 0) value = next()
    else {
      const length = { 1: 8, 5: 4 }[tag % 8] ?? Number(next())
      value = bytes.subarray(offset, offset + length)
      offset += length
    }
    const number = Math.floor(tag / 8)
    fields.set(number, [...(fields.get(number) ?? []), value])
  }
  return fields
}
