import { pathSegmentProblems } from '../../internal/field/names.ts'
import { exactValueOf, parseFieldSelector } from '../selectors/field-selector.ts'
import { isInt64 } from '../selectors/int64.ts'
import { parseLabelSelector } from '../selectors/label-selector.ts'
import type { Selector } from '../selectors/selector.ts'

/** The selectors of a request, read. */
export interface RequestSelectors {
  readonly fieldSelector: Selector
  readonly labelSelector: Selector
}

/** Reads the selectors among the parameters of a request. */
export function selectorsIn(parameters: ReadonlyMap<string, string>): RequestSelectors {
  return {
    fieldSelector: parseFieldSelector(parameters.get('fieldSelector') ?? ''),
    labelSelector: parseLabelSelector(parameters.get('labelSelector') ?? ''),
  }
}

/** Whether the parameters of a list ask for a watch. They need not be readable otherwise. */
export function isWatch(parameters: ReadonlyMap<string, string>): boolean {
  return isTrue(parameters.get('watch'))
}

/**
 * The one object that a field selector for `metadata.name` leaves; `''` when it leaves others, or a parameter is malformed.
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

/** Absent, `0` and `false` are false; anything else is true, the empty value too. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== '0' && value.toLowerCase() !== 'false'
}
