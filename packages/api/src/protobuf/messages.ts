import {
  boolean,
  bytes,
  count,
  type FieldType,
  integer,
  listMessage,
  mapOf,
  message,
  type MessageFields,
  text,
  time,
} from './schema.ts'

/*
 * The messages that clients send to the served APIs. A status is set by the server, so only the one that a client may set is read: that of
 * a certificate signing request.
 *
 * Source: the `generated.proto` of api `authentication`, `authorization`, `certificates`, `core`, and of apimachinery `meta/v1`.
 */

const texts = (name: string) => ({ name, type: text, many: 'list' }) as const
const extra = mapOf('extra', listMessage(text), [])

/** ObjectMeta, without `managedFields`. */
const objectMeta = message({
  1: { name: 'name', type: text },
  2: { name: 'generateName', type: text },
  3: { name: 'namespace', type: text },
  4: { name: 'selfLink', type: text },
  5: { name: 'uid', type: text },
  6: { name: 'resourceVersion', type: text },
  7: { name: 'generation', type: count },
  8: { name: 'creationTimestamp', type: time },
  9: { name: 'deletionTimestamp', type: time },
  10: { name: 'deletionGracePeriodSeconds', type: integer },
  11: mapOf('labels', text, ''),
  12: mapOf('annotations', text, ''),
  13: {
    name: 'ownerReferences',
    type: message({
      1: { name: 'kind', type: text },
      3: { name: 'name', type: text },
      4: { name: 'uid', type: text },
      5: { name: 'apiVersion', type: text },
      6: { name: 'controller', type: boolean },
      7: { name: 'blockOwnerDeletion', type: boolean },
    }),
    many: 'list',
  },
  14: texts('finalizers'),
})

/** A Kubernetes object: the metadata and these fields. */
function object(fields: MessageFields): FieldType {
  return message({ 1: { name: 'metadata', type: objectMeta }, ...fields })
}

/** A Kubernetes object with a spec. */
function withSpec(spec: MessageFields): FieldType {
  return object({ 2: { name: 'spec', type: message(spec) } })
}

const selector = message({
  1: { name: 'rawSelector', type: text },
  2: {
    name: 'requirements',
    type: message({
      1: { name: 'key', type: text },
      2: { name: 'operator', type: text },
      3: texts('values'),
    }),
    many: 'list',
  },
})

const accessAttributes: MessageFields = {
  1: {
    name: 'resourceAttributes',
    type: message({
      1: { name: 'namespace', type: text },
      2: { name: 'verb', type: text },
      3: { name: 'group', type: text },
      4: { name: 'version', type: text },
      5: { name: 'resource', type: text },
      6: { name: 'subresource', type: text },
      7: { name: 'name', type: text },
      8: { name: 'fieldSelector', type: selector },
      9: { name: 'labelSelector', type: selector },
    }),
  },
  2: {
    name: 'nonResourceAttributes',
    type: message({ 1: { name: 'path', type: text }, 2: { name: 'verb', type: text } }),
  },
}

/** @param groups the name of the groups field, which differs between versions. */
function subjectAccessReview(groups: string): FieldType {
  return withSpec({
    ...accessAttributes,
    3: { name: 'user', type: text },
    4: texts(groups),
    5: extra,
    6: { name: 'uid', type: text },
  })
}

const selfSubjectReview = object({})
const tokenReview = withSpec({ 1: { name: 'token', type: text }, 2: texts('audiences') })
const selfSubjectAccessReview = withSpec(accessAttributes)
const selfSubjectRulesReview = withSpec({ 1: { name: 'namespace', type: text } })

const tokenRequest = withSpec({
  1: texts('audiences'),
  3: {
    name: 'boundObjectRef',
    type: message({
      1: { name: 'kind', type: text },
      2: { name: 'apiVersion', type: text },
      3: { name: 'name', type: text },
      4: { name: 'uid', type: text },
    }),
  },
  4: { name: 'expirationSeconds', type: integer },
  5: mapOf('attestations', bytes, ''),
})

const serviceAccount = object({
  2: { name: 'secrets', type: message({ 3: { name: 'name', type: text } }), many: 'list' },
  3: { name: 'imagePullSecrets', type: message({ 1: { name: 'name', type: text } }), many: 'list' },
  4: { name: 'automountServiceAccountToken', type: boolean },
})

