import { apiVersionOf, type Resource, type Subresource } from '../registry/resource.ts'
import type { ObjectType } from '@kube-authn/api/internal'
import { objectTypeOf } from '../schema/object-types.ts'
import { type Action, ACTIONS, operationOf } from './operations.ts'
import { type GroupVersionKind, refTo, type Schema, schemasOf } from './schemas.ts'

/** What a client learns of one group version. */
export interface GroupDocument {
  readonly openapi: '3.0.0'
  readonly info: object
  readonly paths: Readonly<Record<string, object>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const ANY_OBJECT: Schema = { type: 'object' }
const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta'

/**
 * The OpenAPI document of the resources of one group version.
 *
 * Source: kube-openapi `pkg/builder3`; kubectl `pkg/util/openapi`, `pkg/explain`, `pkg/cmd/apply/patcher.go` for what is read of it.
 *
 * @param resources all of one group and version.
 */
export function groupDocument(resources: readonly Resource[]): GroupDocument {
  const kinds = new Map<ObjectType, GroupVersionKind[]>()
  for (const each of resources.flatMap(kindsOf)) {
    const type = objectTypeOf(each.kind)
    if (type !== undefined) kinds.set(type, [each])
  }
  const options = objectTypeOf('DeleteOptions')
  if (options !== undefined) kinds.set(options, [{ group: '', version: 'v1', kind: 'DeleteOptions' }])
  const lists = resources.map((resource) => [listNameOf(resource), listSchemaOf(resource)] as const)
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.2' },
    paths: Object.fromEntries(resources.flatMap(pathsOf)),
    components: {
      schemas: { ...schemasOf(kinds), ...Object.fromEntries(lists), [LIST_META]: LIST_META_SCHEMA },
    },
  }
}

const LIST_META_SCHEMA: Schema = {
  type: 'object',
  description: 'Data that every list has.',
  properties: {
    resourceVersion: { type: 'string', description: 'The version that the list is of.' },
    continue: { type: 'string', description: 'For the next page, if there is one.' },
    remainingItemCount: { type: 'integer', format: 'int64' },
    selfLink: { type: 'string' },
  },
}

function kindsOf(resource: Resource): readonly GroupVersionKind[] {
  const actions = (resource.subresources ?? []).filter((each) => each.type === 'action')
  return [resource, ...actions].map(gvkOf)
}

function gvkOf({ group, version, kind }: GroupVersionKind): GroupVersionKind {
  return { group, version, kind }
}

function schemaNamed(kind: string): Schema {
  const type = objectTypeOf(kind)
  return type === undefined ? ANY_OBJECT : refTo(type.fullName)
}

function listNameOf({ kind }: Resource): string {
  return `${objectTypeOf(kind)?.fullName ?? kind}List`
}

function listSchemaOf({ kind, group, version }: Resource): Schema {
  return {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { allOf: [refTo(LIST_META)] },
      items: { type: 'array', items: schemaNamed(kind) },
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind: `${kind}List` }],
  }
}

function pathsOf(resource: Resource): readonly (readonly [string, object])[] {
  const { group, plural, isNamespaced, hasDeletableCollection = true, subresources = [] } = resource
  const root = `${group === '' ? '/api' : '/apis'}/${apiVersionOf(resource)}`
  const collection = `${root}${isNamespaced ? '/namespaces/{namespace}' : ''}/${plural}`
  const name = isNamespaced ? ['namespace', 'name'] : ['name']
  const ofCollection: readonly Action[] = ['list', 'post', 'deletecollection']
  return [
    [
      collection,
      pathItem(resource, name.slice(0, -1), hasDeletableCollection ? ofCollection : ofCollection.slice(0, 2)),
    ],
    [`${collection}/{name}`, pathItem(resource, name, ['get', 'put', 'patch', 'delete'])],
    ...(isNamespaced
      ? [[`${root}/${plural}`, pathItem(resource, [], ['list'], 'ForAllNamespaces')] as const]
      : []),
    ...subresources.map((each) => {
      const actions: readonly Action[] = each.type === 'part' ? ['get', 'put', 'patch'] : ['post']
      return [
        `${collection}/{name}/${each.name}`,
        pathItem(resource, name, actions, capitalized(each.name), each),
      ] as const
    }),
  ]
}

/** @param suffix of the ids of the operations. */
function pathItem(
  resource: Resource,
  parameters: readonly string[],
  actions: readonly Action[],
  suffix = '',
  subresource?: Subresource,
): object {
  const { kind, isNamespaced, plural } = resource
  const sent = gvkOf(subresource?.type === 'action' ? subresource : resource)
  const isEverywhere = suffix === 'ForAllNamespaces'
  const id = `${isNamespaced && !isEverywhere ? 'Namespaced' : ''}${kind}${suffix}`
  const operations = actions.map((action) => {
    const what = subresource === undefined ? plural : `${subresource.name} of ${plural}`
    const description = `${action} ${what}`
    const schema = schemaNamed(sent.kind)
    const of = { action, id, description, kind: sent, schema, listSchema: refTo(listNameOf(resource)) }
    return [ACTIONS[action].method, operationOf(of)] as const
  })
  return {
    ...(parameters.length > 0 && { parameters: parameters.map(pathParameter) }),
    ...Object.fromEntries(operations),
  }
}

function pathParameter(name: string): object {
  const description = name === 'name' ? 'Name of the object.' : 'Namespace of the object.'
  return { name, in: 'path', required: true, description, schema: { type: 'string', uniqueItems: true } }
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
