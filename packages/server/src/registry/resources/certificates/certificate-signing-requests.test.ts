import { beforeEach, describe, expect, it } from 'vitest'
import { deny } from '@kube-authn/core/authorization'
import { isStatusError } from '@kube-authn/core/internal'
import { fixedClock } from '../../../../../core/test/fakes.ts'
import { cpuSecondsUntil } from '../../../../../../test/cpu-seconds.ts'
import { type Attribute, issueCa, O, subjectAltName } from '../../../../../x509/test/certificates.ts'
import { extensionRequest, requestDer, requestPem, rsaSpki } from '../../../../../x509/test/requests.ts'
import {
  APPROVED,
  callerOf,
  clientRequest,
  DENIED,
  signersAuthorizer,
  withCondition,
} from '../../../../test/signing-requests.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import type { KubeObject } from '../../kube-object.ts'
import { readKubeObject } from '../../read-kube-object.ts'
import { registry, type Registry } from '../../registry.ts'
import type { WriteOptions } from '../../resource.ts'
import { allResources } from '../index.ts'
import { certificateSigningRequests as resource } from './certificate-signing-requests.ts'

const NOW = '2027-01-15T08:00:00Z'
const CLIENT = 'kubernetes.io/kube-apiserver-client'
const jane = callerOf('jane', { uid: '1', groups: ['dev'], extra: { scopes: ['a', 'b'] } })
const [least, ca] = await Promise.all([clientRequest(), issueCa()])
const certificate = btoa(ca.pem)

let clock: ReturnType<typeof fixedClock>
let store: ObjectStore
let objects: Registry

beforeEach(() => {
  clock = fixedClock(1_800_000_000_000)
  store = memoryObjectStore({ clock })
  objects = registry({ store, resources: allResources, clock })
})

function sent(fields: object): KubeObject {
  const { object, errors } = readKubeObject({ metadata: { name: 'x' }, ...fields }, resource)
  expect(errors.toString()).toBe('')
  return object
}
const create = (fields: object = least, options: WriteOptions = { caller: jane }): Promise<KubeObject> =>
  objects.create({ resource, namespace: '' }, sent(fields), options)
const target = (subresource = '') => ({ resource, namespace: '', name: 'x', subresource })
const update = (subresource: string, object: KubeObject, options: WriteOptions = { caller: jane }) =>
  objects.update(target(subresource), sent(object), options)
const approve = async () => update('approval', withCondition(await objects.get(target()), APPROVED))

/** The only object, as if another version of the server had written it. */
async function rewrite(fields: (stored: Record<string, unknown>) => object): Promise<KubeObject> {
  const [stored] = (await store.list('')).objects
  const value = JSON.stringify(fields(JSON.parse(stored!.value) as Record<string, unknown>))
  await store.update(stored!.key, value, stored!.revision)
  return objects.get(target())
}

async function refusal(work: Promise<unknown>): Promise<readonly [status: number, message: string]> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isStatusError(error)) throw new Error(`no StatusError: ${String(error)}`)
  return [error.status, error.message]
}

async function causes(work: Promise<unknown>): Promise<readonly string[]> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isStatusError(error)) throw new Error(`no StatusError: ${String(error)}`)
  expect(error.status).toBe(422)
  const found = error.body.details?.['causes'] as readonly { field: string; message: string }[]
  return found.map(({ field, message }) => `${field}: ${message}`)
}

