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
import { controllersProblems } from '../../../controllers/controller-names.ts'
import { STANDARD_CONTROLLERS } from '../../../controllers/standard-controllers.ts'
import { electionFlagProblems } from './election-flags.ts'
import { pairProblems } from './file-pairs.ts'
import { forwardProblems } from './forward-flags.ts'
import { listenProblems } from './listen-flags.ts'
import { http2Problems } from './http2-flags.ts'
import { storeProblems } from './store-flags.ts'
import { tlsProblems } from './tls-flags.ts'

/**
 * Problems of the flags of serving. Those of authentication, authorization and audit are found where they are read.
 *
 * Deviation: plain HTTP is for loopback addresses, and port 0 is any free port (`docs/deviations.md`, insecure port; secure port 0).
 */
export function servingProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  return [
    ...listenProblems(flags, {
      addresses: ['bind-address', 'insecure-bind-address', 'advertise-address'],
      ports: ['secure-port', 'insecure-port'],
    }),
    ...addressProblems(flags),
    ...tlsProblems(flags),
    ...http2Problems(flags),
    ...pairProblems(flags, 'cluster-signing-cert-file', 'cluster-signing-key-file'),
    ...['max-requests-inflight', 'max-mutating-requests-inflight'].flatMap((name) =>
      numberOf(flags, name) < 0 ? [problem(name, `--${name} can not be negative value`)] : [],
    ),
    ...(secondsOf(flags, 'request-timeout') > 0
      ? []
      : [problem('request-timeout', '--request-timeout must be a positive duration')]),
    ...(secondsOf(flags, 'shutdown-delay-duration') >= 0
      ? []
      : [problem('shutdown-delay-duration', '--shutdown-delay-duration can not be negative value')]),
    ...(secondsOf(flags, 'cluster-signing-duration') > 0
      ? []
      : [problem('cluster-signing-duration', 'must be a positive duration')]),
    ...(['data-dir', 'controllers'] as const).flatMap((name) =>
      isGiven(flags, name) && [stringOf(flags, name), ...listOfFlag(flags, name)].every((each) => each === '')
        ? [problem(name, 'must not be empty')]
        : [],
    ),
    ...storeProblems(flags),
    ...forwardProblems(flags),
    ...electionFlagProblems(flags),
    ...modeProblems(flags),
    ...controllersProblems(
      STANDARD_CONTROLLERS,
      listOfFlag(flags, 'controllers').filter((each) => each !== ''),
    ).map((message) => problem('controllers', message)),
  ]
}

function addressProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = []
  const host = stringOf(flags, 'insecure-bind-address')
  if (numberOf(flags, 'insecure-port') !== 0 && isIP(host) !== 0 && !isLoopback(host)) {
    const message =
      'must be a loopback address: credentials over plain HTTP can be read on the way; use --secure-port'
    problems.push(problem('insecure-bind-address', message))
  }
  const hostname = optionalString(flags, 'external-hostname')
  if (hostname !== undefined && !/^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i.test(hostname)) {
    problems.push(problem('external-hostname', 'must be a host name'))
  }
  return problems
}

/** Whether only processes of this machine reach the address. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

/** Source: kubernetes `pkg/kubeapiserver/options/authorization.go`. The other modes are checked where they are read. */
function modeProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const modes = listOfFlag(flags, 'authorization-mode')
  if (modes.length === 0 || modes.some((mode) => mode !== 'Node')) return []
  return [
    problem(
      'authorization-mode',
      'the mode Node alone would allow nothing: there are no kubelets; use Node,RBAC or RBAC',
    ),
  ]
}

function problem(name: string, message: string): ConfigurationProblem {
  return { path: `--${name}`, message }
}
