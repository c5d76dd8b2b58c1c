import { type Command, Option } from 'commander'
import type { Terminal } from '../../terminal/terminal.ts'

/** A flag in the help and in the completion. */
export interface FlagHelp {
  readonly name: string
  /** What its value is; `undefined` for a boolean flag. */
  readonly value: string | undefined
  readonly description: string
  /** The values that it can have; `undefined`: any. */
  readonly choices: readonly string[] | undefined
}

/** Flags of one subject. */
export interface FlagGroup {
  readonly heading: string
  readonly flags: readonly FlagHelp[]
}

/** A line of a table: `name value` and what it is for. */
type Row = readonly [nameAndValue: string, description: string, choices?: readonly string[]]

/** The flags of one subject, each as a line of a table. */
export function group(heading: string, ...rows: readonly Row[]): FlagGroup {
  return { heading, flags: rows.map(flagOf) }
}

function flagOf([nameAndValue, description, choices]: Row): FlagHelp {
  const [name = '', value] = nameAndValue.split(' ', 2)
  return { name, value, description, choices }
}

/** A command that runs a server. */
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

function optionFor({ name, value, description, choices }: FlagHelp): Option {
  const option = new Option(value === undefined ? `--${name}` : `--${name} <${value}>`, description)
  // Not `choices()`: values are checked where the flag is read.
  if (choices !== undefined) option.argChoices = [...choices]
  return option
}

const VERSIONS = ['v1', 'v1beta1'] as const

