import type { ConfigurationProblem } from '@kube-authn/core'
import { defined, must } from '@kube-authn/core/internal'
import { above, aNonEmptyString, type OptionsShape } from '@kube-authn/core/adapter'
import { dns1123LabelProblems, dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'

/** How one of several processes becomes the active one. The names are those of the flags of kube-controller-manager. */
export interface LeaderElectionOptions {
  /** Who this process is, for those who read the lease. Unlike that of every other process. Default: a random one. */
  readonly identity?: string
  /** The name of the lease (`--leader-elect-resource-name`). Default `kube-authn-controllers`. */
  readonly leaseName?: string
  /** The namespace of the lease (`--leader-elect-resource-namespace`). Default `kube-system`. */
  readonly leaseNamespace?: string
  /** How long the lease lives after its last renewal, by the clock of the store (`--leader-elect-lease-duration`). Default 15. */
  readonly leaseDurationSeconds?: number
  /** How long its holder tries to renew it before it stops (`--leader-elect-renew-deadline`). Less than the duration. Default 10. */
  readonly renewDeadlineSeconds?: number
  /** How often it is renewed, and how often others try to get it (`--leader-elect-retry-period`). Less than the deadline. Default 2. */
  readonly retryPeriodSeconds?: number
}

/** The same with its defaults. */
export type ElectionSettings = Required<LeaderElectionOptions>

export type ElectionTimes = Pick<
  ElectionSettings,
  'leaseDurationSeconds' | 'renewDeadlineSeconds' | 'retryPeriodSeconds'
>

const MAX_SECONDS = 86_400

function named(problems: (name: string) => readonly string[], kind: string): ReturnType<typeof must> {
  return must(`must be ${kind}`, (value) => typeof value === 'string' && problems(value).length === 0)
}

export const leaderElectionShape: OptionsShape<LeaderElectionOptions> = {
  identity: aNonEmptyString,
  leaseName: named(dns1123SubdomainProblems, 'the name of an object'),
  leaseNamespace: named(dns1123LabelProblems, 'the name of a namespace'),
  leaseDurationSeconds: above(0, MAX_SECONDS),
  renewDeadlineSeconds: above(0, MAX_SECONDS),
  retryPeriodSeconds: above(0, MAX_SECONDS),
}

/** Fills in the defaults. */
export function electionSettings(options: LeaderElectionOptions): ElectionSettings {
  return {
    identity: crypto.randomUUID(),
    leaseName: 'kube-authn-controllers',
    leaseNamespace: 'kube-system',
    leaseDurationSeconds: 15,
    renewDeadlineSeconds: 10,
    retryPeriodSeconds: 2,
    ...defined(options),
  }
}

/** Where the times of an election are set, for messages. */
export interface ElectionPaths {
  readonly leaseDuration: string
  readonly renewDeadline: string
}

/**
 * Times that contradict each other.
 *
 * Source: component-base `config/validation/validation.go` ValidateLeaderElectionConfiguration.
 */
export function electionProblems(
  { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds }: ElectionTimes,
  { leaseDuration, renewDeadline }: ElectionPaths,
): readonly ConfigurationProblem[] {
  return [
    ...(leaseDurationSeconds > renewDeadlineSeconds
      ? []
      : [{ path: leaseDuration, message: 'must be greater than the renew deadline' }]),
    ...(renewDeadlineSeconds > retryPeriodSeconds
      ? []
      : [{ path: renewDeadline, message: 'must be greater than the retry period' }]),
  ]
}
