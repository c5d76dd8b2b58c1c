import { refuseProblems } from '@kube-authn/core/internal'
import {
  addedProblems,
  type AddProblem,
  AUDIT_FLAGS,
  AUTHENTICATION_FLAGS,
  FLAG_ALIASES,
  type FlagTable,
  type KnownFlag,
  parseFlags,
  type ParsedFlags,
  type RefusedFlags,
  REFUSED_FOR_AUTHENTICATION,
} from '@kube-authn/node/internal'
import { Failure } from '../failure.ts'
import { namedStore } from '../store-url/store-url.ts'
import { type FlagGroup, flagGroups, SHOWN_FLAGS } from '../serve/flags/flag-help.ts'
import { duration, list, number, off, SHUTDOWN_FLAGS, text, unknownFlag } from '../serve/flags/flag-table.ts'
import { listenProblems, shutdownProblems, tlsProblems } from '../serve/flags/listen-flags.ts'

/** The flags of `kube-authn proxy` itself. */
const OWN_FLAGS: Readonly<Record<string, KnownFlag>> = {
  'bind-address': text('127.0.0.1'),
  'healthz-bind-address': text('127.0.0.1'),
  'healthz-port': number(0),
  'impersonation-rbac': list(),
  'max-connection-duration': duration('0s'),
  'allow-masters': off,
  'authorization-rbac': list(),
  output: text('text'),
  'refused-groups': list(),
  'secure-port': number(8443),
  ...SHUTDOWN_FLAGS,
  store: text(),
  'tls-cert-file': text(),
  'tls-cipher-suites': list(),
  'tls-min-version': text('VersionTLS12'),
  'tls-private-key-file': text(),
  upstream: text(),
  'upstream-ca-file': text(),
  'upstream-client-cert-file': text(),
  'upstream-client-key-file': text(),
  'upstream-context': text(),
  'upstream-token-file': text(),
}

/** Flags that need the objects of an API server. */
const WITHOUT_OBJECTS: readonly string[] = [
  'enable-bootstrap-token-auth',
  'service-account-issuer',
  'service-account-key-file',
  'service-account-signing-endpoint',
  'service-account-signing-key-file',
]

/** Flags that are a mistake here. */
const REFUSED_FLAGS: RefusedFlags = {
  ...REFUSED_FOR_AUTHENTICATION,
  ...Object.fromEntries(
    WITHOUT_OBJECTS.map((name) => [
      name,
      'is for an API server: use --authentication-token-webhook-config-file, or --authentication-config',
    ]),
  ),
}

const FLAGS: ReadonlyMap<string, KnownFlag> = new Map(
  Object.entries({ ...AUTHENTICATION_FLAGS, ...AUDIT_FLAGS, ...OWN_FLAGS }).filter(
    ([name]) => !Object.hasOwn(REFUSED_FLAGS, name),
  ),
)

/** The flags of `kube-authn proxy`; every other one is a mistake. */
const PROXY_TABLE: FlagTable = {
  flags: FLAGS,
  aliases: FLAG_ALIASES,
  unknown: (dashes, name) =>
    unknownFlag('proxy', [...FLAGS.keys(), ...Object.keys(FLAG_ALIASES)], dashes, name),
}

/**
 * The flags of `kube-authn proxy`.
 *
 * @throws {ConfigurationError} with every problem of the flags, without their values where these may be secrets.
 * @throws {Failure} if there is an argument before the flags.
 */
export function proxyFlags(argv: readonly string[]): ParsedFlags {
  if (argv[0]?.startsWith('-') === false)
    throw new Failure('proxy takes flags only, as in --upstream=KUBECONFIG')
  const flags = parseFlags(argv, REFUSED_FLAGS, PROXY_TABLE)
  refuseProblems(
    flags.problems,
    addedProblems((add) => proxyProblems(flags, add)),
  )
  return flags
}

/** Whether an upstream is the URL of an API server. */
export function isUrl(upstream: string): boolean {
  return /^https?:\/\//i.test(upstream)
}