/** What `kube-authn serve --help` shows. The kinds and defaults of flags are in `flag-table.ts` and in `@kube-authn/node`. */
export const SHOWN_FLAGS: readonly FlagGroup[] = [
  group(
    'Data and addresses:',
    [
      'data-dir folder',
      'the store, keys, certificates and the kubeconfig are here (default ./kube-authn-data)',
    ],
    ['in-memory', 'keep the objects in memory, so that they end with the process'],
    [
      'store store',
      'where the objects are: memory, sqlite:FILE, postgres://USER@HOST/DATABASE or etcd://HOST:PORT (default sqlite:DATA-DIR/store.db)',
    ],
    ['strict', 'refuse to write pods, services and nodes, which are not validated here: for tests'],
    ['bind-address ip', 'listen on this address (default 127.0.0.1)'],
    ['secure-port port', 'the port of HTTPS; 0 is any free one (default 6443)'],
    ['advertise-address ip', 'the address by which clients reach the server'],
    ['external-hostname name', 'the host name by which clients reach the server'],
    ['insecure-port port', 'also listen with plain HTTP, on a loopback address only (default 0, off)'],
    ['insecure-bind-address ip', 'the address of plain HTTP (default 127.0.0.1)'],
    ['output format', 'print the addresses for people, or for programs', ['text', 'json']],
  ),
  group(
    'TLS:',
    ['tls-cert-file file', 'the certificate of the server (default: one of its own CA, renewed in time)'],
    ['tls-private-key-file file', 'the key of that certificate'],
    ['cert-dir folder', 'where the own certificate is kept (default DATA-DIR/pki)'],
    [
      'tls-min-version version',
      'the oldest version of TLS (default VersionTLS12)',
      ['VersionTLS12', 'VersionTLS13'],
    ],
    ['tls-cipher-suites list', 'the cipher suites of TLS 1.2, by their names in Go'],
    [
      'tls-sni-cert-key files',
      'a certificate for some names: cert.crt,cert.key or cert.crt,cert.key:*.example.com,example.com; may be repeated',
    ],
    [
      'disable-http2-serving',
      'HTTP/1.1 only (default true); =false adds HTTP/2, whose malformed headers Node.js drops silently',
    ],
    [
      'http2-max-streams-per-connection number',
      'requests at a time on a connection of HTTP/2 (default 0, which is 100)',
    ],
  ),
  group(
    'Who makes a request:',
    [
      'anonymous-auth',
      'requests without a credential are anonymous on every path (default: only on health paths)',
    ],
    ['token-auth-file file', 'static tokens: token,user,uid,"group1,group2"'],
    ['basic-auth-file file', 'passwords (until 1.18): password,user,uid,"group1,group2"'],
    ['client-ca-file file', 'the CAs of client certificates (default: the own CA)'],
    ['enable-bootstrap-token-auth', 'accept the bootstrap tokens in the secrets of kube-system'],
    ['authentication-config file', 'an AuthenticationConfiguration'],
    ['oidc-issuer-url url', 'the OpenID Connect issuer of tokens'],
    ['oidc-client-id id', 'the audience of its tokens'],
    ['oidc-ca-file file', 'the CA of the issuer'],
    ['oidc-username-claim claim', 'the claim with the user name (default sub)'],
    ['oidc-username-prefix prefix', 'what is put before the user name'],
    ['oidc-groups-claim claim', 'the claim with the groups'],
    ['oidc-groups-prefix prefix', 'what is put before each group'],
    ['oidc-signing-algs list', 'the algorithms of signatures (default RS256)'],
    ['oidc-required-claim claim=value', 'a claim that a token must have; repeat it for more'],
    ['authentication-token-webhook-config-file file', 'the kubeconfig of a token webhook'],
    [
      'authentication-token-webhook-version version',
      'its version of TokenReview (default v1beta1)',
      VERSIONS,
    ],
    ['authentication-token-webhook-cache-ttl duration', 'how long its answers are cached (default 2m0s)'],
    ['requestheader-client-ca-file file', 'the CAs of authenticating proxies'],
    ['requestheader-allowed-names list', 'the common names of allowed proxies'],
    ['requestheader-username-headers list', 'headers with the user name, as in X-Remote-User'],
    ['requestheader-uid-headers list', 'headers with the uid'],
    ['requestheader-group-headers list', 'headers with groups'],
    ['requestheader-extra-headers-prefix list', 'prefixes of headers with further attributes'],
    ['experimental-keystone-url url', 'a Keystone that checks passwords (1.6)'],
    ['experimental-keystone-ca-file file', 'the CA of the Keystone (1.6)'],
    ['api-audiences list', 'the audiences of this server (default: the issuers of service accounts)'],
    [
      'trusted-origins list',
      'origins of other sites whose pages may use the passwords and certificates of browsers (default: none)',
    ],
  ),
  group(
    'What users may do:',
    ['authorization-mode list', 'RBAC, Webhook, AlwaysAllow, AlwaysDeny (default RBAC)'],
    ['authorization-config file', 'an AuthorizationConfiguration, instead of modes'],
    ['authorization-webhook-config-file file', 'the kubeconfig of the mode Webhook'],
    [
      'authorization-webhook-version version',
      'its version of SubjectAccessReview (default v1beta1)',
      VERSIONS,
    ],
    [
      'authorization-webhook-cache-authorized-ttl duration',
      'how long allowed requests are cached (default 5m0s)',
    ],
    [
      'authorization-webhook-cache-unauthorized-ttl duration',
      'how long other answers are cached (default 30s)',
    ],
    [
      'authorization-always-allow-paths list',
      'paths that every user may request (default /healthz, /readyz and /livez, to read)',
    ],
  ),
  group(
    'For other proxies:',
    [
      'forward-auth',
      'tell proxies at /authenticate who makes a request, with the headers of an authenticating proxy',
    ],
    [
      'forward-auth-original headers',
      'where the proxy says what it was asked for (default x-forwarded)',
      ['x-forwarded', 'x-original', 'path'],
    ],
    [
      'forward-auth-login-url url',
      'where a browser without a user is sent: a path of the same host, or a URL',
    ],
    ['forward-auth-authorize', 'refuse what the authorizer does not allow'],
    [
      'forward-auth-max-numbered-groups number',
      'also send that many groups as X-Remote-Group-1 and so on, for nginx (default 0)',
    ],
    [
      'forward-auth-extra-keys keys',
      'extra fields of users that the proxy hands on; others are a 403 (default: all, or none with numbered groups)',
    ],
  ),
  group(
    'Service accounts:',
    [
      'service-account-issuer url',
      'the issuer of tokens (default https://kubernetes.default.svc.cluster.local)',
    ],
    ['service-account-signing-key-file file', 'the key that signs tokens (default: an own one)'],
    ['service-account-key-file file', 'a key that verifies tokens; repeat it for more'],
    [
      'service-account-private-key-file file',
      'the key that signs tokens in secrets (default: the same as for others)',
    ],
    ['service-account-signing-endpoint socket', 'a signer of tokens outside, on a Unix socket'],
    ['service-account-jwks-uri url', 'where the public keys are, for the discovery document'],
    ['service-account-lookup', 'tokens in secrets are valid only while the secret has them (default true)'],
    ['service-account-max-token-expiration duration', 'the longest life of a token (default 0s, no limit)'],
    ['service-account-extend-token-expiration', 'tokens of pods live longer than asked for (default true)'],
    ['root-ca-file file', 'the CA in token secrets (default: that of the server)'],
  ),
  group(
    'Controllers:',
    ['controllers list', 'which controllers run: * and names, with - before those that do not (default *)'],
    [
      'leader-elect',
      'only one of the processes with the same store runs the controllers (default: in PostgreSQL and etcd)',
    ],
    ['leader-elect-lease-duration duration', 'how long after its end another one takes over (default 15s)'],
    ['cluster-signing-cert-file file', 'the CA that signs certificate requests (default: the own CA)'],
    ['cluster-signing-key-file file', 'the key of that CA'],
    [
      'cluster-signing-duration duration',
      'how long signed certificates are valid at most (default 8760h0m0s)',
    ],
  ),
  group(
    'Audit:',
    ['audit-policy-file file', 'which requests are logged'],
    ['audit-log-path file', 'the audit log; - is standard output'],
    ['audit-log-format format', 'the form of a line (default json)', ['json', 'legacy']],
    ['audit-log-maxage days', 'how long old files are kept (default 366)'],
    ['audit-log-maxbackup number', 'how many old files are kept (default 100)'],
    ['audit-log-maxsize megabytes', 'the size of a file (default 100)'],
    ['audit-webhook-config-file file', 'the kubeconfig of an audit webhook'],
  ),
  group(
    'Limits:',
    ['max-requests-inflight number', 'reading requests at a time; 0 is no limit (default 400)'],
    ['max-mutating-requests-inflight number', 'other requests at a time; 0 is no limit (default 200)'],
    ['request-timeout duration', 'how long a request may take that is no watch (default 1m0s)'],
    ['shutdown-delay-duration duration', 'how long requests are accepted after SIGTERM (default 0s)'],
    ['feature-gates list', 'Name=true or Name=false'],
  ),
]

