import { type ObjectType, parseTypes } from '../schema/declared-types.ts'

/**
 * The messages that clients send to the review APIs and for tokens, without their status: the server sets it.
 *
 * Source: the `generated.proto` of api `authentication`, `authorization`, and of apimachinery `meta/v1`.
 */
const DECLARATIONS = `
ObjectMeta: name 1 string, generateName 2 string, namespace 3 string, selfLink 4 string, uid 5 string,
  resourceVersion 6 string, generation 7 int64, creationTimestamp 8 Time, deletionTimestamp 9 Time,
  deletionGracePeriodSeconds 10 int64?, labels 11 {string}, annotations 12 {string},
  ownerReferences 13 [OwnerReference], finalizers 14 [string]
OwnerReference: kind 1 string, name 3 string, uid 4 string, apiVersion 5 string, controller 6 bool?,
  blockOwnerDeletion 7 bool?
SelfSubjectReview: metadata 1 ObjectMeta
TokenReview: metadata 1 ObjectMeta, spec 2 TokenReviewSpec
TokenReviewSpec: token 1 string, audiences 2 [string]
SelfSubjectRulesReview: metadata 1 ObjectMeta, spec 2 SelfSubjectRulesReviewSpec
SelfSubjectRulesReviewSpec: namespace 1 string
SelfSubjectAccessReview: metadata 1 ObjectMeta, spec 2 SelfSubjectAccessReviewSpec
SelfSubjectAccessReviewSpec: resourceAttributes 1 ResourceAttributes,
  nonResourceAttributes 2 NonResourceAttributes
SubjectAccessReview: metadata 1 ObjectMeta, spec 2 SubjectAccessReviewSpec
SubjectAccessReviewSpec: resourceAttributes 1 ResourceAttributes,
  nonResourceAttributes 2 NonResourceAttributes, user 3 string, groups 4 [string], extra 5 {ExtraValue},
  uid 6 string
SubjectAccessReviewBeta: metadata 1 ObjectMeta, spec 2 SubjectAccessReviewBetaSpec
SubjectAccessReviewBetaSpec: resourceAttributes 1 ResourceAttributes,
  nonResourceAttributes 2 NonResourceAttributes, user 3 string, group 4 [string], extra 5 {ExtraValue},
  uid 6 string
ResourceAttributes: namespace 1 string, verb 2 string, group 3 string, version 4 string, resource 5 string,
  subresource 6 string, name 7 string, fieldSelector 8 SelectorAttributes, labelSelector 9 SelectorAttributes
SelectorAttributes: rawSelector 1 string, requirements 2 [SelectorRequirement]
SelectorRequirement: key 1 string, operator 2 string, values 3 [string]
NonResourceAttributes: path 1 string, verb 2 string
TokenRequest: metadata 1 ObjectMeta, spec 2 TokenRequestSpec
TokenRequestSpec: audiences 1 [string], boundObjectRef 3 BoundObjectReference, expirationSeconds 4 int64?,
  attestations 5 {bytes}
BoundObjectReference: kind 1 string, apiVersion 2 string, name 3 string, uid 4 string
`

/** The names of the declared types, by `apiVersion/kind`. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ...['v1', 'v1beta1'].flatMap(
    (version) =>
      [
        [`authentication.k8s.io/${version}/SelfSubjectReview`, 'SelfSubjectReview'],
        [`authentication.k8s.io/${version}/TokenReview`, 'TokenReview'],
        [`authorization.k8s.io/${version}/SelfSubjectAccessReview`, 'SelfSubjectAccessReview'],
        [`authorization.k8s.io/${version}/SelfSubjectRulesReview`, 'SelfSubjectRulesReview'],
      ] as const,
  ),
  ...['SubjectAccessReview', 'LocalSubjectAccessReview'].flatMap(
    (kind) =>
      [
        [`authorization.k8s.io/v1/${kind}`, 'SubjectAccessReview'],
        [`authorization.k8s.io/v1beta1/${kind}`, 'SubjectAccessReviewBeta'],
      ] as const,
  ),
  ['authentication.k8s.io/v1/TokenRequest', 'TokenRequest'],
])

let types: ReadonlyMap<string, ObjectType> | undefined

/** The type of a kind that this package knows; `undefined` if it does not. The declarations are read when one is first needed. */
export function knownType(apiVersion: string, kind: string): ObjectType | undefined {
  const name = NAMES.get(`${apiVersion}/${kind}`)
  if (name === undefined) return undefined
  types ??= parseTypes([{ in: '', types: DECLARATIONS }])
  return types.get(name)
}
