import { pathSegmentProblems } from '@kube-authn/internal/kubernetes-names'
import { exactValueOf, parseFieldSelector } from '../selectors/field-selector.ts'
import { isInt64, parseLabelSelector } from '../selectors/label-selector.ts'
import type { Attributes } from '../attributes.ts'

export type RequestSelectors = Required<Pick<Attributes, 'fieldSelector' | 'labelSelector'>>

export function selectorsIn(parameters: ReadonlyMap<string, string>): RequestSelectors {
  return {
    fieldSelector: parseFieldSelector(parameters.get('fieldSelector') ?? ''),
    labelSelector: parseLabelSelector(parameters.get('labelSelector') ?? ''),
  }
}

/** Whether the parameters of a list ask for a watch: absent, `0` and `false` do not; anything else does, including the empty value. Other parameters may be malformed. */
export function isWatch(parameters: ReadonlyMap<string, string>): boolean {
  const value = parameters.get('watch')
  return value !== undefined && value !== '0' && value.toLowerCase() !== 'false'
}

/**
 * The name that a field selector requires of `metadata.name`; `''` if it requires none, or a parameter is malformed.
 *
 * Source: apiserver `pkg/endpoints/request/requestinfo.go`, apimachinery `pkg/apis/meta/v1` ListOptions.
 */
export function selectedName(
  parameters: ReadonlyMap<string, string>,
  { fieldSelector, labelSelector }: RequestSelectors,
): string {
  const isReadable =
    fieldSelector.error === undefined &&
    labelSelector.error === undefined &&
    INTEGERS.every((parameter) => isInt64(parameters.get(parameter) ?? '0'))
  const name = isReadable ? (exactValueOf(fieldSelector, 'metadata.name') ?? '') : ''
  return pathSegmentProblems(name).length === 0 ? name : ''
}

const INTEGERS = ['limit', 'timeoutSeconds'] as const
