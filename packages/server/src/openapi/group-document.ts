import { GIT_VERSIONS } from '@kube-authn/internal/kubernetes-version'
import type { KubernetesVersion } from '@kube-authn/core'
import { apiVersionOf, type Resource, type Subresource } from '../registry/resource.ts'
import type { ObjectType } from '@kube-authn/api/internal'
import { objectTypeOf } from '../schema/object-types.ts'
import { type GroupVersionKind, refTo, type Schema, schemasOf } from './schemas.ts'
import { defined } from '@kube-authn/core/internal'
import { PATCH_TYPES } from '../api/patch-requests.ts'

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
export function groupDocument(resources: readonly Resource[], release: KubernetesVersion): GroupDocument {
  const kinds = new Map<ObjectType, GroupVersionKind>()
  for (const each of resources.flatMap(kindsOf)) {
    const type = objectTypeOf(each.kind)
    if (type !== undefined) kinds.set(type, each)
  }
  const options = objectTypeOf('DeleteOptions')
  if (options !== undefined) kinds.set(options, { group: '', version: 'v1', kind: 'DeleteOptions' })
  const lists = resources.map((resource) => [listNameOf(resource), listSchemaOf(resource)] as const)
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: GIT_VERSIONS[release] },
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
  const { kind, isNamespaced } = resource
  const isEverywhere = suffix === 'ForAllNamespaces'
  const id = `${isNamespaced && !isEverywhere ? 'Namespaced' : ''}${kind}${suffix}`
  const operations = actions.map(
    (action) => [ACTIONS[action].method, operationOf(action, id, resource, subresource)] as const,
  )
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

/** What a request does, in the words of Kubernetes. */
type Action = 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection'

/** The parameters in the query, besides `pretty`. */
const QUERY: Readonly<Record<string, readonly [type: string, description: string]>> = {
  dryRun: ['string', 'All: the request is checked, and nothing is written.'],
  fieldManager: ['string', 'Name of the program that makes the change.'],
  fieldValidation: ['string', 'What happens to unknown fields: Ignore, Warn or Strict.'],
  force: ['boolean', 'Whether an apply takes over fields of other programs.'],
  labelSelector: ['string', 'Selects objects by their labels.'],
  fieldSelector: ['string', 'Selects objects by some of their fields.'],
  limit: ['integer', 'How many objects are answered at most.'],
  continue: ['string', 'For the next page: as in the metadata of the previous one.'],
  resourceVersion: [
    'string',
    'The version that the answer must at least be of, or that a watch goes on from.',
  ],
  resourceVersionMatch: ['string', 'Exact: the answer must be of that version.'],
  timeoutSeconds: ['integer', 'When a watch ends.'],
  watch: ['boolean', 'Whether changes are answered, until the client closes the connection.'],
  allowWatchBookmarks: ['boolean', 'Whether a watch also tells how far it is.'],
}

const WRITE = ['dryRun', 'fieldManager', 'fieldValidation']
const LIST = [
  'labelSelector',
  'fieldSelector',
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
]
const DELETE_OPTIONS = { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions' }
const JSON_TYPE = 'application/json'

interface ActionKind {
  readonly method: string
  /** The beginning of its ids. */
  readonly verb: string
  readonly parameters: readonly string[]
  /** Its body. */
  readonly sent?: (schema: Schema) => object
}

const sendsObject = (schema: Schema): object => ({ required: true, content: { [JSON_TYPE]: { schema } } })
const sendsPatch = (): object => ({
  required: true,
  content: Object.fromEntries(PATCH_TYPES.map((type) => [type, { schema: patchSchemaOf(type) }])),
})
const sendsOptions = (): object => ({ content: { [JSON_TYPE]: { schema: DELETE_OPTIONS } } })

const ACTIONS: Readonly<Record<Action, ActionKind>> = {
  get: { method: 'get', verb: 'read', parameters: [] },
  list: {
    method: 'get',
    verb: 'list',
    parameters: [...LIST, 'timeoutSeconds', 'watch', 'allowWatchBookmarks'],
  },
  post: { method: 'post', verb: 'create', parameters: WRITE, sent: sendsObject },
  put: { method: 'put', verb: 'replace', parameters: WRITE, sent: sendsObject },
  patch: { method: 'patch', verb: 'patch', parameters: [...WRITE, 'force'], sent: sendsPatch },
  delete: { method: 'delete', verb: 'delete', parameters: ['dryRun'], sent: sendsOptions },
  deletecollection: {
    method: 'delete',
    verb: 'deleteCollection',
    parameters: ['dryRun', ...LIST],
    sent: sendsOptions,
  },
}

/**
 * An operation of OpenAPI 3.0.
 *
 * Source: kube-openapi `pkg/builder3`.
 *
 * @param id as in `NamespacedConfigMapStatus`.
 */
function operationOf(
  action: Action,
  id: string,
  resource: Resource,
  subresource: Subresource | undefined,
): object {
  const { plural } = resource
  const kind = gvkOf(subresource?.type === 'action' ? subresource : resource)
  const schema = schemaNamed(kind.kind)
  const others: Partial<Record<Action, Schema>> = {
    list: refTo(listNameOf(resource)),
    delete: ANY_OBJECT,
    deletecollection: ANY_OBJECT,
  }
  const tag = `${kind.group === '' ? 'core' : (kind.group.split('.')[0] ?? '')}_${kind.version}`
  const { verb, parameters, sent } = ACTIONS[action]
  const [status, description] = action === 'post' ? [201, 'Created'] : [200, 'OK']
  return {
    tags: [tag],
    operationId: `${verb}${tag.split('_').map(capitalized).join('')}${id}`,
    description: `${action} ${subresource === undefined ? plural : `${subresource.name} of ${plural}`}`,
    parameters: parameters.map(parameterOf),
    ...defined({ requestBody: sent?.(schema) }),
    responses: {
      [status]: { description, content: { [JSON_TYPE]: { schema: others[action] ?? schema } } },
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
  }
}

function patchSchemaOf(type: string): Schema {
  return type === 'application/json-patch+json' ? { type: 'array', items: ANY_OBJECT } : ANY_OBJECT
}

function parameterOf(name: string): object {
  const [type = 'string', description = ''] = QUERY[name] ?? []
  return { name, in: 'query', description, schema: { type, uniqueItems: true } }
}
