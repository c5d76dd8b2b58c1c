import { Validator } from '@seriousme/openapi-schema-validator'
import { beforeAll, describe, expect, it } from 'vitest'
import { kubernetesApi } from '../api/api-handler.ts'
import type { KubernetesApi } from '../api/kubernetes-api.ts'
import { wireFields } from '@kube-authn/internal/protobuf-wire'
import { servedResources } from '../api/api-answers.ts'
import { memoryObjectStore } from '@kube-authn/store'

let api: KubernetesApi
beforeAll(async () => {
  api = await kubernetesApi({ store: memoryObjectStore() })
})

const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
  api(new Request(`https://api${path}`, { method, headers }))

interface Operation {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> }
  readonly 'x-kubernetes-group-version-kind': Readonly<Record<string, string>>
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Readonly<Record<string, unknown>>>> }
}

async function urls(): Promise<Readonly<Record<string, string>>> {
  const { paths } = (await (await get('/openapi/v3')).json()) as {
    paths: Record<string, { serverRelativeURL: string }>
  }
  return Object.fromEntries(
    Object.entries(paths).map(([path, { serverRelativeURL }]) => [path, serverRelativeURL]),
  )
}

async function documentOf(path: string): Promise<Document> {
  return (await (await get(`/openapi/v3/${path}`)).json()) as Document
}

/** The values of the fields of a message in protobuf, by number. */
function fieldsOf(message: Uint8Array | undefined): ReadonlyMap<number, readonly Uint8Array[]> {
  const fields = new Map<number, Uint8Array[]>()
  for (const { number, value } of wireFields(message ?? new Uint8Array())) {
    fields.set(number, [
      ...(fields.get(number) ?? []),
      value instanceof Uint8Array ? value : new Uint8Array(),
    ])
  }
  return fields
}

function namedIn(message: Uint8Array | undefined): {
  readonly name: string
  readonly value: Uint8Array | undefined
} {
  const fields = fieldsOf(message)
  return { name: textOf(fields.get(1)), value: fields.get(2)?.[0] }
}

function textOf(values: readonly Uint8Array[] | undefined): string {
  return new TextDecoder().decode(values?.[0])
}