describe('a new request', () => {
  it('is stamped with who makes it, and is not decided, whatever is sent', async () => {
    const { spec } = least as { spec: object }
    const forged = { username: 'root', uid: '0', groups: ['system:masters'], extra: { x: ['y'] } }
    const created = await create({
      spec: { ...spec, ...forged },
      status: { conditions: [APPROVED], certificate },
    })
    expect(created).toMatchObject({
      spec: { ...spec, username: 'jane', uid: '1', groups: ['dev'], extra: { scopes: ['a', 'b'] } },
      status: {},
    })
    expect(created['status']).toEqual({})
  })

  it('has no stamps for what its user does not have, nor any from a client if the server makes it', async () => {
    const { spec } = least as { spec: object }
    const fields = { spec: { ...spec, uid: '0', groups: ['a'], extra: { x: ['y'] } } }
    const byBob = await create(fields, { caller: callerOf('bob'), isDryRun: true })
    expect(byBob['spec']).toEqual({ ...spec, username: 'bob' })
    expect((await create({ spec: { ...spec, username: 'root' } }, {}))['spec']).toEqual(spec)
  })

  it('keeps keys of extra that look like a prototype', async () => {
    const extra = JSON.parse('{"__proto__":["a"],"constructor":["b"]}') as Record<string, readonly string[]>
    await create(least, { caller: callerOf('jane', { extra }) })
    const { spec } = (await objects.get(target())) as unknown as { spec: { extra: object } }
    expect(Object.entries(spec.extra)).toEqual([
      ['__proto__', ['a']],
      ['constructor', ['b']],
    ])
  })

  it('cannot be changed: neither what is asked for, nor who asks, nor what became of it', async () => {
    const created = await create()
    const changed = {
      ...created,
      metadata: { ...created.metadata, labels: { a: 'b' } },
      spec: { request: 'eA==', signerName: 'x', usages: [], username: 'root' },
      status: { conditions: [APPROVED], certificate },
    }
    expect(await update('', changed)).toMatchObject({
      metadata: { labels: { a: 'b' } },
      spec: created['spec'],
      status: {},
    })
  })
})

describe('what is asked for', () => {
  const withSpec = (fields: object) => ({ spec: { ...(least as { spec: object }).spec, ...fields } })
  const form = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
  const label = 'a'.repeat(63)
  const domain = `${label}.${label}.${label}.${'a'.repeat(61)}`
  const path = `${label}.${domain}`

  it.each<[string, object]>([
    ['the shortest duration', { expirationSeconds: 600 }],
    ['the longest duration', { expirationSeconds: 2_147_483_647 }],
    ['a signer of another domain', { signerName: 'example.com/ns.name' }],
    ['the longest signer', { signerName: `${domain}/${path}` }],
    ['several usages', { usages: ['any', 's/mime', 'netscape sgc', 'signing'] }],
  ])('may be %s', async (_, fields) => {
    expect(await create(withSpec(fields))).toMatchObject({ spec: fields })
  })

  it.each<[object, readonly string[]]>([
    [{ usages: [] }, ['spec.usages: Required value']],
    [
      { usages: ['client auth', 'bogus', 'client auth', 'constructor'] },
      [
        expect.stringMatching(
          /^spec.usages\[1\]: Unsupported value: "bogus": supported values: "any", "cert sign"/,
        ),
        expect.stringMatching(/^spec.usages\[3\]: Unsupported value: "constructor"/),
        'spec.usages[2]: Duplicate value: "client auth"',
      ],
    ],
    [{ signerName: '' }, ['spec.signerName: Required value']],
    [
      { signerName: 'kubernetes.io/legacy-unknown' },
      [
        'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
      ],
    ],
    [{ signerName: 'nodomain' }, [`spec.signerName: Invalid value: "nodomain": ${form}`]],
    [{ signerName: 'a.b/c/d' }, [`spec.signerName: Invalid value: "a.b/c/d": ${form}`]],
    [
      { signerName: 'localhost/x' },
      [
        'spec.signerName: Invalid value: "localhost": should be a domain with at least two segments separated by dots',
      ],
    ],
    [
      { signerName: 'A.b/C' },
      [
        expect.stringMatching(
          /^spec.signerName: Invalid value: "A.b": validating label "A": a lowercase RFC 1123 label/,
        ),
        expect.stringMatching(
          /^spec.signerName: Invalid value: "C": validating label "C": a lowercase RFC 1123 subdomain/,
        ),
      ],
    ],
    [{ signerName: `${domain}a/x` }, ['spec.signerName: Too long: may not be more than 253 bytes']],
    [{ signerName: `${domain}/a${path}` }, ['spec.signerName: Too long: may not be more than 571 bytes']],
    [{ signerName: 'a.b/' }, [expect.stringMatching(/validating label "": a lowercase RFC 1123 subdomain/)]],
    [
      { expirationSeconds: 599 },
      [
        'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
      ],
    ],
    [{ expirationSeconds: 0 }, [expect.stringContaining('less than 600 seconds')]],
    [{ expirationSeconds: -2_147_483_648 }, [expect.stringContaining('integer of 32 bits')]],
  ])('must not be %j', async (fields, expected) => {
    expect(await causes(create(withSpec(fields)))).toEqual(expected)
  })

  it('may have any name that can be in a path', async () => {
    const named = (name: string) => create({ ...least, metadata: { name } })
    expect((await named('Jane Doe:1')).metadata.name).toBe('Jane Doe:1')
    expect(await causes(named('a/b'))).toEqual([expect.stringContaining("may not contain '/'")])
  })

  it('is for system:masters at no signer of client certificates of the API server', async () => {
    const masters = {
      subject: [
        [O, 'dev'],
        [O, 'system:masters'],
      ] as const,
    }
    expect(await refusal(create(await clientRequest(masters)))).toEqual([
      403,
      `certificatesigningrequests.certificates.k8s.io "x" is forbidden: use of ${CLIENT} signer with system:masters group is not allowed`,
    ])
    await create(await clientRequest(masters, { signerName: 'example.com/other' }))
  })
})

