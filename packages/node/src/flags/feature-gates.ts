import type { AddProblem } from './flag-problems.ts'
import type { ParsedFlags } from './flag-value.ts'

const GATES = 'feature-gates'
/** Whether a front proxy may name the uid of a user. */
export const UID_GATE = 'RemoteRequestHeaderUID'

/** Gates of authentication and authorization that cannot be switched off any more, and are gone since 1.37. Source: apiserver `pkg/features/kube_features.go`. */
const LOCKED: readonly string[] = [
  'AnonymousAuthConfigurableEndpoints',
  'AuthorizeWithSelectors',
  'StructuredAuthenticationConfiguration',
]

/** The gates that are read here. The others have no effect. */
export const KNOWN_GATES: ReadonlySet<string> = new Set([UID_GATE, ...LOCKED])

/** Adds problems of locked gates. Source: component-base `featuregate/feature_gate.go` Set. */
export function gateProblems(flags: ParsedFlags, add: AddProblem): void {
  if (flags.release() >= '1.37') {
    const given = new Set(flags.list(GATES).map((each) => each.split('=', 1)[0] ?? ''))
    for (const gate of LOCKED.filter((each) => given.has(each)))
      add(GATES, `unrecognized feature gate: ${gate}`)
    return
  }
  for (const gate of LOCKED.filter((each) => isGateOff(flags, each))) {
    add(GATES, `cannot set feature gate ${gate} to false, feature is locked to true`)
  }
}

/** Whether a gate is off, by the last of its values. */
export function isGateOff(flags: ParsedFlags, gate: string): boolean {
  return flags.list(GATES).findLast((each) => each.startsWith(`${gate}=`)) === `${gate}=false`
}

/** Whether `--feature-gates` sets gates without effect here. */
export function hasOtherGates(flags: ParsedFlags): boolean {
  return flags.list(GATES).some((gate) => !KNOWN_GATES.has(gate.split('=', 1)[0] ?? ''))
}
