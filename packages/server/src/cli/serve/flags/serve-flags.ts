import type { ConfigurationProblem } from '@kube-authn/core'
import { type FileNotice, refuseProblems } from '@kube-authn/core/internal'
import {
  addedProblems,
  AUTHENTICATION_FLAGS,
  AUTHORIZATION_FLAGS,
  KNOWN_GATES,
  type ParsedFlags,
  parseFlags,
  shownFlag,
} from '@kube-authn/node/internal'
import { Failure } from '../../failure.ts'
import { givenFlags, SERVE_TABLE, REFUSED_FLAGS } from './flag-table.ts'
import { servingProblems } from './serving-problems.ts'

/** That of kubeadm. It names the cluster and not an address, so that tokens stay valid when the address changes. */
const ISSUER = 'https://kubernetes.default.svc.cluster.local'

/** Flags of authentication and authorization to which the data directory adds, or which the server itself reads. */
const HANDLED: ReadonlySet<string> = new Set([
  'authorization-always-allow-paths',
  'authorization-mode',
  'client-ca-file',
  'feature-gates',
  'service-account-issuer',
  'service-account-key-file',
  'service-account-signing-key-file',
  'tls-private-key-file',
])

/**
 * The flags of `kube-authn serve`.
 *
 * @throws {ConfigurationError} with every problem of the flags, without their values where these may be secrets.
 * @throws {Failure} if there is an argument before the flags.
 */
export function serveFlags(argv: readonly string[]): ParsedFlags {
  const flags = readFlags(argv)
  refuseProblems(flagProblems(flags))
  return flags
}

/** The flags, even if they have problems. @throws {Failure} if there is an argument before them. */
export function readFlags(argv: readonly string[]): ParsedFlags {
  if (argv[0]?.startsWith('-') === false) throw new Failure('serve takes flags only, as in --data-dir=FOLDER')
  return parseFlags(argv, REFUSED_FLAGS, SERVE_TABLE)
}

/** The problems of flags themselves. Those of what they name are found where it is read. */
export function flagProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  return [...flags.problems, ...addedProblems((add) => servingProblems(flags, add))]
}

/** Those for `authenticatorFromFlags`, without what the data directory adds. */
export function authenticationFlags(flags: ParsedFlags): readonly string[] {
  return [
    ...givenFlags(flags, AUTHENTICATION_FLAGS, HANDLED),
    ...gatesIn(flags)
      .filter(({ name }) => KNOWN_GATES.has(name))
      .map(({ gate }) => `--feature-gates=${gate}`),
  ]
}

/** Those for `authorizerFromFlags`. */
export function authorizationFlags(flags: ParsedFlags): readonly string[] {
  return [
    ...modeFlags(flags),
    ...givenFlags(flags, AUTHORIZATION_FLAGS, HANDLED),
    ...(flags.isGiven('emulated-version') ? [`--emulated-version=${flags.release()}`] : []),
  ]
}

/** RBAC by default. The mode Node is left out: there are no kubelets, so that it would allow nothing. */
function modeFlags(flags: ParsedFlags): readonly string[] {
  if (flags.optional('authorization-config') !== undefined && !flags.isGiven('authorization-mode')) {
    return []
  }
  const modes = flags.isGiven('authorization-mode') ? flags.list('authorization-mode') : ['RBAC']
  return [`--authorization-mode=${modes.filter((mode) => mode !== 'Node').join(',')}`]
}

/** The issuers of service account tokens. The first one is that of new tokens. */
export function issuersOf(flags: ParsedFlags): readonly [string, ...string[]] {
  const [issuer = ISSUER, ...others] = flags.list('service-account-issuer')
  return [issuer, ...others]
}

/** What is noticed about flags that are used in part. */
export function servingNotices(flags: ParsedFlags): readonly FileNotice[] {
  const notices: FileNotice[] = []
  const advise = (code: string, message: string): void =>
    void notices.push({ severity: 'advice', code, message })
  if (flags.ignored.length > 0) advise('flagsIgnored', `without effect here: ${flags.ignored.join(', ')}`)
  const gates = gatesIn(flags)
    .map(({ name }) => name)
    .filter((name) => name !== NO_AUTO_GENERATION && !KNOWN_GATES.has(name))
  if (gates.length > 0) {
    advise('gatesIgnored', `gates without effect here: ${gates.map(shownFlag).join(', ')}`)
  }
  if (flags.ignored.includes('--etcd-servers')) {
    advise('storeIsAFile', 'objects are not in etcd but in the store of --data-dir')
  }
  if (flags.list('authorization-mode').includes('Node')) {
    advise(
      'modeNode',
      'the mode Node is left out: there are no kubelets, and RBAC decides about their requests',
    )
  }
  const isSignedByOther = flags.optional('cluster-signing-cert-file') !== undefined
  if (flags.optional('client-ca-file') !== undefined && !isSignedByOther) {
    advise(
      'otherSigner',
      'certificate requests are signed by the CA of the data directory, not by one of --client-ca-file; both are accepted',
    )
  }
  return notices
}

/** The gate of 1.24 to 1.26 without which every service account had a token secret, as since 1.6. */
const NO_AUTO_GENERATION = 'LegacyServiceAccountTokenNoAutoGeneration'

/** Whether every service account is given a token secret. The last value of a gate counts. */
export function createsSecrets(flags: ParsedFlags): boolean {
  const gate = gatesIn(flags).findLast(({ name }) => name === NO_AUTO_GENERATION)
  return gate?.gate === `${NO_AUTO_GENERATION}=false`
}

/** What `--feature-gates` says: `Name=true` or `Name=false`, and the name. */
function gatesIn(flags: ParsedFlags): readonly { readonly gate: string; readonly name: string }[] {
  return flags.list('feature-gates').map((gate) => ({ gate, name: gate.split('=', 1)[0] ?? '' }))
}
