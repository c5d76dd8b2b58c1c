import { attributesOf, type Authorizer, decide, type Decision } from '@kube-authn/core/authorization'
import { type Awaitable, type Context, userInfo, type UserInfo } from '@kube-authn/core'
import {
  andThen,
  badRequest,
  errorList,
  type ErrorList,
  fieldPath,
  invalidObject,
  type ObjectReader,
  userJson,
} from '@kube-authn/core/internal'
import {
  type AccessAttributes,
  accessRequest,
  printedPath,
  readAccess,
  validateAccess,
  validateSelectors,
} from './access-attributes.ts'
import { readAccessStatus } from './status.ts'
import type { ReviewAnswer, ReviewKind } from './kind.ts'
import type { SentMetadata } from './metadata.ts'
import { ignoredPart, selectorJson, withoutEmpty } from './selector-attributes.ts'

/*
 * The access reviews: is a user allowed to do something?
 *
 * Source: api `authorization/v1`; kubernetes `pkg/registry/authorization`, `pkg/apis/authorization/validation/validation.go`.
 *
 * Deviation: a 422 names the kind (`docs/deviations.md`, refused access reviews).
 */

const GROUP = 'authorization.k8s.io'

/** What the access reviews have in common. */
const ACCESS_REVIEW = { group: GROUP, versions: ['v1', 'v1beta1'], readStatus: readAccessStatus } as const

/** May the given user do it, in any namespace? */
export function subjectAccessReview(authorizer: Authorizer): ReviewKind {
  return {
    ...ACCESS_REVIEW,
    kind: 'SubjectAccessReview',
    resource: 'subjectaccessreviews',
    read(object, version) {
      const { access, subject } = readSpec(object, version)
      return ({ metadata, context }) => {
        const errors = errorsOf(access, subject, metadata, 'must be empty')
        refuseErrors('SubjectAccessReview', errors)
        return answer(authorizer, subject, access, context, subjectJson(subject, version))
      }
    },
  }
}

/** May the given user do it, in the namespace of the request path? */
export function localSubjectAccessReview(authorizer: Authorizer): ReviewKind {
  return {
    ...ACCESS_REVIEW,
    kind: 'LocalSubjectAccessReview',
    resource: 'localsubjectaccessreviews',
    isNamespaced: true,
    read(object, version) {
      const { access, subject } = readSpec(object, version)
      return async ({ metadata: { namespace: sentNamespace, ...metadata }, context, namespace }) => {
        if (sentNamespace !== undefined && sentNamespace !== namespace) {
          throw badRequest(
            'the namespace of the provided object does not match the namespace sent on the request',
          )
        }
        const errors = errorsOf(access, subject, metadata, 'must be empty except for namespace')
        const about = access.resourceAttributes?.namespace
        if (about !== undefined && about !== namespace) {
          const path = fieldPath('spec', 'resourceAttributes', 'namespace')
          errors.invalid(path, about, 'must match metadata.namespace')
        }
        if (access.nonResourceAttributes !== undefined) {
          const path = fieldPath('spec', 'nonResourceAttributes')
          errors.invalid(
            path,
            printedPath(access.nonResourceAttributes),
            'disallowed on this kind of request',
          )
        }
        refuseErrors('LocalSubjectAccessReview', errors)
        const answered = await answer(authorizer, subject, access, context, subjectJson(subject, version))
        return { ...answered, metadata: { namespace } }
      }
    },
  }
}

/** May the caller do it? Used by `kubectl auth can-i`. A user named in the body is ignored. */
export function selfSubjectAccessReview(authorizer: Authorizer): ReviewKind {
  return {
    ...ACCESS_REVIEW,
    kind: 'SelfSubjectAccessReview',
    resource: 'selfsubjectaccessreviews',
    isAboutCaller: true,
    read(object) {
      const spec = object.object('spec')
      const access = readAccess(spec)
      spec?.end()
      return ({ caller, metadata, context }) => {
        const errors = errorsOf(access, undefined, metadata, 'must be empty')
        refuseErrors('SelfSubjectAccessReview', errors)
        return answer(authorizer, caller, access, context, {})
      }
    },
  }
}