describe('OpenAPI', () => {
  it('has a valid document for each group version', async () => {
    const paths = Object.keys(await urls())
    expect(paths).toEqual(expect.arrayContaining(['api/v1', 'apis/rbac.authorization.k8s.io/v1']))
    // It compiles the schema once.
    const validator = new Validator()
    for (const path of paths) {
      const { valid, errors } = await validator.validate({ ...(await documentOf(path)) })
      expect([path, valid, errors]).toEqual([path, true, undefined])
    }
  })

  it('has what kubectl looks for in a patch: the kind, fieldValidation, and the types of patches', async () => {
    for (const { group, version, kind, plural } of servedResources({})) {
      const { paths } = await documentOf(group === '' ? `api/${version}` : `apis/${group}/${version}`)
      const [, item] = Object.entries(paths).find(([path]) => path.endsWith(`/${plural}/{name}`)) ?? []
      const { parameters = [], requestBody, ...patch } = item?.['patch'] ?? {}
      expect(patch).toMatchObject({ 'x-kubernetes-group-version-kind': { group, version, kind } })
      expect(parameters.map(({ name }) => name)).toContain('fieldValidation')
      expect(Object.keys(requestBody?.content ?? {})).toContain('application/strategic-merge-patch+json')
    }
  })

  it('has ids that occur once, and references that lead somewhere', async () => {
    for (const path of Object.keys(await urls())) {
      const document = await documentOf(path)
      const ids = Object.values(document.paths)
        .flatMap((item) => Object.values(item))
        .flatMap(({ operationId }) => (operationId === undefined ? [] : [operationId]))
      expect(ids.length).toBe(new Set(ids).size)
      const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)]
      const missing = references.filter(([, name = '']) => !Object.hasOwn(document.components.schemas, name))
      expect([references.length > 5, missing]).toEqual([true, []])
    }
  })

  it('says how lists are merged', async () => {
    const { schemas } = (await documentOf('api/v1')).components
    expect(schemas['io.k8s.api.core.v1.PodSpec']?.['properties']).toMatchObject({
      containers: {
        type: 'array',
        items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
        'x-kubernetes-patch-merge-key': 'name',
        'x-kubernetes-patch-strategy': 'merge',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      },
      volumes: { 'x-kubernetes-patch-strategy': 'merge,retainKeys' },
    })
    expect(schemas['io.k8s.api.core.v1.ServiceAccount']).toMatchObject({
      'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'ServiceAccount' }],
    })
  })

  it('can be kept by a client: the address names the content', async () => {
    const { 'api/v1': url = '' } = await urls()
    const answer = await get(url)
    const etag = answer.headers.get('etag') ?? ''
    expect(url).toBe(`/openapi/v3/api/v1?hash=${etag.slice(1, -1)}`)
    expect(etag).toMatch(/^"[0-9A-F]{64}"$/)
    expect(answer.headers.get('cache-control')).toBe('private, immutable, max-age=31536000')
    const digest = await crypto.subtle.digest('SHA-256', await answer.arrayBuffer())
    expect(etag.slice(1, -1).toLowerCase()).toBe(Buffer.from(digest).toString('hex'))
    const other = await (
      await kubernetesApi({ store: memoryObjectStore() })
    )(new Request(`https://api${url}`))
    expect(other.headers.get('etag')).toBe(etag)
  })

  it.each([
    [304, (etag: string) => etag],
    [304, (etag: string) => `W/${etag}`],
    [304, (etag: string) => `"x", ${etag}`],
    [304, () => '*'],
    [200, () => '"x"'],
    [200, (etag: string) => etag.slice(1)],
  ])('answers %i if the client has a copy', async (status, tag) => {
    const etag = (await get('/openapi/v3')).headers.get('etag') ?? ''
    const answer = await get('/openapi/v3', { 'if-none-match': tag(etag) })
    expect([answer.status, (await answer.text()) === '', answer.headers.get('etag')]).toEqual([
      status,
      status === 304,
      etag,
    ])
  })

  it.each(['v2@v1.0+protobuf', 'v2.v1.0+protobuf'])(
    'is in protobuf for kubectl before 1.27: %s',
    async (type) => {
      const accept = `application/com.github.proto-openapi.spec.${type}`
      const answer = await get('/openapi/v2', { accept })
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
      ])
      const document = fieldsOf(new Uint8Array(await answer.arrayBuffer()))
      const definitions = new Map(
        fieldsOf(document.get(9)?.[0])
          .get(1)
          ?.map((bytes) => {
            const { name, value } = namedIn(bytes)
            return [name, fieldsOf(value)] as const
          }),
      )
      const serviceAccount = definitions.get('io.k8s.api.core.v1.ServiceAccount')
      expect(textOf(serviceAccount?.get(4))).toContain('An identity for programs')
      const extension = namedIn(serviceAccount?.get(31)?.[0])
      expect([extension.name, textOf(fieldsOf(extension.value).get(2))]).toEqual([
        'x-kubernetes-group-version-kind',
        '[{"group":"","version":"v1","kind":"ServiceAccount"}]',
      ])
      const paths = fieldsOf(document.get(8)?.[0]).get(2)?.map(namedIn) ?? []
      const item = paths.find(({ name }) => name === '/api/v1/namespaces/{namespace}/serviceaccounts/{name}')
      const patch = fieldsOf(fieldsOf(item?.value).get(8)?.[0])
      expect(
        patch
          .get(8)
          ?.map((bytes) => new TextDecoder().decode(bytes))
          .join(' '),
      ).toContain('fieldValidation')
    },
  )

  it.each<[number, string, string, Record<string, string>]>([
    [301, 'GET', '/openapi/v3/api/v1?hash=0', {}],
    [404, 'GET', '/openapi/v3/api/v2', {}],
    [404, 'GET', '/openapi/v3/', {}],
    [404, 'GET', '/openapi/v4', {}],
    [406, 'GET', '/openapi/v2', { accept: 'application/json' }],
    [406, 'GET', '/openapi/v2', {}],
    [405, 'PUT', '/openapi/v2', {}],
    [405, 'POST', '/openapi/v3', {}],
    [
      406,
      'GET',
      '/openapi/v3/api/v1',
      { accept: 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf' },
    ],
  ])('answers %i to %s %s', async (status, method, path, headers) => {
    const answer = await get(path, headers, method)
    expect(answer.status).toBe(status)
    if (status === 301) expect(await urls()).toMatchObject({ 'api/v1': answer.headers.get('location') })
  })
})