/** Further flags: in the completion only. */
export const FURTHER_FLAGS: readonly FlagHelp[] = (
  [
    ['leader-elect-renew-deadline duration', 'how long the active one tries to stay so (default 10s)'],
    ['leader-elect-retry-period duration', 'how often the lease is renewed (default 2s)'],
    ['leader-elect-resource-name name', 'the name of the lease (default kube-authn-controllers)'],
    ['leader-elect-resource-namespace name', 'the namespace of the lease (default kube-system)'],
    ['audit-log-compress', 'compress old files'],
    ['audit-webhook-initial-backoff duration', 'the wait before the first repetition'],
    ...(['log', 'webhook'] as const).flatMap((backend): readonly Row[] => [
      [`audit-${backend}-mode mode`, 'how events are written', ['batch', 'blocking']],
      [`audit-${backend}-version version`, 'the version of events', ['audit.k8s.io/v1']],
      [`audit-${backend}-batch-buffer-size number`, 'how many events wait at most'],
      [`audit-${backend}-batch-max-size number`, 'how many events are written at once'],
      [`audit-${backend}-batch-max-wait duration`, 'how long an event waits at most'],
      [`audit-${backend}-batch-throttle-enable`, 'limit the rate of batches'],
      [`audit-${backend}-batch-throttle-qps number`, 'batches per second'],
      [`audit-${backend}-batch-throttle-burst number`, 'batches at once'],
      [`audit-${backend}-truncate-enabled`, 'accepted, without effect'],
      [`audit-${backend}-truncate-max-batch-size bytes`, 'accepted, without effect'],
      [`audit-${backend}-truncate-max-event-size bytes`, 'accepted, without effect'],
    ]),
  ] satisfies readonly Row[]
).map(flagOf)
