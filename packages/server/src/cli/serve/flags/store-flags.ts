import { join } from 'node:path'
import { dns1123LabelProblems, dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import { booleanOf, isGiven, type ParsedFlags, secondsOf, stringOf } from '@kube-authn/node/internal'
import {
  electionProblems,
  type LeaderElectionOptions,
} from '../../../controllers/leader-election/election-settings.ts'
import { namedStore } from '../../store-url/store-url.ts'
import type { AddProblem } from './flag-problems.ts'

/** Where the objects are kept, as `--store` names it. Default: the file `store.db` in the data folder. */
export function storeValueOf(flags: ParsedFlags): string {
  if (booleanOf(flags, 'in-memory')) return 'memory'
  return isGiven(flags, 'store')
    ? stringOf(flags, 'store')
    : `sqlite:${join(stringOf(flags, 'data-dir'), 'store.db')}`
}

/** Problems of `--store`. */
export function storeProblems(flags: ParsedFlags, add: AddProblem): void {
  if (!isGiven(flags, 'store')) return
  const value = stringOf(flags, 'store')
  if (booleanOf(flags, 'in-memory') && value !== 'memory') {
    add('store', 'must not be specified together with --in-memory')
    return
  }
  const store = namedStore(value)
  if ('problem' in store) add('store', store.problem)
}

/** How the one is elected that runs the controllers; `undefined` if each process runs them. */
export type ServeElection = Required<Omit<LeaderElectionOptions, 'identity'>>

/**
 * What `--leader-elect` and its flags say.
 *
 * Deviation: it is on by default only if several processes can use the store (`docs/deviations.md`, leader election).
 */
export function electionOf(flags: ParsedFlags): ServeElection | undefined {
  const store = namedStore(storeValueOf(flags))
  const isElected = isGiven(flags, 'leader-elect')
    ? booleanOf(flags, 'leader-elect')
    : 'isShared' in store && store.isShared
  if (!isElected) return undefined
  return {
    leaseName: stringOf(flags, 'leader-elect-resource-name'),
    leaseNamespace: stringOf(flags, 'leader-elect-resource-namespace'),
    leaseDurationSeconds: secondsOf(flags, 'leader-elect-lease-duration'),
    renewDeadlineSeconds: secondsOf(flags, 'leader-elect-renew-deadline'),
    retryPeriodSeconds: secondsOf(flags, 'leader-elect-retry-period'),
  }
}

/** Problems of these flags. Those of an election that does not take place do not count. */
export function electionFlagProblems(flags: ParsedFlags, add: AddProblem): void {
  const election = electionOf(flags)
  if (election === undefined) return
  const { leaseName, leaseNamespace, retryPeriodSeconds } = election
  if (!(retryPeriodSeconds > 0)) add('leader-elect-retry-period', 'must be a positive duration')
  const names = { leaseDuration: 'leader-elect-lease-duration', renewDeadline: 'leader-elect-renew-deadline' }
  for (const { path, message } of electionProblems(election, names)) add(path, message)
  if (dns1123SubdomainProblems(leaseName).length > 0) {
    add('leader-elect-resource-name', 'must be the name of an object')
  }
  if (dns1123LabelProblems(leaseNamespace).length > 0) {
    add('leader-elect-resource-namespace', 'must be the name of a namespace')
  }
}