describe('the request itself', async () => {
  const der = await requestDer()
  const pem = requestPem(der)
  const other = requestPem(await requestDer())
  const request = (text: string) => ({ spec: { ...(least as { spec: object }).spec, request: btoa(text) } })

  it.each<[string, string]>([
    ['text around it', `Certificate Request:\n${pem}the end\n`],
    ['another block behind it', pem + other],
    ['a truncated block behind it', pem + other.slice(0, 100)],
    ['a block that cannot be decoded before it', `-----BEGIN X-----\n*\n-----END X-----\n${pem}`],
    ['headers', pem.replace('REQUEST-----\n', 'REQUEST-----\nComment: a\n\n')],
    ['line breaks of other systems', pem.replaceAll('\n', '\r\n')],
  ])('may have %s', async (_, text) => {
    expect(await create(request(text))).toMatchObject(request(text))
  })

  it('may have 250 attributes and 250 names', async () => {
    const init = { subject: manyGroups(250), extensions: [manyNames(250)] }
    expect(await create(await clientRequest(init))).toMatchObject({ status: {} })
  })

  it('may be in base64 with line breaks, which are not kept', async () => {
    const { spec } = least as { spec: { request: string } }
    const broken = spec.request.replaceAll(/.{64}/g, '$&\r\n')
    expect(await create({ spec: { ...spec, request: broken } })).toMatchObject({
      spec: { request: spec.request },
    })
  })

  it.each<[string, string, string]>([
    ['nothing', '', 'PEM block type must be CERTIFICATE REQUEST'],
    [
      'a block of another type',
      pem.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'),
      'PEM block type must be',
    ],
    ['the type of old programs', pem.replaceAll('CERTIFICATE', 'NEW CERTIFICATE'), 'PEM block type must be'],
    ['another block before it', ca.pem + pem, 'PEM block type must be'],
    ['no end', pem.slice(0, -10), 'PEM block type must be'],
    ['no content', requestPem(new Uint8Array()), 'malformed certificate request: truncated'],
    ['truncated DER', requestPem(der.subarray(0, -1)), 'runs past its parent'],
    ['data behind it', requestPem(Uint8Array.of(...der, 0)), 'trailing data'],
    [
      'a changed subject',
      requestPem(der.map((octet, index) => (index === der.indexOf(0x6a) ? 0x6b : octet))),
      'ECDSA verification failure',
    ],
    [
      'a huge key',
      requestPem(await requestDer({ spki: rsaSpki(400_000) })),
      'algorithm does not fit the public key',
    ],
    [
      '10,000 attributes',
      requestPem(await requestDer({ subject: manyGroups(10_000) })),
      'is larger than 65536 bytes',
    ],
    [
      '251 attributes',
      requestPem(await requestDer({ subject: manyGroups(251) })),
      'the subject has more than 250 attributes',
    ],
    [
      '251 names',
      requestPem(await requestDer({ extensions: [manyNames(251)] })),
      'there are more than 250 subjectAltNames',
    ],
    [
      'the same extension twice',
      requestPem(await requestDer({ attributes: [extensionRequest([], [])] })),
      'trailing data',
    ],
  ])('must not be %s', async (_, text, expected) => {
    expect(await causes(create(request(text)))).toEqual([
      expect.stringMatching(`^spec.request: Invalid value: ".*: .*${expected}`),
    ])
  })

  it('costs little to refuse, however large it is', async () => {
    const large = [
      `-----BEGIN CERTIFICATE REQUEST-----\n${'A'.repeat(1_000_000)}\n-----END CERTIFICATE REQUEST-----\n`,
      '-----BEGIN A-----\n'.repeat(60_000),
      '-----BEGIN '.repeat(90_000),
      `-----BEGIN A-----\n${'a:\n'.repeat(300_000)}`,
      `-----BEGIN CERTIFICATE REQUEST-----\n${'\n'.repeat(1_000_000)}-----END CERTIFICATE REQUEST-----\n`,
    ]
    for (const text of large) {
      expect(await cpuSecondsUntil(() => causes(create(request(text))))).toBeLessThan(2)
    }
  })
})