const FOR_URLS = ['ca-file', 'token-file', 'client-cert-file', 'client-key-file'].map(
  (each) => `upstream-${each}`,
)

function proxyProblems(flags: ParsedFlags, add: AddProblem): void {
  tlsProblems(flags, add)
  listenProblems(
    flags,
    { addresses: ['bind-address', 'healthz-bind-address'], ports: ['secure-port', 'healthz-port'] },
    add,
  )
  shutdownProblems(flags, add)
  if (flags.isGiven('store')) {
    const store = namedStore(flags.string('store'))
    if ('problem' in store) add('store', store.problem)
    else if (!store.isShared) add('store', 'must be one that processes share: etcd:// or postgres://')
  }
  const where = flags.string('upstream')
  if (where === '') add('upstream', 'is required: a kubeconfig, the URL of an API server, or in-cluster')
  for (const name of FOR_URLS) {
    if (!isUrl(where) && flags.isGiven(name)) add(name, 'is for an --upstream that is a URL')
  }
  if (flags.isGiven('upstream-context') && (isUrl(where) || where === 'in-cluster')) {
    add('upstream-context', 'is for an --upstream that is a kubeconfig')
  }
  if (flags.optional('tls-cert-file') === undefined && flags.optional('tls-private-key-file') === undefined) {
    add('tls-cert-file', 'is required, with --tls-private-key-file: clients send no credentials without TLS')
  }
  if (flags.list('refused-groups').some((group) => group === '' || group.includes('*'))) {
    add('refused-groups', 'must be names of groups, without *')
  }
  if (flags.seconds('max-connection-duration') < 0) add('max-connection-duration', 'must not be negative')
}

/** What `kube-authn proxy --help` shows. */
export const PROXY_HELP: readonly FlagGroup[] = [
  ...flagGroups({
    'The cluster behind it:': {
      'upstream where': 'a kubeconfig, the URL of an API server, or in-cluster for that of this pod',
      'upstream-context name': 'the context of the kubeconfig (default: its current one)',
      'upstream-ca-file file': 'the CAs of the API server, for a URL',
      'upstream-token-file file': 'the token of the proxy, read again once a minute, for a URL',
      'upstream-client-cert-file file': 'the client certificate of the proxy, for a URL',
      'upstream-client-key-file file': 'the key of that certificate',
    },
    'Where it listens:': {
      'bind-address ip': 'listen on this address (default 127.0.0.1)',
      'secure-port port': 'the port of HTTPS; 0 is any free one (default 8443)',
      'tls-cert-file file': 'the certificate of the proxy',
      'tls-private-key-file file': 'the key of that certificate',
      'tls-min-version version': 'the oldest version of TLS (default VersionTLS12)',
      'tls-cipher-suites list': 'the cipher suites of TLS 1.2, by their names in Go',
      'output format': 'print the address for people, or for programs',
      'healthz-port port': 'the port of /readyz, /livez and /metrics, over plain HTTP; 0 is none (default 0)',
      'healthz-bind-address ip': 'the address of that port (default 127.0.0.1)',
      'shutdown-delay-duration duration': 'how long requests are accepted after SIGTERM (default 0s)',
      'shutdown-grace-duration duration':
        'how long those that are running may take after that (default 1m0s)',
    },
    'What passes:': {
      'impersonation-rbac path': 'manifests of roles: who may impersonate which users (default: no one)',
      'authorization-rbac path':
        'manifests of roles: what may pass at all (default: what the cluster allows)',
      'refused-groups list': 'groups whose users are refused, besides system:masters',
      'allow-masters': 'let users in system:masters pass (default false)',
      'max-connection-duration duration':
        'how long a watch or an upgrade may last (default 0s, as long as its credential)',
      'store where': 'refuse what is revoked there: etcd:// or postgres://, as of kube-authn serve',
    },
  }),
  ...SHOWN_FLAGS.filter(({ heading }) => heading === 'Who makes a request:' || heading === 'Audit:').map(
    ({ heading, flags }) => ({
      heading,
      flags: flags.filter(({ name }) => !WITHOUT_OBJECTS.includes(name)),
    }),
  ),
]