const namespace = withSpec({ 1: texts('finalizers') })

const secret = object({
  2: mapOf('data', bytes, ''),
  3: { name: 'type', type: text },
  4: mapOf('stringData', text, ''),
  5: { name: 'immutable', type: boolean },
})

const configMap = object({
  2: mapOf('data', text, ''),
  3: mapOf('binaryData', bytes, ''),
  4: { name: 'immutable', type: boolean },
})

const rules = {
  name: 'rules',
  type: message({
    1: texts('verbs'),
    2: texts('apiGroups'),
    3: texts('resources'),
    4: texts('resourceNames'),
    5: texts('nonResourceURLs'),
  }),
  many: 'list',
} as const

const role = object({ 2: rules })

const clusterRole = object({
  2: rules,
  3: {
    name: 'aggregationRule',
    type: message({
      1: {
        name: 'clusterRoleSelectors',
        type: message({
          1: mapOf('matchLabels', text, ''),
          2: {
            name: 'matchExpressions',
            type: message({
              1: { name: 'key', type: text },
              2: { name: 'operator', type: text },
              3: texts('values'),
            }),
            many: 'list',
          },
        }),
        many: 'list',
      },
    }),
  },
})

const binding = object({
  2: {
    name: 'subjects',
    type: message({
      1: { name: 'kind', type: text },
      2: { name: 'apiGroup', type: text },
      3: { name: 'name', type: text },
      4: { name: 'namespace', type: text },
    }),
    many: 'list',
  },
  3: {
    name: 'roleRef',
    type: message({
      1: { name: 'apiGroup', type: text },
      2: { name: 'kind', type: text },
      3: { name: 'name', type: text },
    }),
  },
})

const certificateSigningRequest = object({
  2: {
    name: 'spec',
    type: message({
      1: { name: 'request', type: bytes },
      2: { name: 'username', type: text },
      3: { name: 'uid', type: text },
      4: texts('groups'),
      5: texts('usages'),
      6: extra,
      7: { name: 'signerName', type: text },
      8: { name: 'expirationSeconds', type: integer },
    }),
  },
  3: {
    name: 'status',
    type: message({
      1: {
        name: 'conditions',
        type: message({
          1: { name: 'type', type: text },
          2: { name: 'reason', type: text },
          3: { name: 'message', type: text },
          4: { name: 'lastUpdateTime', type: time },
          5: { name: 'lastTransitionTime', type: time },
          6: { name: 'status', type: text },
        }),
        many: 'list',
      },
      2: { name: 'certificate', type: bytes },
    }),
  },
})

/** The supported kinds, by `apiVersion/kind`. */
export const KINDS: ReadonlyMap<string, FieldType> = new Map([
  ...['v1', 'v1beta1', 'v1alpha1'].map(
    (version) => [`authentication.k8s.io/${version}/SelfSubjectReview`, selfSubjectReview] as const,
  ),
  ...['v1', 'v1beta1'].flatMap(
    (version) =>
      [
        [`authentication.k8s.io/${version}/TokenReview`, tokenReview],
        [`authorization.k8s.io/${version}/SelfSubjectAccessReview`, selfSubjectAccessReview],
        [`authorization.k8s.io/${version}/SelfSubjectRulesReview`, selfSubjectRulesReview],
      ] as const,
  ),
  ...['SubjectAccessReview', 'LocalSubjectAccessReview'].flatMap(
    (kind) =>
      [
        [`authorization.k8s.io/v1/${kind}`, subjectAccessReview('groups')],
        [`authorization.k8s.io/v1beta1/${kind}`, subjectAccessReview('group')],
      ] as const,
  ),
  ['authentication.k8s.io/v1/TokenRequest', tokenRequest],
  ['v1/Namespace', namespace],
  ['v1/ServiceAccount', serviceAccount],
  ['v1/Secret', secret],
  ['v1/ConfigMap', configMap],
  ['rbac.authorization.k8s.io/v1/Role', role],
  ['rbac.authorization.k8s.io/v1/ClusterRole', clusterRole],
  ['rbac.authorization.k8s.io/v1/RoleBinding', binding],
  ['rbac.authorization.k8s.io/v1/ClusterRoleBinding', binding],
  ['certificates.k8s.io/v1/CertificateSigningRequest', certificateSigningRequest],
])
