import { KUBERNETES_VERSIONS } from '@kube-authn/internal/kubernetes-version'
import { type Command, Option } from 'commander'
import type { Terminal } from '../../terminal/terminal.ts'

export interface FlagHelp {
  readonly name: string
  /** What its value is; `undefined` for a boolean flag. */
  readonly value: string | undefined
  readonly description: string
}

export interface FlagGroup {
  readonly heading: string
  readonly flags: readonly FlagHelp[]
}

/** A table of flags: `name value`, or the name of a boolean flag, and what it is for. */
type HelpTable = Readonly<Record<string, string>>

export function flagGroups(tables: Readonly<Record<string, HelpTable>>): readonly FlagGroup[] {
  return Object.entries(tables).map(([heading, table]) => ({ heading, flags: flagsIn(table) }))
}

function flagsIn(table: HelpTable): readonly FlagHelp[] {
  return Object.entries(table).map(([nameAndValue, description]) => {
    const [name = '', value] = nameAndValue.split(' ', 2)
    return { name, value, description }
  })
}

/** The values that a flag can have, if they are few. */
const CHOICES = new Map<string, readonly string[]>([
  ['audit-log-format', ['json', 'legacy']],
  ['audit-log-mode', ['batch', 'blocking']],
  ['audit-log-version', ['audit.k8s.io/v1']],
  ['audit-webhook-mode', ['batch', 'blocking']],
  ['audit-webhook-version', ['audit.k8s.io/v1']],
  ['authentication-token-webhook-version', ['v1', 'v1beta1']],
  ['authorization-webhook-version', ['v1', 'v1beta1']],
  ['emulated-version', KUBERNETES_VERSIONS],
  ['forward-auth-original', ['x-forwarded', 'x-original', 'path']],
  ['output', ['text', 'json']],
  ['tls-min-version', ['VersionTLS12', 'VersionTLS13']],
])

export interface ServerCommand {
  readonly description: string
  /** The end of its help. */
  readonly after: string
  readonly groups: readonly FlagGroup[]
  /** Flags that are in the completion only. */
  readonly further?: readonly FlagHelp[]
  /** Runs it with the arguments after its name. @returns the exit code. */
  readonly run: (argv: readonly string[]) => Promise<number>
}

/** Declares a command whose flags are declared for help and completion, and read as kube-apiserver reads them. */
export function declareServer(
  command: Command,
  terminal: Terminal,
  argv: readonly string[],
  { description, after, groups, further = [], run }: ServerCommand,
): void {
  command
    .description(description)
    .usage('[flags]')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', after)
    .action(async () => {
      terminal.exitCode = await run(argv.slice(argv.indexOf(command.name()) + 1))
    })
  for (const { heading, flags } of groups) {
    for (const flag of flags) command.addOption(optionFor(flag).helpGroup(heading))
  }
  for (const flag of further) command.addOption(optionFor(flag).hideHelp())
}

function optionFor({ name, value, description }: FlagHelp): Option {
  const option = new Option(value === undefined ? `--${name}` : `--${name} <${value}>`, description)
  // Not `choices()`: values are checked where the flag is read.
  const choices = CHOICES.get(name)
  if (choices !== undefined) option.argChoices = [...choices]
  return option
}

