import type { ConfigurationProblem } from '@kube-authn/core'
import { refuseProblems } from '@kube-authn/core/internal'
import {
  AUDIT_FLAGS,
  AUTHENTICATION_FLAGS,
  booleanOf,
  isGiven,
  listOfFlag,
  optionalString,
  parseFlags,
  type ParsedFlags,
  secondsOf,
  stringOf,
} from '@kube-authn/node/internal'
import { Failure } from '../failure.ts'
import type { AddProblem } from '../serve/flags/flag-problems.ts'
import { givenFlags } from '../serve/flags/flag-table.ts'
import { listenProblems, listenSettings, tlsProblems, tlsSettings } from '../serve/flags/listen-flags.ts'
import type { CertificateFiles, ListenAddress, TlsSettings } from '../serve/settings.ts'
import { PROXY_TABLE, REFUSED_FLAGS } from './flags.ts'

/** Where the cluster is, and the credentials for it. */
export interface UpstreamSettings {
  /** A URL, a path, or `in-cluster`. */
  readonly where: string
  readonly context: string | undefined
  readonly caFile: string | undefined
  readonly tokenFile: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
}

/** What the flags of `kube-authn proxy` say. */
export interface ProxySettings {
  readonly upstream: UpstreamSettings
  readonly secure: ListenAddress
  readonly tls: Pick<TlsSettings, 'minVersion' | 'ciphers'>
  readonly certificate: CertificateFiles
  readonly output: 'text' | 'json'
  readonly impersonationRbac: readonly string[]
  readonly authorizationRbac: readonly string[]
  readonly refusedGroups: readonly string[]
  readonly allowMasters: boolean
  readonly allowAnonymous: boolean
  readonly maxConnectionSeconds: number | undefined
  readonly authenticationFlags: readonly string[]
  readonly auditFlags: readonly string[]
}

/**
 * What the arguments of `kube-authn proxy` say.
 *
 * @throws {ConfigurationError} with every problem of the flags, without their values where these may be secrets.
 * @throws {Failure} if there is an argument before the flags.
 */
export function settingsFromFlags(argv: readonly string[]): ProxySettings {
  if (argv[0]?.startsWith('-') === false)
    throw new Failure('proxy takes flags only, as in --upstream=KUBECONFIG')
  const flags = parseFlags(argv, REFUSED_FLAGS, PROXY_TABLE)
  refuseProblems(flags.problems, problemsOf(flags))
  const { certificate = { certFile: '', keyFile: '' }, ...tls } = tlsSettings(flags)
  const maxConnectionSeconds = secondsOf(flags, 'max-connection-duration')
  return {
    upstream: {
      where: stringOf(flags, 'upstream'),
      context: optionalString(flags, 'upstream-context'),
      caFile: optionalString(flags, 'upstream-ca-file'),
      tokenFile: optionalString(flags, 'upstream-token-file'),
      certFile: optionalString(flags, 'upstream-client-cert-file'),
      keyFile: optionalString(flags, 'upstream-client-key-file'),
    },
    ...listenSettings(flags),
    tls,
    certificate,
    impersonationRbac: listOfFlag(flags, 'impersonation-rbac'),
    authorizationRbac: listOfFlag(flags, 'authorization-rbac'),
    refusedGroups: listOfFlag(flags, 'refused-groups'),
    allowMasters: booleanOf(flags, 'allow-masters'),
    allowAnonymous: isGiven(flags, 'anonymous-auth') && booleanOf(flags, 'anonymous-auth'),
    maxConnectionSeconds: maxConnectionSeconds > 0 ? maxConnectionSeconds : undefined,
    // In kube-apiserver they are on unless something is said.
    authenticationFlags: ['--anonymous-auth=false', ...givenFlags(flags, AUTHENTICATION_FLAGS, HANDLED)],
    auditFlags: givenFlags(flags, AUDIT_FLAGS, HANDLED),
  }
}

/** The key of TLS is not that of tokens here. */
const HANDLED: ReadonlySet<string> = new Set(['tls-private-key-file'])

const FOR_URLS = ['ca-file', 'token-file', 'client-cert-file', 'client-key-file'].map(
  (each) => `upstream-${each}`,
)

function problemsOf(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const found: ConfigurationProblem[] = []
  const add: AddProblem = (flag, message) => void found.push({ path: `--${flag}`, message })
  tlsProblems(flags, add)
  listenProblems(flags, { addresses: ['bind-address'], ports: ['secure-port'] }, add)
  const where = stringOf(flags, 'upstream')
  if (where === '') add('upstream', 'is required: a kubeconfig, the URL of an API server, or in-cluster')
  const isUrl = /^https?:\/\//i.test(where)
  for (const name of FOR_URLS) {
    if (!isUrl && isGiven(flags, name)) add(name, 'is for an --upstream that is a URL')
  }
  if (isGiven(flags, 'upstream-context') && (isUrl || where === 'in-cluster')) {
    add('upstream-context', 'is for an --upstream that is a kubeconfig')
  }
  if (
    optionalString(flags, 'tls-cert-file') === undefined &&
    optionalString(flags, 'tls-private-key-file') === undefined
  ) {
    add('tls-cert-file', 'is required, with --tls-private-key-file: clients send no credentials without TLS')
  }
  if (listOfFlag(flags, 'refused-groups').some((group) => group === '' || group.includes('*'))) {
    add('refused-groups', 'must be names of groups, without *')
  }
  if (secondsOf(flags, 'max-connection-duration') < 0) add('max-connection-duration', 'must not be negative')
  return found
}