function manyNames(length: number): ReturnType<typeof subjectAltName> {
  return subjectAltName(...Array.from({ length }, (_, index) => `dns:host-${index}`))
}

function manyGroups(length: number): readonly Attribute[] {
  return Array.from({ length }, (_, index): Attribute => [O, `group-${index}`])
}

describe('an approval', () => {
  it('writes conditions only, and fills in their times', async () => {
    const created = await create()
    const withApproval = withCondition(created, APPROVED)
    const changed = {
      ...withApproval,
      metadata: { ...created.metadata, labels: { a: 'b' } },
      spec: { request: 'eA==' },
    }
    const status = { ...(withApproval['status'] as object), certificate }
    const approved = await update('approval', { ...changed, status })
    expect(approved).toMatchObject({ spec: created['spec'] })
    expect(approved['status']).toEqual({
      conditions: [{ ...APPROVED, lastUpdateTime: NOW, lastTransitionTime: NOW }],
    })
    expect(approved.metadata.labels).toBeUndefined()
  })

  it('keeps the time of the last transition of a condition that was there, and times that are sent', async () => {
    await create()
    const approved = await approve()
    clock.advance(60_000)
    const later = { ...APPROVED, message: 'again', lastUpdateTime: '2027-01-15T10:00:30.5+02:00' }
    const zero = { type: 'Other', status: 'False', lastUpdateTime: '0001-01-01T00:00:00Z' }
    const again = await update('approval', { ...approved, status: { conditions: [later, zero] } })
    expect(again['status']).toEqual({
      conditions: [
        { ...later, lastUpdateTime: '2027-01-15T08:00:30Z', lastTransitionTime: NOW },
        { ...zero, lastUpdateTime: '2027-01-15T08:01:00Z', lastTransitionTime: '2027-01-15T08:01:00Z' },
      ],
    })
  })

  it.each<[string, readonly object[], readonly object[], readonly string[]]>([
    [
      'denied afterwards',
      [APPROVED],
      [APPROVED, DENIED],
      [
        'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
      ],
    ],
    [
      'denied instead',
      [APPROVED],
      [DENIED],
      ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"'],
    ],
    [
      'approved after a denial',
      [DENIED],
      [DENIED, APPROVED],
      [
        'status.conditions[1].type: Invalid value: "Approved": Approved and Denied conditions are mutually exclusive',
      ],
    ],
    [
      'taken back',
      [DENIED],
      [],
      ['status.conditions: Forbidden: updates may not remove a condition of type "Denied"'],
    ],
    ['approved twice', [], [APPROVED, APPROVED], ['status.conditions[1].type: Duplicate value: "Approved"']],
    [
      'approved with another status',
      [],
      [{ ...APPROVED, status: 'False' }],
      ['status.conditions[0].status: Unsupported value: "False": supported values: "True"'],
    ],
    [
      'approved without a status',
      [],
      [{ type: 'Approved' }],
      ['status.conditions[0].status: Required value'],
    ],
    [
      'given a condition without a type',
      [],
      [{ status: 'True' }],
      ['status.conditions[0].type: Required value'],
    ],
    [
      'given a condition with an unknown status',
      [],
      [{ type: 'Ready', status: 'Maybe' }],
      [
        'status.conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
      ],
    ],
    [
      'given a time that cannot be stored',
      [],
      [{ ...APPROVED, lastUpdateTime: '9999-12-31T23:59:59-01:00' }],
      [expect.stringContaining('must be a time of RFC 3339')],
    ],
  ])('cannot be %s', async (_, before, after, expected) => {
    await create()
    const old = await rewrite((stored) => ({ ...stored, status: { conditions: before } }))
    expect(await causes(update('approval', { ...old, status: { conditions: after } }))).toEqual(expected)
  })

  it('may be repeated', async () => {
    await create()
    const approved = await approve()
    expect(await update('approval', approved)).toEqual(approved)
  })

  it('has one winner among racing ones, with versions and without', async () => {
    for (const withVersion of [true, false]) {
      const created = await create()
      const { resourceVersion: _, ...unversioned } = created.metadata
      const object = withVersion ? created : { ...created, metadata: unversioned }
      const decisions = Array.from({ length: 20 }, (__, index) =>
        update('approval', withCondition(object, index % 2 === 0 ? APPROVED : DENIED)).then(
          ({ status }) => (status as { conditions: readonly { type: string }[] }).conditions[0]!.type,
          (error: unknown) => (isStatusError(error) ? error.status : 0),
        ),
      )
      const results = await Promise.all(decisions)
      const { conditions } = (await objects.get(target()))['status'] as {
        conditions: readonly { type: string }[]
      }
      expect(conditions).toHaveLength(1)
      const winners = results.filter((each) => typeof each === 'string')
      expect(new Set(winners)).toEqual(new Set([conditions[0]!.type]))
      for (const each of results) if (typeof each === 'number') expect([409, 422]).toContain(each)
      await objects.delete(target())
    }
  })

  it('costs little, however many conditions there are', async () => {
    const conditions = Array.from({ length: 8000 }, (_, index) => ({ type: `t${index}`, status: 'True' }))
    await create()
    const many = await update('approval', { ...(await objects.get(target())), status: { conditions } })
    expect(await cpuSecondsUntil(() => update('approval', many))).toBeLessThan(2)
  })
})

