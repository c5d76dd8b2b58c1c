/**
 * Every string in the specification of a pod. A secret that it uses is among them, as a volume of any type, environment variable or image pull secret.
 *
 * Deviation: Kubernetes looks at the fields for secrets only (`docs/deviations.md`, secrets that pods mention).
 */
export function mentionedNames(value: unknown): readonly string[] {
  const names: string[] = []
  // No recursion: a pod may be deep.
  const rest: unknown[] = [value]
  for (let each = rest.pop(); each !== undefined; each = rest.pop()) {
    if (typeof each === 'string') names.push(each)
    else if (typeof each === 'object' && each !== null) {
      for (const inner of Object.values(each)) if (inner !== undefined) rest.push(inner)
    }
  }
  return names
}
