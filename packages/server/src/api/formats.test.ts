import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type AnswerObject, type Ask, askApi } from '../../test/ask-api.ts'
import { inYaml } from './object-requests.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const MAP = `${MAPS}/m`
const YAML = { accept: 'application/yaml' }
const as = (kind: string, version = 'v1') => ({
  accept: `application/json;as=${kind};v=${version};g=meta.k8s.io`,
})
const META = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' }

let ask: Ask

beforeEach(async () => {
  ask = await askApi()
  await ask('POST', MAPS, { metadata: { name: 'm', labels: { a: 'yes' } }, data: { a: 'no', b: '1e3' } })
})

describe('an object in a list of its kind', () => {
  it.each(['GET', 'DELETE'])('does not say what it is, as the list does: %s', async (method) => {
    const { json } = await ask(method, MAPS)
    expect(json).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' })
    const { items } = json as unknown as { readonly items: readonly object[] }
    expect(items.map((each) => Object.keys(each).toSorted())).toEqual([['data', 'metadata']])
  })
})

describe('metadata', () => {
  it('of an object are all of the answer, for those who ask for them', async () => {
    const { metadata } = (await ask('GET', MAP)).json
    expect((await ask('GET', MAP, undefined, as('PartialObjectMetadata'))).json).toEqual({
      ...META,
      metadata,
    })
  })

  it('are the answer to writes', async () => {
    const created = await ask('POST', MAPS, { metadata: { name: 'n' }, data: { a: '1' } }, as(META.kind))
    expect([created.status, created.json]).toEqual([201, { ...META, metadata: created.json.metadata }])
    const deleted = await ask('DELETE', `${MAPS}/n`, undefined, as(META.kind))
    expect([deleted.status, deleted.json.kind]).toEqual([200, 'Status'])
  })

  it('of a list have its version and its pages', async () => {
    await ask('POST', MAPS, { metadata: { name: 'n' } })
    const { json } = await ask('GET', `${MAPS}?limit=1`, undefined, as('PartialObjectMetadataList'))
    const { resourceVersion, continue: next } = (await ask('GET', `${MAPS}?limit=1`)).json.metadata
    const { metadata } = (await ask('GET', MAP)).json
    expect(json).toEqual({
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion, continue: next },
      items: [{ ...META, metadata }],
    })
  })

  it('come in a watch, with bookmarks', async () => {
    const query =
      'watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const { text } = await ask('GET', `${MAPS}?${query}`, undefined, as(META.kind))
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly type: string; readonly object: AnswerObject })
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK'])
    for (const { object } of events) expect(object).toEqual({ ...META, metadata: object.metadata })
  })

  it.each<[string, string, Record<string, string>]>([
    ['GET', MAPS, as('PartialObjectMetadata')],
    ['GET', MAP, as('PartialObjectMetadataList')],
    ['GET', `${MAPS}?watch=1`, as('PartialObjectMetadataList')],
    ['POST', MAPS, as('PartialObjectMetadataList')],
    ['DELETE', MAP, as('PartialObjectMetadataList')],
    ['GET', MAP, as('PartialObjectMetadata', 'v2')],
    ['GET', MAP, { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=apps' }],
    ['GET', `${MAPS}?watch=1`, YAML],
    ['GET', MAP, { accept: 'application/vnd.kubernetes.protobuf' }],
  ])(
    'or another form that cannot be is a 406, and nothing is written: %s %s %j',
    async (method, path, headers) => {
      const body = method === 'POST' ? { metadata: { name: 'n' } } : undefined
      const { status, json } = await ask(method, path, body, headers)
      expect([status, json.reason]).toEqual([406, 'NotAcceptable'])
      expect((await ask('GET', MAPS)).json.items).toHaveLength(1)
    },
  )

  it('are the form of the first clause that can be served, as informers ask for it', async () => {
    const of = (type: string, kind: string): string => `${type};as=${kind};g=meta.k8s.io;v=v1`
    const accept = [
      of('application/vnd.kubernetes.protobuf', 'PartialObjectMetadataList'),
      of('application/json', 'PartialObjectMetadataList'),
      'application/json',
    ].join()
    expect((await ask('GET', MAPS, undefined, { accept })).json.kind).toBe('PartialObjectMetadataList')
  })
})

describe('YAML', () => {
  it.each<[string]>([[MAP], [MAPS], [`${MAPS}/none`]])('of %s says what JSON says', async (path) => {
    const { headers, text, status } = await ask('GET', path, undefined, YAML)
    const plain = await ask('GET', path)
    expect([status, headers.get('content-type')]).toEqual([
      plain.status,
      plain.status === 200 ? 'application/yaml' : 'application/json',
    ])
    expect(parse(text, { version: '1.1' })).toEqual(plain.json)
  })

  it('of a table is one, too', async () => {
    const accept = 'application/yaml;as=Table;v=v1;g=meta.k8s.io'
    expect(parse((await ask('GET', MAPS, undefined, { accept })).text)).toMatchObject({ kind: 'Table' })
  })

  it('is the same value for every YAML parser of version 1.1', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (value) => {
        const content = JSON.stringify(value)
        const answer = await inYaml({ status: 200, headers: {}, content })
        if (answer instanceof Response) throw new TypeError('not an answer')
        expect(parse(answer.content, { version: '1.1', stringKeys: true })).toEqual(JSON.parse(content))
      }),
      { numRuns: 200, examples: [[{ a: [{ '<<': 0 }] }]] },
    )
  })

  it.each<[string, string, string]>([
    ['POST', MAPS, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\ndata: {a: "1"}\n'],
    ['POST', MAPS, '{"metadata":{"name":"new"},"data":{"a":"1"}}'],
    ['PUT', MAP, '# a comment\nmetadata:\n  name: m\ndata:\n  a: "1"\n'],
  ])('is read: %s %s %j', async (method, path, body) => {
    const { status, json } = await ask(method, path, body, {
      'content-type': 'application/yaml; charset=utf-8',
    })
    expect([status < 300, json.data]).toEqual([true, { a: '1' }])
  })

  it('is read as the options of a deletion', async () => {
    const type = { 'content-type': 'application/yaml' }
    expect((await ask('DELETE', MAP, 'propagationPolicy: Bad\n', type)).status).toBe(422)
    expect((await ask('DELETE', MAP, 'propagationPolicy: Orphan\n', type)).status).toBe(200)
  })

  it.each([
    'a: 1\na: 2\n',
    'metadata: {name: n, name: o}\n',
    '{a: 1, a: 2}',
    'a: &x [1]\n---\nb: 1\n',
    'a: !!js/function x\n',
    '\t',
    '[[[[',
    `a: &a [1]\nb: [${'*a,'.repeat(200_000)}]`,
    `${'- '.repeat(5000)}x`,
    Uint8Array.of(0xff),
  ])('that is doubtful is a 400 which does not quote it', async (body) => {
    const { status, json } = await ask('POST', MAPS, body, { 'content-type': 'application/yaml' })
    expect([status, json.reason]).toEqual([400, 'BadRequest'])
    expect((await ask('GET', MAPS)).json.items).toHaveLength(1)
  })

  it('has one name', async () => {
    const { status } = await ask('POST', MAPS, 'x', { 'content-type': 'text/yaml' })
    expect(status).toBe(415)
  })
})
