import { isIP } from 'node:net'
import type { ConfigurationProblem } from '@kube-authn/core'
import {
  isGiven,
  listOfFlag,
  numberOf,
  optionalString,
  type ParsedFlags,
  secondsOf,
  stringOf,
} from '@kube-authn/node/internal'
import { controllersProblems, STANDARD_CONTROLLERS } from '../../../controllers/standard-controllers.ts'
import { electionFlagProblems, storeProblems } from './store-flags.ts'
import { type AddProblem, pairProblems } from './flag-problems.ts'
import { forwardProblems } from './forward-flags.ts'
import { http2Problems, listenProblems, tlsProblems } from './listen-flags.ts'

/**
 * Problems of the flags of serving. Those of authentication, authorization and audit are found where they are read.
 *
 * Deviation: plain HTTP is for loopback addresses, and port 0 is any free port (`docs/deviations.md`, insecure port; secure port 0).
 */
export function servingProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const found: ConfigurationProblem[] = []
  const add: AddProblem = (flag, message) => void found.push({ path: `--${flag}`, message })
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
    const values = [stringOf(flags, name), ...listOfFlag(flags, name)]
    if (isGiven(flags, name) && values.every((each) => each === '')) add(name, 'must not be empty')
  }
  storeProblems(flags, add)
  forwardProblems(flags, add)
  electionFlagProblems(flags, add)
  modeProblems(flags, add)
  const controllers = listOfFlag(flags, 'controllers').filter((each) => each !== '')
  for (const message of controllersProblems(STANDARD_CONTROLLERS, controllers)) add('controllers', message)
  return found
}

function addressProblems(flags: ParsedFlags, add: AddProblem): void {
  const host = stringOf(flags, 'insecure-bind-address')
  if (numberOf(flags, 'insecure-port') !== 0 && isIP(host) !== 0 && !isLoopback(host)) {
    add(
      'insecure-bind-address',
      'must be a loopback address: credentials over plain HTTP can be read on the way; use --secure-port',
    )
  }
  const hostname = optionalString(flags, 'external-hostname')
  if (hostname !== undefined && !/^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i.test(hostname)) {
    add('external-hostname', 'must be a host name')
  }
}

/** Whether only processes of this machine reach the address. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

function limitProblems(flags: ParsedFlags, add: AddProblem): void {
  for (const name of ['max-requests-inflight', 'max-mutating-requests-inflight']) {
    if (numberOf(flags, name) < 0) add(name, `--${name} can not be negative value`)
  }
  if (!(secondsOf(flags, 'request-timeout') > 0)) {
    add('request-timeout', '--request-timeout must be a positive duration')
  }
  if (secondsOf(flags, 'shutdown-delay-duration') < 0) {
    add('shutdown-delay-duration', '--shutdown-delay-duration can not be negative value')
  }
  if (!(secondsOf(flags, 'cluster-signing-duration') > 0)) {
    add('cluster-signing-duration', 'must be a positive duration')
  }
}

/** Source: kubernetes `pkg/kubeapiserver/options/authorization.go`. The other modes are checked where they are read. */
function modeProblems(flags: ParsedFlags, add: AddProblem): void {
  const modes = listOfFlag(flags, 'authorization-mode')
  if (modes.length === 0 || modes.some((mode) => mode !== 'Node')) return
  add(
    'authorization-mode',
    'the mode Node alone would allow nothing: there are no kubelets; use Node,RBAC or RBAC',
  )
}
