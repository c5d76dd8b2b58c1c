import { isObject } from '@kube-authn/core/internal'

/**
 * A value of a patch where the object has none: without directives, and without members that are `null`.
 *
 * Source: apimachinery `pkg/util/strategicpatch/patch.go` removeDirectives, discardNullValuesFromPatch.
 *
 * @returns `undefined` if the value is a directive.
 */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((each) => each !== undefined)
  if (!isObject(value)) return value
  if (Object.hasOwn(value, '$patch')) return undefined
  const kept = Object.entries(value)
    .filter(([key, each]) => each !== null && !isDirective(key))
    .map(([key, each]) => [key, withoutDirectives(each)] as const)
  return Object.fromEntries(kept.filter(([, each]) => each !== undefined))
}

function isDirective(key: string): boolean {
  return (
    key === '$retainKeys' ||
    key.startsWith('$setElementOrder/') ||
    key.startsWith('$deleteFromPrimitiveList/')
  )
}