/** @throws {StatusError} 422, if there is an error. */
function refuseErrors(kind: string, errors: ErrorList): void {
  if (errors.errors.length > 0) throw invalidObject(GROUP, kind, '', errors)
}

function readSpec(
  object: ObjectReader,
  version: string,
): { readonly access: AccessAttributes; readonly subject: UserInfo } {
  const spec = object.object('spec')
  const read = { access: readAccess(spec), subject: readSubject(spec, version) }
  spec?.end()
  return read
}

/** @param subject absent if the review is about the caller. */
function errorsOf(
  access: AccessAttributes,
  subject: UserInfo | undefined,
  metadata: SentMetadata,
  metadataRule: string,
): ErrorList {
  const errors = errorList()
  validateAccess(access, errors)
  if (subject !== undefined) validateSubject(subject, errors)
  validateSelectors(access, errors)
  if (Object.keys(metadata).length > 0) errors.invalid(fieldPath('metadata'), metadata, metadataRule)
  return errors
}

function answer(
  authorizer: Authorizer,
  user: UserInfo,
  access: AccessAttributes,
  context: Context,
  subject: object,
): Awaitable<ReviewAnswer> {
  const attributes = attributesOf(user, accessRequest(access))
  return andThen(decide(authorizer, attributes, context), (decision) => ({
    spec: { ...accessJson(access), ...subject },
    status: statusOf(decision, [
      ignoredPart(attributes.fieldSelector, 'fieldSelector'),
      ignoredPart(attributes.labelSelector, 'labelSelector'),
    ]),
  }))
}

function statusOf({ verdict, reason, error }: Decision, ignored: readonly (string | undefined)[]): object {
  const errors = [error?.message, ...ignored].filter((each) => each !== undefined)
  return {
    allowed: verdict === 'allow',
    ...(verdict === 'deny' && { denied: true }),
    ...withoutEmpty({ reason, evaluationError: errors.join('; ') }),
  }
}

function accessJson({
  resourceAttributes: resource,
  nonResourceAttributes: nonResource,
}: AccessAttributes): object {
  return {
    ...(resource !== undefined && {
      resourceAttributes: withoutEmpty({
        ...resource,
        ...(resource.fieldSelector && { fieldSelector: selectorJson(resource.fieldSelector) }),
        ...(resource.labelSelector && { labelSelector: selectorJson(resource.labelSelector) }),
      }),
    }),
    ...(nonResource !== undefined && { nonResourceAttributes: withoutEmpty(nonResource) }),
  }
}

/** Reads the user that a review is about. The versions differ in the name of the groups field. */
function readSubject(spec: ObjectReader | undefined, version: string): UserInfo {
  return userInfo({
    username: spec?.string('user') ?? '',
    uid: spec?.string('uid') ?? '',
    groups: spec?.strings(groupsField(version)) ?? [],
    extra: spec === undefined ? {} : readExtra(spec),
  })
}

function readExtra(spec: ObjectReader): Record<string, readonly string[]> {
  const extra = Object.create(null) as Record<string, readonly string[]>
  const reader = spec.object('extra')
  // Deviation: `null` is not returned as `null` (`docs/deviations.md`, lists in reviews).
  for (const key of reader?.names() ?? []) extra[key] = reader?.strings(key) ?? []
  return extra
}

/** Requires a user name or at least one group. */
function validateSubject({ username, groups }: UserInfo, errors: ErrorList): void {
  if (username === '' && groups.length === 0) {
    errors.invalid(fieldPath('spec', 'user'), '', 'at least one of user or group must be specified')
  }
}

/** The user that a review is about, in the form of its spec. */
function subjectJson(subject: UserInfo, version: string): object {
  const { username, groups, ...rest } = userJson(subject)
  return {
    ...(username !== '' && { user: username }),
    ...(groups !== undefined && { [groupsField(version)]: groups }),
    ...rest,
  }
}

function groupsField(version: string): string {
  return version === 'v1beta1' ? 'group' : 'groups'
}