/** What `kube-authn serve --help` shows. The kinds and defaults of flags are in `flag-table.ts` and in `@kube-authn/node`. */
export const SHOWN_FLAGS: readonly FlagGroup[] = flagGroups({
  'Data and addresses:': {
    'data-dir folder':
      'the store, keys, certificates and the kubeconfig are here (default ./kube-authn-data)',
    'in-memory': 'keep the objects in memory, so that they end with the process',
    'store store':
      'where the objects are: memory, sqlite:FILE, postgres://USER@HOST/DATABASE or etcd://HOST:PORT (default sqlite:DATA-DIR/store.db)',
    check: 'only say what is wrong with the flags and their files: nothing is called, made or written',
    strict: 'refuse to write pods, services and nodes, which are not validated here: for tests',
    'bind-address ip': 'listen on this address (default 127.0.0.1)',
    'secure-port port': 'the port of HTTPS; 0 is any free one (default 6443)',
    'advertise-address ip': 'the address by which clients reach the server',
    'external-hostname name': 'the host name by which clients reach the server',
    'insecure-port port': 'also listen with plain HTTP, on a loopback address only (default 0, off)',
    'insecure-bind-address ip': 'the address of plain HTTP (default 127.0.0.1)',
    'output format': 'print the addresses for people, or for programs',
  },
  'TLS:': {
    'tls-cert-file file': 'the certificate of the server (default: one of its own CA, renewed in time)',
    'tls-private-key-file file': 'the key of that certificate',
    'cert-dir folder': 'where the own certificate is kept (default DATA-DIR/pki)',
    'tls-min-version version': 'the oldest version of TLS (default VersionTLS12)',
    'tls-cipher-suites list': 'the cipher suites of TLS 1.2, by their names in Go',
    'tls-sni-cert-key files':
      'a certificate for some names: cert.crt,cert.key or cert.crt,cert.key:*.example.com,example.com; may be repeated',
    'disable-http2-serving':
      'HTTP/1.1 only (default true); =false adds HTTP/2, whose malformed headers Node.js drops silently',
    'http2-max-streams-per-connection number':
      'requests at a time on a connection of HTTP/2 (default 0, which is 100)',
  },
  'Who makes a request:': {
    'anonymous-auth':
      'requests without a credential are anonymous on every path (default: only on health paths)',
    'token-auth-file file': 'static tokens: token,user,uid,"group1,group2"',
    'basic-auth-file file': 'passwords (until 1.18): password,user,uid,"group1,group2"',
    'client-ca-file file': 'the CAs of client certificates (default: the own CA)',
    'enable-bootstrap-token-auth': 'accept the bootstrap tokens in the secrets of kube-system',
    'authentication-config file': 'an AuthenticationConfiguration',
    'oidc-issuer-url url': 'the OpenID Connect issuer of tokens',
    'oidc-client-id id': 'the audience of its tokens',
    'oidc-ca-file file': 'the CA of the issuer',
    'oidc-username-claim claim': 'the claim with the user name (default sub)',
    'oidc-username-prefix prefix': 'what is put before the user name',
    'oidc-groups-claim claim': 'the claim with the groups',
    'oidc-groups-prefix prefix': 'what is put before each group',
    'oidc-signing-algs list': 'the algorithms of signatures (default RS256)',
    'oidc-required-claim claim=value': 'a claim that a token must have; repeat it for more',
    'authentication-token-webhook-config-file file': 'the kubeconfig of a token webhook',
    'authentication-token-webhook-version version': 'its version of TokenReview (default v1beta1)',
    'authentication-token-webhook-cache-ttl duration': 'how long its answers are cached (default 2m0s)',
    'requestheader-client-ca-file file': 'the CAs of authenticating proxies',
    'requestheader-allowed-names list': 'the common names of allowed proxies',
    'requestheader-username-headers list': 'headers with the user name, as in X-Remote-User',
    'requestheader-uid-headers list': 'headers with the uid',
    'requestheader-group-headers list': 'headers with groups',
    'requestheader-extra-headers-prefix list': 'prefixes of headers with further attributes',
    'experimental-keystone-url url': 'a Keystone that checks passwords (1.6)',
    'experimental-keystone-ca-file file': 'the CA of the Keystone (1.6)',
    'api-audiences list': 'the audiences of this server (default: the issuers of service accounts)',
    'trusted-origins list':
      'origins of other sites whose pages may use the passwords and certificates of browsers (default: none)',
  },
  'What users may do:': {
    'authorization-mode list': 'RBAC, Webhook, AlwaysAllow, AlwaysDeny (default RBAC)',
    'authorization-config file': 'an AuthorizationConfiguration, instead of modes',
    'authorization-webhook-config-file file': 'the kubeconfig of the mode Webhook',
    'authorization-webhook-version version': 'its version of SubjectAccessReview (default v1beta1)',
    'authorization-webhook-cache-authorized-ttl duration':
      'how long allowed requests are cached (default 5m0s)',
    'authorization-webhook-cache-unauthorized-ttl duration':
      'how long other answers are cached (default 30s)',
    'authorization-always-allow-paths list':
      'paths that every user may request (default /healthz, /readyz and /livez, to read)',
  },
  'For other proxies:': {
    'forward-auth':
      'tell proxies at /authenticate who makes a request, with the headers of an authenticating proxy',
    'forward-auth-original headers': 'where the proxy says what it was asked for (default x-forwarded)',
    'forward-auth-login-url url': 'where a browser without a user is sent: a path of the same host, or a URL',
    'forward-auth-authorize': 'refuse what the authorizer does not allow',
    'forward-auth-max-numbered-groups number':
      'also send that many groups as X-Remote-Group-1 and so on, for nginx (default 0)',
    'forward-auth-extra-keys keys':
      'extra fields of users that the proxy hands on; others are a 403 (default: all, or none with numbered groups)',
  },
  'Service accounts:': {
    'service-account-issuer url':
      'the issuer of tokens (default https://kubernetes.default.svc.cluster.local)',
    'service-account-signing-key-file file': 'the key that signs tokens (default: an own one)',
    'service-account-key-file file': 'a key that verifies tokens; repeat it for more',
    'service-account-private-key-file file':
      'the key that signs tokens in secrets (default: the same as for others)',
    'service-account-signing-endpoint socket': 'a signer of tokens outside, on a Unix socket',
    'service-account-jwks-uri url': 'where the public keys are, for the discovery document',
    'service-account-lookup': 'tokens in secrets are valid only while the secret has them (default true)',
    'service-account-max-token-expiration duration': 'the longest life of a token (default 0s, no limit)',
    'service-account-extend-token-expiration': 'tokens of pods live longer than asked for (default true)',
    'root-ca-file file': 'the CA in token secrets (default: that of the server)',
  },
  'Controllers:': {
    'controllers list': 'which controllers run: * and names, with - before those that do not (default *)',
    'leader-elect':
      'only one of the processes with the same store runs the controllers (default: in PostgreSQL and etcd)',
    'leader-elect-lease-duration duration': 'how long after its end another one takes over (default 15s)',
    'cluster-signing-cert-file file': 'the CA that signs certificate requests (default: the own CA)',
    'cluster-signing-key-file file': 'the key of that CA',
    'cluster-signing-duration duration': 'how long signed certificates are valid at most (default 8760h0m0s)',
  },
  'Audit:': {
    'audit-policy-file file': 'which requests are logged',
    'audit-log-path file': 'the audit log; - is standard output',
    'audit-log-format format': 'the form of a line (default json)',
    'audit-log-maxage days': 'how long old files are kept (default 366)',
    'audit-log-maxbackup number': 'how many old files are kept (default 100)',
    'audit-log-maxsize megabytes': 'the size of a file (default 100)',
    'audit-webhook-config-file file': 'the kubeconfig of an audit webhook',
  },
  'Limits:': {
    'max-requests-inflight number': 'reading requests at a time; 0 is no limit (default 400)',
    'max-mutating-requests-inflight number': 'other requests at a time; 0 is no limit (default 200)',
    'clock-skew duration':
      'how far clocks may differ: /readyz fails beyond it, and issuedBefore of a revocation reaches so much further (default 10s)',
    'max-objects-per-namespace number':
      'objects of one kind that may be created in a namespace; 0 is no limit (default 50000)',
    'request-timeout duration': 'how long a request may take that is no watch (default 1m0s)',
    'shutdown-delay-duration duration': 'how long requests are accepted after SIGTERM (default 0s)',
    'shutdown-grace-duration duration': 'how long those that are running may take after that (default 1m0s)',
    'emulated-version release': 'the release of Kubernetes whose answers are given',
    'feature-gates list': 'Name=true or Name=false',
  },
})

