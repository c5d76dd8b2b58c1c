import { isIP } from 'node:net'
import { join } from 'node:path'
import type { ForwardAuthenticationOptions } from '@kube-authn/api/forward-authentication'
import { defined } from '@kube-authn/core/internal'
import { dns1123LabelProblems, dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import type { AddProblem, ParsedFlags } from '@kube-authn/node/internal'
import { signerProblems } from '@kube-authn/node/flags'
import {
  electionProblems,
  type LeaderElectionOptions,
} from '../../../controllers/leader-election/election-settings.ts'
import { controllersProblems, STANDARD_CONTROLLERS } from '../../../controllers/standard-controllers.ts'
import { namedStore } from '../../store-url/store-url.ts'
import { http2Problems, listenProblems, pairProblems, shutdownProblems, tlsProblems } from './listen-flags.ts'

/**
 * Adds problems of the flags of serving. Those of authentication, authorization and audit are found where they are read, but for those of a signer, which is called before.
 *
 * Deviation: plain HTTP is for loopback addresses, and port 0 is any free port (`docs/deviations.md`, insecure port; secure port 0).
 */
export function servingProblems(flags: ParsedFlags, add: AddProblem): void {
  listenProblems(
    flags,
    {
      addresses: ['bind-address', 'insecure-bind-address', 'advertise-address'],
      ports: ['secure-port', 'insecure-port'],
    },
    add,
  )
  addressProblems(flags, add)
  tlsProblems(flags, add)
  http2Problems(flags, add)
  pairProblems(flags, 'cluster-signing-cert-file', 'cluster-signing-key-file', add)
  limitProblems(flags, add)
  for (const name of ['data-dir', 'controllers']) {
    const values = [flags.string(name), ...flags.list(name)]
    if (flags.isGiven(name) && values.every((each) => each === '')) add(name, 'must not be empty')
  }
  storeProblems(flags, add)
  signerProblems(flags, add)
  forwardProblems(flags, add)
  electionFlagProblems(flags, add)
  modeProblems(flags, add)
  const controllers = flags.list('controllers').filter((each) => each !== '')
  for (const message of controllersProblems(STANDARD_CONTROLLERS, controllers)) add('controllers', message)
}

function addressProblems(flags: ParsedFlags, add: AddProblem): void {
  const host = flags.string('insecure-bind-address')
  if (flags.number('insecure-port') !== 0 && isIP(host) !== 0 && !isLoopback(host)) {
    add(
      'insecure-bind-address',
      'must be a loopback address: credentials over plain HTTP can be read on the way; use --secure-port',
    )
  }
  const hostname = flags.optional('external-hostname')
  if (hostname !== undefined && !/^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i.test(hostname)) {
    add('external-hostname', 'must be a host name')
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

function limitProblems(flags: ParsedFlags, add: AddProblem): void {
  for (const name of [
    'max-requests-inflight',
    'max-mutating-requests-inflight',
    'max-objects-per-namespace',
  ]) {
    if (flags.number(name) < 0) add(name, `--${name} can not be negative value`)
  }
  if (!(flags.seconds('request-timeout') > 0)) {
    add('request-timeout', '--request-timeout must be a positive duration')
  }
  shutdownProblems(flags, add)
  if (flags.seconds('clock-skew') < 0) add('clock-skew', '--clock-skew can not be negative value')
  if (!(flags.seconds('cluster-signing-duration') > 0)) {
    add('cluster-signing-duration', 'must be a positive duration')
  }
}

/** Source: kubernetes `pkg/kubeapiserver/options/authorization.go`. The other modes are checked where they are read. */
function modeProblems(flags: ParsedFlags, add: AddProblem): void {
  const modes = flags.list('authorization-mode')
  if (modes.length === 0 || modes.some((mode) => mode !== 'Node')) return
  add(
    'authorization-mode',
    'the mode Node alone would allow nothing: there are no kubelets; use Node,RBAC or RBAC',
  )
}

/** Where the objects are kept, as `--store` names it. Default: the file `store.db` in the data folder. */
export function storeValueOf(flags: ParsedFlags): string {
  if (flags.boolean('in-memory')) return 'memory'
  return flags.isGiven('store')
    ? flags.string('store')
    : `sqlite:${join(flags.string('data-dir'), 'store.db')}`
}

function storeProblems(flags: ParsedFlags, add: AddProblem): void {
  if (!flags.isGiven('store')) return
  const value = flags.string('store')
  if (flags.boolean('in-memory') && value !== 'memory') {
    add('store', 'must not be specified together with --in-memory')
    return
  }
  const store = namedStore(value)
  if ('problem' in store) add('store', store.problem)
}

/** How the one is elected that runs the controllers; `undefined` if each process runs them. */
type ServeElection = Required<Omit<LeaderElectionOptions, 'identity'>>

/**
 * What `--leader-elect` and its flags say.
 *
 * Deviation: it is on by default only if several processes can use the store (`docs/deviations.md`, leader election).
 */
export function electionOf(flags: ParsedFlags): ServeElection | undefined {
  const store = namedStore(storeValueOf(flags))
  const isElected = flags.isGiven('leader-elect')
    ? flags.boolean('leader-elect')
    : 'isShared' in store && store.isShared
  if (!isElected) return undefined
  return {
    leaseName: flags.string('leader-elect-resource-name'),
    leaseNamespace: flags.string('leader-elect-resource-namespace'),
    leaseDurationSeconds: flags.seconds('leader-elect-lease-duration'),
    renewDeadlineSeconds: flags.seconds('leader-elect-renew-deadline'),
    retryPeriodSeconds: flags.seconds('leader-elect-retry-period'),
  }
}

/** Problems of these flags. Those of an election that does not take place do not count. */
function electionFlagProblems(flags: ParsedFlags, add: AddProblem): void {
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

const LOGIN_URL = 'forward-auth-login-url'
const GROUPS = 'forward-auth-max-numbered-groups'
const EXTRA_KEYS = 'forward-auth-extra-keys'
const ORIGINAL = 'forward-auth-original'
const ORIGINALS = ['x-forwarded', 'x-original', 'path'] as const

/** The flags of the options that `forwardAuthentication` checks. */
export const FORWARD_FLAGS: ReadonlyMap<string, string> = new Map([
  ['loginUrl', `--${LOGIN_URL}`],
  ['maxNumberedGroups', `--${GROUPS}`],
  ['extraKeys', `--${EXTRA_KEYS}`],
])

/** What the flags of forward authentication say; `undefined` if it is off. `forwardProblems` has nothing against them. */
export function forwardOptions(
  flags: ParsedFlags,
):
  | Pick<ForwardAuthenticationOptions, 'original' | 'maxNumberedGroups' | 'loginUrl' | 'extraKeys'>
  | undefined {
  if (!flags.boolean('forward-auth')) return undefined
  const original = flags.string(ORIGINAL)
  return {
    original: ORIGINALS.find((each) => each === original) ?? 'x-forwarded',
    maxNumberedGroups: flags.number(GROUPS),
    ...defined({ loginUrl: flags.optional(LOGIN_URL) }),
    ...(flags.isGiven(EXTRA_KEYS) && { extraKeys: flags.list(EXTRA_KEYS) }),
  }
}

/** Problems of these flags, but those that `forwardAuthentication` finds. */
function forwardProblems(flags: ParsedFlags, add: AddProblem): void {
  if (!flags.boolean('forward-auth')) {
    for (const name of [LOGIN_URL, GROUPS, EXTRA_KEYS, ORIGINAL, 'forward-auth-authorize']) {
      if (flags.isGiven(name)) add(name, 'has no effect without --forward-auth')
    }
  } else if (!ORIGINALS.some((each) => each === flags.string(ORIGINAL))) {
    add(ORIGINAL, `must be one of ${ORIGINALS.join(', ')}`)
  }
}
