import { pathSegmentProblems } from '../../field/names.ts'
import { exactValueOf, parseFieldSelector } from '../selectors/field-selector.ts'
import { isInt64 } from '../selectors/int64.ts'
import { parseLabelSelector } from '../selectors/label-selector.ts'

/** What the parameters of a `get` without a name say. */
export interface ListOptions {
  readonly watch: boolean
  /** The one object that a field selector for `metadata.name` leaves. */
  readonly name: string
}

/**
 * Reads the parameters of a list. When one of them is malformed, none counts but `watch`.
 *
 * Source: apiserver `pkg/endpoints/request/requestinfo.go`, apimachinery `pkg/apis/meta/v1` ListOptions.
 */
export function listOptions(parameters: ReadonlyMap<string, string>): ListOptions {
  const watch = isTrue(parameters.get('watch'))
  const fieldSelector = parseFieldSelector(parameters.get('fieldSelector') ?? '')
  const labelSelector = parseLabelSelector(parameters.get('labelSelector') ?? '')
  const isReadable =
    fieldSelector.error === undefined &&
    labelSelector.error === undefined &&
    INTEGERS.every((parameter) => isInt64(parameters.get(parameter) ?? '0'))
  if (!isReadable) return { watch, name: '' }
  const name = exactValueOf(fieldSelector, 'metadata.name') ?? ''
  return { watch, name: pathSegmentProblems(name).length === 0 ? name : '' }
}

const INTEGERS = ['limit', 'timeoutSeconds'] as const

/** Absent, `0` and `false` are false; anything else is true, the empty value too. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== '0' && value.toLowerCase() !== 'false'
}
