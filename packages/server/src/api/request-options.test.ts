import { beforeEach, describe, expect, it } from 'vitest'
import { type Ask, askApi } from '../../test/ask-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const MAP = `${MAPS}/m`
const MERGE = { 'content-type': 'application/merge-patch+json' }
const APPLY = { 'content-type': 'application/apply-patch+yaml' }
const STRICT = '?fieldValidation=Strict'

let ask: Ask

beforeEach(async () => {
  ask = await askApi()
  await ask('POST', MAPS, { metadata: { name: 'm' }, data: { a: '1' } })
})

describe('the options of a deletion', () => {
  const both =
    'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set'
  const unknown = (value: string) =>
    `propagationPolicy: Unsupported value: "${value}": supported values: "Foreground", "Background", "Orphan", "nil"`
  it.each<[string, number, string, unknown, string]>([
    ['an unknown policy', 422, '', { propagationPolicy: 'Bad' }, unknown('Bad')],
    ['an empty policy', 422, '', { propagationPolicy: '' }, unknown('')],
    ['a policy named like a property', 422, '', { propagationPolicy: 'constructor' }, unknown('constructor')],
    ['an unknown policy in the query', 422, '?propagationPolicy=Bad', undefined, unknown('Bad')],
    ['both forms of a policy', 422, '', { propagationPolicy: 'Orphan', orphanDependents: false }, both],
    ['both in the query', 422, '?propagationPolicy=Orphan&orphanDependents=true', undefined, both],
    [
      'an unknown dry run',
      422,
      '',
      { dryRun: ['Some'] },
      'dryRun: Unsupported value: ["Some"]: supported values: "All"',
    ],
    [
      'one in the query',
      422,
      '?dryRun=Some',
      undefined,
      'dryRun: Unsupported value: ["Some"]: supported values: "All"',
    ],
    ['one in the query, beside a body', 422, '?dryRun=Some', {}, 'dryRun: Unsupported value: ["Some"]'],
    ['another kind', 400, '', { kind: 'ConfigMap' }, 'must be DeleteOptions'],
    ['another version', 400, '', { kind: 'DeleteOptions', apiVersion: 'v2' }, 'does not match'],
    [
      'a version that is not a string',
      400,
      '',
      { apiVersion: 1 },
      'apiVersion: Invalid value: must be a string',
    ],
    ['a grace period that is not a number', 400, '', { gracePeriodSeconds: 'x' }, 'must be an integer'],
    ['half a second of grace', 400, '', { gracePeriodSeconds: 0.5 }, 'must be an integer'],
    ['such a grace period in the query', 400, '?gracePeriodSeconds=x', undefined, 'must be a number'],
    ['a policy that is not a string', 400, '', { propagationPolicy: 1 }, 'must be a string'],
    ['a list', 400, '', [], 'must be DeleteOptions'],
    [
      'a repeated field, strictly',
      400,
      STRICT,
      '{"orphanDependents":true,"orphanDependents":true}',
      'duplicate field "orphanDependents"',
    ],
    [
      'another uid',
      409,
      '',
      { preconditions: { uid: 'x' } },
      'the UID in the precondition (x) does not match the UID in record',
    ],
    [
      'another version of the object',
      409,
      '',
      { preconditions: { resourceVersion: '1' } },
      'The object might have been modified',
    ],
  ])('are refused with %s, for one object and for a collection', async (_, status, query, body, words) => {
    for (const path of [MAP, MAPS]) {
      const { json } = await ask('DELETE', `${path}${query}`, body)
      expect([path, json.code, json.message]).toEqual([path, status, expect.stringContaining(words)])
      if (status === 422) expect(json.message).toMatch(/^DeleteOptions\.meta\.k8s\.io "" is invalid: /)
    }
    expect((await ask('GET', MAP)).status).toBe(200)
  })

  it.each<[string, unknown]>([
    ['', undefined],
    ['', {}],
    ['', { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, propagationPolicy: 'Background' }],
    ['', { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', propagationPolicy: 'Foreground' }],
    ['', { orphanDependents: false, gracePeriodSeconds: -1 }],
    ['', { propagationPolicy: null, orphanDependents: null }],
    ['?propagationPolicy=Orphan&gracePeriodSeconds=30', undefined],
  ])('may be %s %j', async (query, body) => {
    expect((await ask('DELETE', `${MAP}${query}`, body)).status).toBe(200)
    expect((await ask('GET', MAP)).status).toBe(404)
  })

  it('in the query do not count beside a body, but a dry run does', async () => {
    expect((await ask('DELETE', `${MAP}?dryRun=All`, {})).status).toBe(200)
    expect((await ask('DELETE', MAP, { dryRun: ['All'] })).status).toBe(200)
    expect((await ask('DELETE', `${MAPS}?dryRun=All`)).status).toBe(200)
    expect((await ask('GET', MAP)).status).toBe(200)
  })

  it('of a group have its version', async () => {
    const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles'
    await ask('POST', roles, { metadata: { name: 'r' }, rules: [] })
    const options = (apiVersion: string) => ({ kind: 'DeleteOptions', apiVersion })
    expect((await ask('DELETE', `${roles}/r`, options('policy/v1'))).status).toBe(400)
    expect((await ask('DELETE', `${roles}/r`, options('rbac.authorization.k8s.io/v1'))).status).toBe(200)
  })

  it('without orphans are a 202 if something keeps the object', async () => {
    await ask('PATCH', MAP, { metadata: { finalizers: ['example.com/keep'] } }, MERGE)
    const { status, json } = await ask('DELETE', MAP, { orphanDependents: false })
    expect([status, json.metadata.finalizers]).toEqual([202, ['example.com/keep']])
  })
})

describe('options in the query of a write', () => {
  const object = { metadata: { name: 'm' } }
  it.each<[string, string, string, unknown, Record<string, string>]>([
    ['CreateOptions', 'POST', MAPS, object, {}],
    ['UpdateOptions', 'PUT', MAP, object, {}],
    ['PatchOptions', 'PATCH', MAP, {}, MERGE],
    [
      'PatchOptions',
      'PATCH',
      `${MAP}?fieldManager=x`,
      { apiVersion: 'v1', kind: 'ConfigMap', ...object },
      APPLY,
    ],
  ])('are refused together, as %s of %s', async (kind, method, path, body, headers) => {
    const query = `${path.includes('?') ? '&' : '?'}dryRun=Foo&fieldValidation=Foo`
    const { status, json } = await ask(method, `${path}${query}`, body, headers)
    expect([status, json.message]).toEqual([
      422,
      `${kind}.meta.k8s.io "" is invalid: [dryRun: Unsupported value: ["Foo"]: supported values: "All", ` +
        'fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"]',
    ])
    expect(json.details).toMatchObject({ kind, causes: [{ field: 'dryRun' }, { field: 'fieldValidation' }] })
  })

  it.each(['?dryRun=', '?dryRun=All&dryRun=Foo', '?dryRun=all'])('write nothing with %s', async (query) => {
    expect((await ask('POST', `${MAPS}${query}`, { metadata: { name: 'n' } })).status).toBe(422)
    expect((await ask('GET', `${MAPS}/n`)).status).toBe(404)
  })

  it('are no matter of reads', async () => {
    expect((await ask('GET', `${MAP}?dryRun=Foo&fieldValidation=Foo`)).status).toBe(200)
  })
})

describe('fields that are sent twice', () => {
  const twice = '{"metadata":{"name":"m","labels":{"x":"1","x":"2"}},"data":{"a":"1"},"data":{"a":"2"}}'
  const words = 'strict decoding error: duplicate field "metadata.labels.x", duplicate field "data"'
  const applied = twice.replace('{', '{"apiVersion":"v1","kind":"ConfigMap",')
  it.each<[string, string, string, Record<string, string>]>([
    ['POST', MAPS, twice.replace('"m"', '"n"'), {}],
    ['PUT', MAP, twice, {}],
    ['PATCH', MAP, twice, MERGE],
    ['PATCH', MAP, twice, { 'content-type': 'application/strategic-merge-patch+json' }],
    ['PATCH', `${MAP}?fieldManager=x&force=true`, applied, APPLY],
  ])('in %s %s are refused with Strict, a warning with Warn, and ignored with Ignore', async (...given) => {
    const [method, path, body, headers] = given
    const mark = path.includes('?') ? '&' : '?'
    const strict = await ask(method, `${path}${mark}fieldValidation=Strict`, body, headers)
    expect([strict.status >= 400, strict.json.message]).toEqual([true, expect.stringContaining(words)])
    const ignored = await ask(method, `${path}${mark}fieldValidation=Ignore&dryRun=All`, body, headers)
    expect([ignored.status < 300, ignored.headers.get('warning')]).toEqual([true, null])
    const warned = await ask(method, path, body, headers)
    expect(warned.json.data).toEqual({ a: '2' })
    expect(warned.headers.get('warning')).toContain(String.raw`duplicate field \"metadata.labels.x\"`)
  })

  it('in a subresource are refused, too', async () => {
    await ask('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name: 'p' },
      spec: { containers: [] },
    })
    const eviction = '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p","name":"p"}}'
    const { status, json } = await ask(
      'POST',
      `/api/v1/namespaces/default/pods/p/eviction${STRICT}`,
      eviction,
    )
    expect([status, json.message]).toEqual([400, 'strict decoding error: duplicate field "metadata.name"'])
  })
})

describe('a finalizer that says not whose it is', () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', finalizers: ['bad'] } }
  it.each<[string, string, object, Record<string, string>]>([
    ['POST', MAPS, object, {}],
    ['PUT', MAP, object, {}],
    ['PATCH', MAP, object, MERGE],
    ['PATCH', `${MAP}?fieldManager=x`, object, APPLY],
  ])('is refused by %s %s', async (method, path, body, headers) => {
    const { status, json } = await ask(method, path, body, headers)
    const words =
      'metadata.finalizers[0]: Invalid value: "bad": name is neither a standard finalizer name nor is it fully qualified'
    expect([status, json.message]).toEqual([422, `ConfigMap "m" is invalid: ${words}`])
  })
})
