import { listOfFlag, type ParsedFlags } from '@kube-authn/node/internal'

/** The gate of 1.24 to 1.26 without which every service account had a token secret, as since 1.6. */
const NO_AUTO_GENERATION = 'LegacyServiceAccountTokenNoAutoGeneration'

/** The gates that authentication reads. */
const FOR_AUTHENTICATION: ReadonlySet<string> = new Set(['RemoteRequestHeaderUID'])

/** What `--feature-gates` says. */
export interface GateSettings {
  /** Whether every service account is given a token secret. */
  readonly createSecrets: boolean
  /** Those for `authenticatorFromFlags`. */
  readonly forAuthentication: readonly string[]
  /** The names of gates without effect. */
  readonly ignored: readonly string[]
}

/** Reads `--feature-gates`. The last value of a gate counts. */
export function gateSettings(flags: ParsedFlags): GateSettings {
  const gates = listOfFlag(flags, 'feature-gates').map((gate) => ({
    gate,
    name: gate.split('=', 1)[0] ?? '',
  }))
  const ofSecrets = gates.findLast(({ name }) => name === NO_AUTO_GENERATION)
  return {
    createSecrets: ofSecrets?.gate === `${NO_AUTO_GENERATION}=false`,
    forAuthentication: gates.filter(({ name }) => FOR_AUTHENTICATION.has(name)).map(({ gate }) => gate),
    ignored: gates
      .map(({ name }) => name)
      .filter((name) => name !== NO_AUTO_GENERATION && !FOR_AUTHENTICATION.has(name)),
  }
}
