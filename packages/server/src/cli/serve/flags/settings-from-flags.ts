import { type FileNotice, refuseProblems } from '@kube-authn/core/internal'
import {
  addedProblems,
  AUDIT_FLAGS,
  AUTHENTICATION_FLAGS,
  AUTHORIZATION_FLAGS,
  booleanOf,
  isGiven,
  listOfFlag,
  numberOf,
  optionalString,
  type ParsedFlags,
  parseFlags,
  secondsOf,
  shownFlag,
  stringOf,
} from '@kube-authn/node/internal'
import { Failure } from '../../failure.ts'
import type { ServeSettings, ServiceAccountSettings } from '../settings.ts'
import { givenFlags, SERVE_TABLE } from './flag-table.ts'
import { http2Settings, listenSettings, pairOf, tlsSettings } from './listen-flags.ts'
import { REFUSED_FLAGS } from './other-flags.ts'
import { electionOf, forwardSettings, servingProblems, storeValueOf } from './serving-flags.ts'

/** That of kubeadm. It names the cluster and not an address, so that tokens stay valid when the address changes. */
const ISSUER = 'https://kubernetes.default.svc.cluster.local'

const ALWAYS_ALLOWED = 'authorization-always-allow-paths'

/** Flags of authentication and authorization to which the data directory adds, or which the server itself reads. */
const HANDLED: ReadonlySet<string> = new Set([
  ALWAYS_ALLOWED,
  'authorization-mode',
  'client-ca-file',
  'feature-gates',
  'service-account-issuer',
  'service-account-key-file',
  'service-account-signing-key-file',
  'tls-private-key-file',
])

/**
 * What the arguments of `kube-authn serve` say.
 *
 * @throws {ConfigurationError} with every problem of the flags, without their values where these may be secrets.
 * @throws {Failure} if there is an argument before the flags.
 */
export function settingsFromFlags(argv: readonly string[]): ServeSettings {
  if (argv[0]?.startsWith('-') === false) throw new Failure('serve takes flags only, as in --data-dir=FOLDER')
  const flags = parseFlags(argv, REFUSED_FLAGS, SERVE_TABLE)
  refuseProblems(
    flags.problems,
    addedProblems((add) => servingProblems(flags, add)),
  )
  const gates = gateSettings(flags)
  const insecurePort = numberOf(flags, 'insecure-port')
  return {
    dataDir: stringOf(flags, 'data-dir'),
    store: storeValueOf(flags),
    ...listenSettings(flags),
    insecure:
      insecurePort === 0 ? undefined : { host: stringOf(flags, 'insecure-bind-address'), port: insecurePort },
    advertiseAddress: optionalString(flags, 'advertise-address'),
    externalHostname: optionalString(flags, 'external-hostname'),
    tls: {
      ...tlsSettings(flags),
      certDir: optionalString(flags, 'cert-dir'),
      http2: http2Settings(flags),
    },
    serviceAccounts: serviceAccountSettings(flags),
    signing: {
      authority: pairOf(flags, 'cluster-signing-cert-file', 'cluster-signing-key-file'),
      durationSeconds: secondsOf(flags, 'cluster-signing-duration'),
    },
    limits: {
      maxRequestsInFlight: numberOf(flags, 'max-requests-inflight'),
      maxMutatingRequestsInFlight: numberOf(flags, 'max-mutating-requests-inflight'),
      requestTimeoutSeconds: secondsOf(flags, 'request-timeout'),
      shutdownDelaySeconds: secondsOf(flags, 'shutdown-delay-duration'),
    },
    controllers: listOfFlag(flags, 'controllers'),
    forward: forwardSettings(flags),
    leaderElection: electionOf(flags),
    createSecrets: gates.createSecrets,
    strict: booleanOf(flags, 'strict'),
    alwaysAllowPaths: isGiven(flags, ALWAYS_ALLOWED) ? listOfFlag(flags, ALWAYS_ALLOWED) : undefined,
    clientCAFile: optionalString(flags, 'client-ca-file'),
    authenticationFlags: [
      ...givenFlags(flags, AUTHENTICATION_FLAGS, HANDLED),
      ...gates.forAuthentication.map((gate) => `--feature-gates=${gate}`),
    ],
    authorizationFlags: [...modeFlags(flags), ...givenFlags(flags, AUTHORIZATION_FLAGS, HANDLED)],
    auditFlags: givenFlags(flags, AUDIT_FLAGS, HANDLED),
    notices: servingNotices(flags, gates),
  }
}