describe('the status', async () => {
  it('takes a certificate once, with or without an approval', async () => {
    const created = await create()
    const issued = await update('status', { ...created, status: { certificate } })
    expect(issued['status']).toEqual({ certificate })
    for (const other of [btoa(ca.pem + ca.pem), undefined]) {
      const changed = { ...issued, status: other === undefined ? {} : { certificate: other } }
      expect(await causes(update('status', changed))).toEqual([
        'status.certificate: Forbidden: updates may not modify existing certificate content',
      ])
    }
    expect((await approve())['status']).toMatchObject({ certificate })
  })

  it('keeps approvals as they are, and takes failures and other conditions', async () => {
    await create()
    const approved = await approve()
    const failed = { type: 'Failed', status: 'True', reason: 'r', message: 'm' }
    const edited = { type: 'Approved', status: 'True', message: 'edited' }
    const written = await update('status', {
      ...approved,
      status: { conditions: [failed, edited, { type: 'Ready', status: 'Unknown' }] },
    })
    expect((written['status'] as { conditions: unknown }).conditions).toMatchObject([
      failed,
      APPROVED,
      { type: 'Ready' },
    ])
  })

  it.each<[readonly object[], readonly object[], readonly string[]]>([
    [[], [APPROVED], ['status.conditions: Forbidden: updates may not add a condition of type "Approved"']],
    [[], [DENIED], ['status.conditions: Forbidden: updates may not add a condition of type "Denied"']],
    [
      [APPROVED],
      [APPROVED, APPROVED],
      [
        'status.conditions[1].type: Duplicate value: "Approved"',
        'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
      ],
    ],
    [[APPROVED], [], ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"']],
    [
      [{ type: 'Failed', status: 'True' }],
      [],
      ['status.conditions: Forbidden: updates may not remove a condition of type "Failed"'],
    ],
    [
      [],
      [{ type: 'Failed', status: 'False' }],
      ['status.conditions[0].status: Unsupported value: "False": supported values: "True"'],
    ],
  ])('of %j must not become %j', async (before, after, expected) => {
    await create()
    const old = await rewrite((stored) => ({ ...stored, status: { conditions: before } }))
    expect(await causes(update('status', { ...old, status: { conditions: after } }))).toEqual(expected)
  })

  const key = ca.pem.replaceAll('CERTIFICATE', 'PRIVATE KEY')
  it.each<[string, string, string]>([
    ['garbage', 'garbage', 'must contain at least one CERTIFICATE PEM block'],
    ['another block', ca.pem + key, 'only CERTIFICATE PEM blocks are allowed, found "PRIVATE KEY"'],
    ['headers', ca.pem.replace('TE-----\n', 'TE-----\na: b\n\n'), 'no PEM block headers are permitted'],
    [
      'an empty block',
      '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
      'found CERTIFICATE PEM block containing 0 certificates',
    ],
    ['another kind of DER', requestPem(await requestDer(), 'CERTIFICATE'), 'x509: malformed'],
    ['no end', ca.pem.slice(0, -10), 'must contain at least one CERTIFICATE PEM block'],
  ])('has no certificate of %s', async (_, text, expected) => {
    const created = await create()
    expect(await causes(update('status', { ...created, status: { certificate: btoa(text) } }))).toEqual([
      expect.stringContaining(`status.certificate: Invalid value: "<certificate data>": ${expected}`),
    ])
  })

  it('has certificates with text around them, in base64', async () => {
    const created = await create()
    const text = `leaf\n${ca.pem}CA\n${ca.pem}`
    await update('status', { ...created, status: { certificate: btoa(text) } })
    const other = { ...created, metadata: { name: 'x' }, status: { certificate: 'eA==' } }
    expect(await causes(update('status', other))).toEqual([
      expect.stringContaining('must contain at least one CERTIFICATE PEM block'),
      expect.stringContaining('may not modify'),
    ])
  })
})

describe('what is not of the declared type', () => {
  it.each<[object, string]>([
    [{ spec: { request: '*'.repeat(1_000_000) } }, 'spec.request: Invalid value: must be standard base64'],
    [
      { spec: { expirationSeconds: 2_147_483_648 } },
      'spec.expirationSeconds: Invalid value: must be an integer',
    ],
    [{ spec: { expirationSeconds: 600.5 } }, 'spec.expirationSeconds: Invalid value: must be an integer'],
    [{ spec: { expirationSeconds: '600' } }, 'spec.expirationSeconds: Invalid value: must be an integer'],
    [{ spec: { usages: 'client auth' } }, 'spec.usages: Invalid value: must be a list of values'],
    [{ status: { certificate: '*' } }, 'status.certificate: Invalid value: must be standard base64'],
    [
      { status: { conditions: [{ type: 'Approved', lastUpdateTime: 'yesterday' }] } },
      'status.conditions[0].lastUpdateTime: Invalid value: must be a time in the form of RFC 3339',
    ],
  ])('is refused when it is read, and not shown: %#', (fields, expected) => {
    const { errors } = readKubeObject({ metadata: { name: 'x' }, ...fields }, resource)
    expect(errors.toString()).toBe(expected)
  })
})

describe('faults that were stored before', () => {
  const both = [APPROVED, DENIED]
  const repeated = [
    { type: 'Ready', status: 'True' },
    { type: 'Ready', status: 'True' },
  ]
  it.each<[string, object]>([
    ['contradictory', { conditions: both }],
    ['repeated', { conditions: repeated }],
    ['missing types', { conditions: [{ type: '', status: 'True' }] }],
    ['a certificate that is none', { certificate: btoa('garbage') }],
  ])('are tolerated: %s', async (_, status) => {
    await create()
    const old = await rewrite((stored) => ({ ...stored, status }))
    const more = withCondition(old, { type: 'Seen', status: 'True' })
    const updated = await update('approval', more)
    expect(updated['status']).toMatchObject({
      ...status,
      conditions: (more['status'] as typeof more)['conditions'],
    })
    expect(await update('status', updated)).toEqual(updated)
  })

  it('of what was asked for are tolerated', async () => {
    await create()
    const spec = { request: '', signerName: 'kubernetes.io/legacy-unknown', usages: ['x', 'x'] }
    const old = await rewrite((stored) => ({ ...stored, spec }))
    expect(await update('approval', withCondition(old, APPROVED))).toMatchObject({ spec })
  })

  it('do not spread', async () => {
    await create()
    const old = await rewrite((stored) => ({ ...stored, status: { conditions: repeated } }))
    expect(
      await causes(update('approval', { ...old, status: { conditions: [...repeated, ...both] } })),
    ).toEqual([
      'status.conditions[3].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    ])
  })
})

describe('who may', () => {
  const guarded = (...allowed: readonly string[]) => {
    const authorizer = signersAuthorizer(...allowed)
    objects = registry({ store, resources: allResources, clock, authorizer })
    return authorizer
  }
  const signer = 'signers.certificates.k8s.io/kubernetes.io'

  it.each([`approve ${signer}/kube-apiserver-client`, `approve ${signer}/*`])(
    'approve: %s',
    async (allowed) => {
      guarded(allowed)
      await create()
      expect(await approve()).toMatchObject({ status: { conditions: [APPROVED] } })
    },
  )

  it('approve: not without it, even if another signer is sent', async () => {
    const authorizer = guarded(
      `sign ${signer}/*`,
      'approve signers.certificates.k8s.io/example.com/*',
      'approve signers.certificates.k8s.io/*',
    )
    const created = await create()
    const changed = { ...withCondition(created, APPROVED), spec: { signerName: 'example.com/x' } }
    expect(await refusal(update('approval', changed))).toEqual([
      403,
      `certificatesigningrequests.certificates.k8s.io "x" is forbidden: user not permitted to approve requests with signerName "${CLIENT}"`,
    ])
    expect(authorizer.asked).toEqual([`approve ${signer}/kube-apiserver-client`, `approve ${signer}/*`])
    expect((await objects.get(target()))['status']).toEqual({})
  })

  it('sign: who has the verb, if something changes', async () => {
    const authorizer = guarded(`approve ${signer}/*`)
    const created = await create()
    expect(await update('status', created)).toMatchObject({ status: {} })
    expect(authorizer.asked).toEqual([])
    expect(await refusal(update('status', { ...created, status: { certificate } }))).toEqual([
      403,
      `certificatesigningrequests.certificates.k8s.io "x" is forbidden: user not permitted to sign requests with signerName "${CLIENT}"`,
    ])
    guarded(`sign ${signer}/*`)
    expect(await update('status', { ...created, status: { certificate } })).toMatchObject({
      status: { certificate },
    })
  })

  it('neither, if the authorizer denies or fails', async () => {
    await create()
    for (const authorize of [() => deny('no'), () => Promise.reject(new Error('down'))]) {
      objects = registry({ store, resources: allResources, clock, authorizer: { name: 'a', authorize } })
      expect((await refusal(approve()))[0]).toBe(403)
    }
  })

  it('both: the server itself', async () => {
    const authorizer = guarded()
    const created = await create(least, {})
    await update('approval', withCondition(created, APPROVED), {})
    expect(authorizer.asked).toEqual([])
  })
})

describe('lists', () => {
  it('are selected by signer', async () => {
    await create()
    const other = await clientRequest({}, { signerName: 'example.com/other' })
    await create({ ...other, metadata: { name: 'y' } })
    const selected = async (fieldSelector: string) =>
      (await objects.list({ resource, namespace: '', fieldSelector })).items.map(
        ({ metadata }) => metadata.name,
      )
    expect(await selected(`spec.signerName=${CLIENT}`)).toEqual(['x'])
    expect(await selected(`spec.signerName!=${CLIENT}`)).toEqual(['y'])
    expect((await refusal(selected('spec.username=jane')))[0]).toBe(400)
  })

  it.each<[object, object, readonly (string | number)[]]>([
    [{}, {}, [CLIENT, 'jane', '<none>', 'Pending']],
    [{ expirationSeconds: 600 }, { conditions: [APPROVED] }, [CLIENT, 'jane', '10m', 'Approved']],
    [
      { expirationSeconds: 3600 },
      { conditions: [APPROVED], certificate },
      [CLIENT, 'jane', '60m', 'Approved,Issued'],
    ],
    [{ expirationSeconds: 86_400 }, { conditions: [DENIED] }, [CLIENT, 'jane', '24h', 'Denied']],
    [
      { expirationSeconds: 31_536_000 },
      { conditions: [APPROVED, { type: 'Failed', status: 'True' }] },
      [CLIENT, 'jane', '365d', 'Approved,Failed'],
    ],
    [
      {},
      { conditions: [APPROVED, DENIED, { type: 'Failed', status: 'True' }], certificate },
      [CLIENT, 'jane', '<none>', 'Denied,Failed,Issued'],
    ],
    [{ signerName: '' }, {}, ['<none>', 'jane', '<none>', 'Pending']],
  ])('show %j with %j', async (spec, status, cells) => {
    await create()
    const object = await rewrite((stored) => ({
      ...stored,
      spec: { ...(stored['spec'] as object), ...spec },
      status,
    }))
    expect(resource.columns.map(({ name }) => name)).toEqual([
      'Name',
      'Age',
      'SignerName',
      'Requestor',
      'RequestedDuration',
      'Condition',
    ])
    const now = clock.now() + 300_000
    expect(resource.columns.map(({ cell }) => cell(object, now))).toEqual(['x', '5m', ...cells])
  })
})
