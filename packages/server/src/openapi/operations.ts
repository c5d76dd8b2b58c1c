import { PATCH_TYPES } from '../api/patch-requests.ts'
import type { GroupVersionKind, Schema } from './schemas.ts'

/** What a request does, in the words of Kubernetes. */
export type Action = 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection'

/** An operation of a path. */
export interface OperationOf {
  readonly action: Action
  /** As in `NamespacedConfigMapStatus`. */
  readonly id: string
  readonly description: string
  /** Of what is sent and answered. */
  readonly kind: GroupVersionKind
  readonly schema: Schema
  /** Of a list. */
  readonly listSchema: Schema
}

/** The method of an action. */
export const METHODS: Readonly<Record<Action, string>> = {
  get: 'get',
  list: 'get',
  post: 'post',
  put: 'put',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
}

const VERBS: Readonly<Record<Action, string>> = {
  get: 'read',
  list: 'list',
  post: 'create',
  put: 'replace',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'deleteCollection',
}

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
const PARAMETERS: Readonly<Record<Action, readonly string[]>> = {
  get: [],
  list: [...LIST, 'timeoutSeconds', 'watch', 'allowWatchBookmarks'],
  post: WRITE,
  put: WRITE,
  patch: [...WRITE, 'force'],
  delete: ['dryRun'],
  deletecollection: ['dryRun', ...LIST],
}

const DELETE_OPTIONS = { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions' }
const ANY_OBJECT = { type: 'object' }
const JSON_TYPE = 'application/json'

/** An operation of OpenAPI 3.0. Source: kube-openapi `pkg/builder3`. */
export function operationOf({ action, id, description, kind, schema, listSchema }: OperationOf): object {
  const { group, version } = kind
  const tag = `${group === '' ? 'core' : (group.split('.')[0] ?? '')}_${version}`
  const sent = SENT[action]?.(schema)
  const [succeeded, answered] =
    action === 'post' ? ['201', schema] : ['200', action === 'list' ? listSchema : schema]
  const isDeletion = action === 'delete' || action === 'deletecollection'
  return {
    tags: [tag],
    operationId: `${VERBS[action]}${pascalCase(tag)}${id}`,
    description,
    parameters: PARAMETERS[action].map((name) => parameterOf(name)),
    ...(sent !== undefined && { requestBody: sent }),
    responses: {
      [succeeded]: {
        description: action === 'post' ? 'Created' : 'OK',
        content: { [JSON_TYPE]: { schema: isDeletion ? ANY_OBJECT : answered } },
      },
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
  }
}

const SENT: Readonly<Partial<Record<Action, (schema: Schema) => object>>> = {
  post: (schema) => ({ required: true, content: { [JSON_TYPE]: { schema } } }),
  put: (schema) => ({ required: true, content: { [JSON_TYPE]: { schema } } }),
  patch: () => ({
    required: true,
    content: Object.fromEntries(PATCH_TYPES.map((type) => [type, { schema: patchSchemaOf(type) }])),
  }),
  delete: () => ({ content: { [JSON_TYPE]: { schema: DELETE_OPTIONS } } }),
  deletecollection: () => ({ content: { [JSON_TYPE]: { schema: DELETE_OPTIONS } } }),
}

function patchSchemaOf(type: string): Schema {
  return type === 'application/json-patch+json' ? { type: 'array', items: ANY_OBJECT } : ANY_OBJECT
}

function parameterOf(name: string): object {
  const [type = 'string', description = ''] = QUERY[name] ?? []
  return { name, in: 'query', description, schema: { type, uniqueItems: true } }
}

function pascalCase(text: string): string {
  return text
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}
