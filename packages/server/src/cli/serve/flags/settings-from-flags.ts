import { type FileNotice, refuseProblems } from '@kube-authn/core/internal'
import {
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
import type { LimitSettings, ServeSettings, ServiceAccountSettings, SigningSettings } from '../settings.ts'
import { electionOf } from './election-flags.ts'
import { pairOf } from './file-pairs.ts'
import { SERVE_TABLE } from './flag-table.ts'
import { forwardSettings } from './forward-flags.ts'
import { givenFlags } from './given-flags.ts'
import { http2Settings } from './http2-flags.ts'
import { listenSettings } from './listen-flags.ts'
import { REFUSED_FLAGS } from './other-flags.ts'
import { servingProblems } from './serving-problems.ts'
import { storeValueOf } from './store-flags.ts'
import { tlsSettings } from './tls-flags.ts'

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
  refuseProblems(flags.problems, servingProblems(flags))
  const advertiseAddress = optionalString(flags, 'advertise-address')
  const externalHostname = optionalString(flags, 'external-hostname')
  const clientCAFile = optionalString(flags, 'client-ca-file')
  const certDir = optionalString(flags, 'cert-dir')
  const gates = gateSettings(flags)
  const forward = forwardSettings(flags)
  const insecurePort = numberOf(flags, 'insecure-port')
  const leaderElection = electionOf(flags)
  const http2 = http2Settings(flags)
  return {
    dataDir: stringOf(flags, 'data-dir'),
    store: storeValueOf(flags),
    ...listenSettings(flags),
    ...(insecurePort !== 0 && {
      insecure: { host: stringOf(flags, 'insecure-bind-address'), port: insecurePort },
    }),
    ...(advertiseAddress !== undefined && { advertiseAddress }),
    ...(externalHostname !== undefined && { externalHostname }),
    tls: {
      ...tlsSettings(flags),
      ...(certDir !== undefined && { certDir }),
      ...(http2 !== undefined && { http2 }),
    },
    serviceAccounts: serviceAccountSettings(flags),
    signing: signingSettings(flags),
    limits: limitSettings(flags),
    controllers: listOfFlag(flags, 'controllers'),
    ...(forward !== undefined && { forward }),
    ...(leaderElection !== undefined && { leaderElection }),
    createSecrets: gates.createSecrets,
    strict: booleanOf(flags, 'strict'),
    ...(isGiven(flags, ALWAYS_ALLOWED) && { alwaysAllowPaths: listOfFlag(flags, ALWAYS_ALLOWED) }),
    ...(clientCAFile !== undefined && { clientCAFile }),
    authenticationFlags: [
      ...givenFlags(flags, AUTHENTICATION_FLAGS, HANDLED),
      ...gates.forAuthentication.map((gate) => `--feature-gates=${gate}`),
    ],
    authorizationFlags: [...modeFlags(flags), ...givenFlags(flags, AUTHORIZATION_FLAGS, HANDLED)],
    auditFlags: givenFlags(flags, AUDIT_FLAGS, HANDLED),
    notices: servingNotices(flags),
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
  const signingKeyFile = optionalString(flags, 'service-account-signing-key-file')
  const signingEndpoint = optionalString(flags, 'service-account-signing-endpoint')
  const privateKeyFile = optionalString(flags, 'service-account-private-key-file')
  const rootCAFile = optionalString(flags, 'root-ca-file')
  const jwksUri = optionalString(flags, 'service-account-jwks-uri')
  const maxExpirationSeconds = secondsOf(flags, 'service-account-max-token-expiration')
  return {
    issuers: [issuer, ...others],
    ...(signingKeyFile !== undefined && { signingKeyFile }),
    ...(signingEndpoint !== undefined && { signingEndpoint }),
    keyFiles: listOfFlag(flags, 'service-account-key-file'),
    ...(privateKeyFile !== undefined && { privateKeyFile }),
    ...(rootCAFile !== undefined && { rootCAFile }),
    ...(jwksUri !== undefined && { jwksUri }),
    ...(maxExpirationSeconds > 0 && { maxExpirationSeconds }),
    extendExpiration: booleanOf(flags, 'service-account-extend-token-expiration'),
  }
}

function signingSettings(flags: ParsedFlags): SigningSettings {
  const authority = pairOf(flags, 'cluster-signing-cert-file', 'cluster-signing-key-file')
  return {
    ...(authority !== undefined && { authority }),
    durationSeconds: secondsOf(flags, 'cluster-signing-duration'),
  }
}

function limitSettings(flags: ParsedFlags): LimitSettings {
  return {
    maxRequestsInFlight: numberOf(flags, 'max-requests-inflight'),
    maxMutatingRequestsInFlight: numberOf(flags, 'max-mutating-requests-inflight'),
    requestTimeoutSeconds: secondsOf(flags, 'request-timeout'),
    shutdownDelaySeconds: secondsOf(flags, 'shutdown-delay-duration'),
  }
}

/** What is noticed about flags that are used in part. */
function servingNotices(flags: ParsedFlags): readonly FileNotice[] {
  return [
    ...(flags.ignored.length === 0
      ? []
      : [advice('flagsIgnored', `without effect here: ${flags.ignored.join(', ')}`)]),
    ...(gateSettings(flags).ignored.length === 0
      ? []
      : [
          advice(
            'gatesIgnored',
            `gates without effect here: ${gateSettings(flags).ignored.map(shownFlag).join(', ')}`,
          ),
        ]),
    ...(flags.ignored.includes('--etcd-servers')
      ? [advice('storeIsAFile', 'objects are not in etcd but in the store of --data-dir')]
      : []),
    ...(listOfFlag(flags, 'authorization-mode').includes('Node')
      ? [
          advice(
            'modeNode',
            'the mode Node is left out: there are no kubelets, and RBAC decides about their requests',
          ),
        ]
      : []),
    ...(optionalString(flags, 'client-ca-file') !== undefined &&
    optionalString(flags, 'cluster-signing-cert-file') === undefined
      ? [
          advice(
            'otherSigner',
            'certificate requests are signed by the CA of the data directory, not by one of --client-ca-file; both are accepted',
          ),
        ]
      : []),
  ]
}

function advice(code: string, message: string): FileNotice {
  return { severity: 'advice', code, message }
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