/** Further flags: in the completion only. */
export const FURTHER_FLAGS: readonly FlagHelp[] = flagsIn({
  'leader-elect-renew-deadline duration': 'how long the active one tries to stay so (default 10s)',
  'leader-elect-retry-period duration': 'how often the lease is renewed (default 2s)',
  'leader-elect-resource-name name': 'the name of the lease (default kube-authn-controllers)',
  'leader-elect-resource-namespace name': 'the namespace of the lease (default kube-system)',
  'audit-log-compress': 'compress old files',
  'audit-webhook-initial-backoff duration': 'the wait before the first repetition',
  ...backendFlags('audit-log'),
  ...backendFlags('audit-webhook'),
})

function backendFlags(backend: string): HelpTable {
  return {
    [`${backend}-mode mode`]: 'how events are written',
    [`${backend}-version version`]: 'the version of events',
    [`${backend}-batch-buffer-size number`]: 'how many events wait at most',
    [`${backend}-batch-max-size number`]: 'how many events are written at once',
    [`${backend}-batch-max-wait duration`]: 'how long an event waits at most',
    [`${backend}-batch-throttle-enable`]: 'limit the rate of batches',
    [`${backend}-batch-throttle-qps number`]: 'batches per second',
    [`${backend}-batch-throttle-burst number`]: 'batches at once',
    [`${backend}-truncate-enabled`]: 'accepted, without effect',
    [`${backend}-truncate-max-batch-size bytes`]: 'accepted, without effect',
    [`${backend}-truncate-max-event-size bytes`]: 'accepted, without effect',
  }
}
