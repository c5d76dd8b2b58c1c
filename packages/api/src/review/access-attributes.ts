import type { RequestAttributes } from '@kube-authn/core/authorization'
import { defined, type ErrorList, fieldPath, type ObjectReader } from '@kube-authn/core/internal'
import {
  readSelector,
  type SelectorAttributes,
  type SelectorKind,
  selectorOf,
  validateSelector,
} from './selector-attributes.ts'

/** What an access review asks about: a resource or a path. {@link validateAccess} refuses both and neither. */
export interface AccessAttributes {
  readonly resourceAttributes?: ResourceAttributes
  readonly nonResourceAttributes?: { readonly path: string; readonly verb: string }
}

/** An action on a resource. Fields that do not apply are `''`. */
interface ResourceAttributes extends Readonly<Record<TextField, string>> {
  readonly fieldSelector?: SelectorAttributes
  readonly labelSelector?: SelectorAttributes
}

type TextField = 'namespace' | 'verb' | 'group' | 'version' | 'resource' | 'subresource' | 'name'

const SELECTORS: readonly SelectorKind[] = ['fieldSelector', 'labelSelector']

export function readAccess(spec: ObjectReader | undefined): AccessAttributes {
  const resource = spec?.object('resourceAttributes')
  const nonResource = spec?.object('nonResourceAttributes')
  const read = {
    ...(resource && { resourceAttributes: readResource(resource) }),
    ...(nonResource && {
      nonResourceAttributes: { path: nonResource.string('path'), verb: nonResource.string('verb') },
    }),
  }
  resource?.end()
  nonResource?.end()
  return read
}

function readResource(resource: ObjectReader): ResourceAttributes {
  const fieldSelector = readSelector(resource, 'fieldSelector')
  const labelSelector = readSelector(resource, 'labelSelector')
  return {
    namespace: resource.string('namespace'),
    verb: resource.string('verb'),
    group: resource.string('group'),
    version: resource.string('version'),
    resource: resource.string('resource'),
    subresource: resource.string('subresource'),
    name: resource.string('name'),
    ...defined({ fieldSelector, labelSelector }),
  }
}

/**
 * Checks that a review asks about either a resource or a path.
 *
 * Source: kubernetes `pkg/apis/authorization/validation/validation.go`.
 */
export function validateAccess(
  { resourceAttributes: resource, nonResourceAttributes: nonResource }: AccessAttributes,
  errors: ErrorList,
): void {
  if (resource !== undefined && nonResource !== undefined) {
    const path = fieldPath('spec', 'nonResourceAttributes')
    const rule = 'cannot be specified in combination with resourceAttributes'
    errors.invalid(path, printedPath(nonResource), rule)
  }
  if (resource === undefined && nonResource === undefined) {
    errors.invalid(
      fieldPath('spec', 'resourceAttributes'),
      null,
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    )
  }
}

/** A path as printed in an error, with the field names of kube-apiserver's internal type. */
export function printedPath({ path, verb }: { readonly path: string; readonly verb: string }): object {
  return { Path: path, Verb: verb }
}

/** Validates the selectors of a review. kube-apiserver does so after the rest of the spec. */
export function validateSelectors(
  { resourceAttributes: resource }: AccessAttributes,
  errors: ErrorList,
): void {
  for (const kind of SELECTORS) {
    const selector = resource?.[kind]
    const path = fieldPath('spec', 'resourceAttributes', kind)
    if (selector !== undefined) validateSelector(selector, kind, path, errors)
  }
}

/** The attributes that the authorizer is asked about. A resource without a version means any version. */
export function accessRequest({
  resourceAttributes: resource,
  nonResourceAttributes: nonResource,
}: AccessAttributes): RequestAttributes {
  if (resource === undefined) return { verb: nonResource?.verb ?? '', path: nonResource?.path ?? '' }
  const { group, version, fieldSelector, labelSelector, ...rest } = resource
  return {
    ...rest,
    apiGroup: group,
    apiVersion: version === '' ? '*' : version,
    ...(fieldSelector && { fieldSelector: selectorOf(fieldSelector, 'fieldSelector') }),
    ...(labelSelector && { labelSelector: selectorOf(labelSelector, 'labelSelector') }),
  }
}
