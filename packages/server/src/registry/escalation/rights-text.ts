import type { PolicyRule } from '@kube-authn/core/internal'
import { byCodeUnits, quoted } from '@kube-authn/core/internal'

/**
 * Rights as Kubernetes writes them, one rule a line: those of the same resource together.
 *
 * Source: kubernetes `pkg/registry/rbac/validation/policy_compact.go`, `pkg/apis/rbac/v1/evaluation_helpers.go` CompactString.
 *
 * @param rights with one verb each, as `coverage` finds them.
 */
export function rightsText(rights: readonly PolicyRule[]): string {
  const verbs = new Map<string, string[]>()
  for (const right of rights) {
    const what = [
      part('APIGroups', right.apiGroups),
      part('Resources', right.resources),
      part('NonResourceURLs', right.nonResourceURLs),
      part('ResourceNames', right.resourceNames),
    ]
      .filter((text) => text !== '')
      .join(', ')
    // Rights to URLs are not put together.
    const key = right.nonResourceURLs.length === 0 ? what : `${what} ${right.verbs.join(' ')}`
    const known = verbs.get(key)
    if (known === undefined) verbs.set(key, [what, ...right.verbs])
    else if (right.nonResourceURLs.length === 0) known.push(...right.verbs)
  }
  const lines = [...verbs.values()].map(([what = '', ...each]) => `{${what}, ${part('Verbs', each)}}`)
  return [...new Set(lines)].toSorted(byCodeUnits).join('\n')
}

function part(name: string, values: readonly string[]): string {
  return values.length === 0 ? '' : `${name}:${quotedList(values)}`
}

/** A list as Go prints it with `%q`. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map(quoted).join(' ')}]`
}
