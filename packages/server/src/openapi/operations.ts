import { defined } from '@kube-authn/core/internal'
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
const ANY_OBJECT = { type: 'object' }
const JSON_TYPE = 'application/json'

/** What an action is in OpenAPI. */
interface ActionKind {
  /** The method of its requests. */
  readonly method: string
  /** The beginning of its ids. */
  readonly verb: string
  /** The names of its parameters. */
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

/** All actions. */
export const ACTIONS: Readonly<Record<Action, ActionKind>> = {
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

/** An operation of OpenAPI 3.0. Source: kube-openapi `pkg/builder3`. */
export function operationOf({ action, id, description, kind, schema, listSchema }: OperationOf): object {
  const { group, version } = kind
  const tag = `${group === '' ? 'core' : (group.split('.')[0] ?? '')}_${version}`
  const { verb, parameters, sent } = ACTIONS[action]
  const [succeeded, answered] =
    action === 'post' ? ['201', schema] : ['200', action === 'list' ? listSchema : schema]
  const isDeletion = action === 'delete' || action === 'deletecollection'
  return {
    tags: [tag],
    operationId: `${verb}${pascalCase(tag)}${id}`,
    description,
    parameters: parameters.map(parameterOf),
    ...defined({ requestBody: sent?.(schema) }),
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