/** RBAC by default. The mode Node is left out: there are no kubelets, so that it would allow nothing. */
function modeFlags(flags: ParsedFlags): readonly string[] {
  if (optionalString(flags, 'authorization-config') !== undefined && !isGiven(flags, 'authorization-mode')) {
    return []
  }
  const modes = isGiven(flags, 'authorization-mode') ? listOfFlag(flags, 'authorization-mode') : ['RBAC']
  return [`--authorization-mode=${modes.filter((mode) => mode !== 'Node').join(',')}`]
}

function serviceAccountSettings(flags: ParsedFlags): ServiceAccountSettings {
  const [issuer = ISSUER, ...others] = listOfFlag(flags, 'service-account-issuer')
  const maxExpirationSeconds = secondsOf(flags, 'service-account-max-token-expiration')
  return {
    issuers: [issuer, ...others],
    signingKeyFile: optionalString(flags, 'service-account-signing-key-file'),
    signingEndpoint: optionalString(flags, 'service-account-signing-endpoint'),
    keyFiles: listOfFlag(flags, 'service-account-key-file'),
    privateKeyFile: optionalString(flags, 'service-account-private-key-file'),
    rootCAFile: optionalString(flags, 'root-ca-file'),
    jwksUri: optionalString(flags, 'service-account-jwks-uri'),
    maxExpirationSeconds: maxExpirationSeconds > 0 ? maxExpirationSeconds : undefined,
    extendExpiration: booleanOf(flags, 'service-account-extend-token-expiration'),
  }
}

/** What is noticed about flags that are used in part. */
function servingNotices(flags: ParsedFlags, gates: GateSettings): readonly FileNotice[] {
  const notices: FileNotice[] = []
  const advise = (code: string, message: string): void =>
    void notices.push({ severity: 'advice', code, message })
  if (flags.ignored.length > 0) advise('flagsIgnored', `without effect here: ${flags.ignored.join(', ')}`)
  if (gates.ignored.length > 0) {
    advise('gatesIgnored', `gates without effect here: ${gates.ignored.map(shownFlag).join(', ')}`)
  }
  if (flags.ignored.includes('--etcd-servers')) {
    advise('storeIsAFile', 'objects are not in etcd but in the store of --data-dir')
  }
  if (listOfFlag(flags, 'authorization-mode').includes('Node')) {
    advise(
      'modeNode',
      'the mode Node is left out: there are no kubelets, and RBAC decides about their requests',
    )
  }
  const isSignedByOther = optionalString(flags, 'cluster-signing-cert-file') !== undefined
  if (optionalString(flags, 'client-ca-file') !== undefined && !isSignedByOther) {
    advise(
      'otherSigner',
      'certificate requests are signed by the CA of the data directory, not by one of --client-ca-file; both are accepted',
    )
  }
  return notices
}

/** The gate of 1.24 to 1.26 without which every service account had a token secret, as since 1.6. */
const NO_AUTO_GENERATION = 'LegacyServiceAccountTokenNoAutoGeneration'

/** The gates that authentication reads. */
const FOR_AUTHENTICATION: ReadonlySet<string> = new Set(['RemoteRequestHeaderUID'])

/** What `--feature-gates` says. */
interface GateSettings {
  /** Whether every service account is given a token secret. */
  readonly createSecrets: boolean
  /** Those for `authenticatorFromFlags`. */
  readonly forAuthentication: readonly string[]
  /** The names of gates without effect. */
  readonly ignored: readonly string[]
}

/** Reads `--feature-gates`. The last value of a gate counts. */
function gateSettings(flags: ParsedFlags): GateSettings {
  const given = listOfFlag(flags, 'feature-gates')
  const gates = given.map((gate) => ({ gate, name: gate.split('=', 1)[0] ?? '' }))
  const ofSecrets = gates.findLast(({ name }) => name === NO_AUTO_GENERATION)
  return {
    createSecrets: ofSecrets?.gate === `${NO_AUTO_GENERATION}=false`,
    forAuthentication: gates.filter(({ name }) => FOR_AUTHENTICATION.has(name)).map(({ gate }) => gate),
    ignored: gates
      .map(({ name }) => name)
      .filter((name) => name !== NO_AUTO_GENERATION && !FOR_AUTHENTICATION.has(name)),
  }
}
