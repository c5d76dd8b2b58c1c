import { beforeEach, describe, expect, it } from 'vitest'
import { type Ask, askApi, type Asked } from '../../test/ask-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const MAP = `${MAPS}/m`
const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration'

let ask: Ask

beforeEach(async () => {
  ask = await askApi()
})

const configuration = (data: object, rest: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'm', ...rest },
  data,
})

/** As kubectl apply does. */
async function applyInClient(data: object): Promise<void> {
  const applied = JSON.stringify(configuration(data, { annotations: {} }))
  const object = configuration(data, { annotations: { [ANNOTATION]: applied } })
  const query = '?fieldManager=kubectl-client-side-apply'
  expect((await ask('POST', `${MAPS}${query}`, object)).status).toBe(201)
}

function apply(sent: object, query = 'fieldManager=kubectl'): Promise<Asked> {
  return ask('PATCH', `${MAP}?${query}`, sent, { 'content-type': 'application/apply-patch+yaml' })
}

describe('an apply on the server, after applies of kubectl', () => {
  it('takes over what these have applied, and keeps their annotation true', async () => {
    await applyInClient({ a: '1', b: '1' })
    const { status, json } = await apply(configuration({ a: '2', b: '1' }))
    expect([status, json.data]).toEqual([200, { a: '2', b: '1' }])
    const { [ANNOTATION]: annotation } = json.metadata.annotations
    expect(JSON.parse(annotation ?? '')).toEqual(configuration({ a: '2', b: '1' }))
  })

  it.each([
    [40_000, '{"a":', '}'],
    [40_000, '[', ']'],
    [98, '{"a":', '}'],
    [99, '{"a":', '}'],
  ])('works beside an annotation with %d levels of %s%s', async (levels, begin, end) => {
    const deep = `${begin.repeat(levels)}${begin === '[' ? '' : '1'}${end.repeat(levels)}`
    const applied = `{"apiVersion":"v1","kind":"ConfigMap","data":{"a":${deep}}}`
    const object = configuration({ a: '1' }, { annotations: { [ANNOTATION]: applied } })
    expect((await ask('POST', `${MAPS}?fieldManager=other`, object)).status).toBe(201)
    expect((await apply(configuration({ b: '2' }))).status).toBe(200)
    expect((await apply(configuration({ a: '2' }))).status).toBe(409)
  })

  it('removes what later configurations leave out, but nothing that others have written', async () => {
    await applyInClient({ a: '1', b: '1', c: '1' })
    const type = { 'content-type': 'application/merge-patch+json' }
    await ask('PATCH', MAP, { data: { c: '5', d: '5' } }, type)
    expect((await apply(configuration({ a: '1', b: '1' }))).json.data).toEqual({
      a: '1',
      b: '1',
      c: '5',
      d: '5',
    })
    expect((await apply(configuration({ a: '1' }))).json.data).toEqual({ a: '1', c: '5', d: '5' })
  })

  it('conflicts about fields that others have changed since, and only those', async () => {
    await applyInClient({ a: '1', b: '1' })
    await ask(
      'PATCH',
      `${MAP}?fieldManager=other`,
      { data: { b: '5' } },
      { 'content-type': 'application/merge-patch+json' },
    )
    const { status, json } = await apply(configuration({ a: '2', b: '2' }))
    expect([status, json.details.causes.map(({ field }: { field: string }) => field)]).toEqual([
      409,
      ['.data.b'],
    ])
    expect((await ask('GET', MAP)).json.data).toEqual({ a: '1', b: '5' })
    expect((await apply(configuration({ a: '2' }))).status).toBe(200)
  })

  it.each<[string, string, string | undefined]>([
    ['of another manager', 'fieldManager=other', undefined],
    ['if the annotation is not JSON', 'fieldManager=kubectl', '{'],
    ['if it is empty', 'fieldManager=kubectl', ''],
    ['if it is a list', 'fieldManager=kubectl', '[]'],
    ['if it has nothing', 'fieldManager=kubectl', '{"apiVersion":"v1"}'],
    ['if it is of another version', 'fieldManager=kubectl', '{"apiVersion":"v2","data":{"a":"1"}}'],
    ['if it has another value', 'fieldManager=kubectl', '{"apiVersion":"v1","data":{"a":"0"}}'],
    ['if its data are of another type', 'fieldManager=kubectl', '{"apiVersion":"v1","data":"x"}'],
    ['if it names a prototype', 'fieldManager=kubectl', '{"apiVersion":"v1","__proto__":{"data":{"a":"1"}}}'],
  ])('conflicts %s', async (_, query, annotation) => {
    await applyInClient({ a: '1' })
    if (annotation !== undefined) {
      const annotations = { [ANNOTATION]: annotation }
      await ask(
        'PATCH',
        MAP,
        { metadata: { annotations } },
        { 'content-type': 'application/merge-patch+json' },
      )
    }
    expect((await apply(configuration({ a: '2' }), query)).status).toBe(409)
    expect((await apply(configuration({ a: '1' }), query)).status).toBe(200)
  })

  it('adds no annotation, and leaves out one that would be too large', async () => {
    expect((await apply(configuration({ a: '1' }))).json.metadata.annotations).toBeUndefined()
    await ask('DELETE', MAP)
    await applyInClient({ a: '1' })
    const large = await apply(configuration({ a: 'x'.repeat(300_000) }))
    expect([large.status, large.json.metadata.annotations]).toEqual([200, undefined])
  })
})
