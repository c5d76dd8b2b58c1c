import { isIP } from 'node:net'
import type { ConfigurationProblem } from '@kube-authn/core'
import { quoted } from '@kube-authn/core/internal'
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
    ...(['text', 'json'].includes(stringOf(flags, 'output'))
      ? []
      : [problem('output', 'must be text or json')]),
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
  for (const name of ['bind-address', 'insecure-bind-address', 'advertise-address']) {
    const address = stringOf(flags, name)
    if (address !== '' && isIP(address) === 0)
      problems.push(problem(name, `must be an IP address, not ${quoted(address)}`))
  }
  for (const name of ['secure-port', 'insecure-port']) {
    const port = numberOf(flags, name)
    if (port < 0 || port > 65_535) problems.push(problem(name, `must be a port from 0 to 65535, not ${port}`))
  }
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
