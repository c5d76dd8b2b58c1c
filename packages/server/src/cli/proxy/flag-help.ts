import { type FlagGroup, group, SHOWN_FLAGS } from '../serve/flags/flag-help.ts'

/** Flags that need the objects of an API server. */
export const WITHOUT_OBJECTS: readonly string[] = [
  'enable-bootstrap-token-auth',
  'service-account-issuer',
  'service-account-key-file',
  'service-account-signing-endpoint',
  'service-account-signing-key-file',
]

/** What `kube-authn proxy --help` shows. */
export const PROXY_HELP: readonly FlagGroup[] = [
  group(
    'The cluster behind it:',
    ['upstream where', 'a kubeconfig, the URL of an API server, or in-cluster for that of this pod'],
    ['upstream-context name', 'the context of the kubeconfig (default: its current one)'],
    ['upstream-ca-file file', 'the CAs of the API server, for a URL'],
    ['upstream-token-file file', 'the token of the proxy, read again once a minute, for a URL'],
    ['upstream-client-cert-file file', 'the client certificate of the proxy, for a URL'],
    ['upstream-client-key-file file', 'the key of that certificate'],
  ),
  group(
    'Where it listens:',
    ['bind-address ip', 'listen on this address (default 127.0.0.1)'],
    ['secure-port port', 'the port of HTTPS; 0 is any free one (default 8443)'],
    ['tls-cert-file file', 'the certificate of the proxy'],
    ['tls-private-key-file file', 'the key of that certificate'],
    [
      'tls-min-version version',
      'the oldest version of TLS (default VersionTLS12)',
      ['VersionTLS12', 'VersionTLS13'],
    ],
    ['tls-cipher-suites list', 'the cipher suites of TLS 1.2, by their names in Go'],
    ['output format', 'print the address for people, or for programs', ['text', 'json']],
  ),
  group(
    'What passes:',
    ['impersonation-rbac path', 'manifests of roles: who may impersonate which users (default: no one)'],
    [
      'authorization-rbac path',
      'manifests of roles: what may pass at all (default: what the cluster allows)',
    ],
    ['refused-groups list', 'groups whose users are refused, besides system:masters'],
    ['allow-masters', 'let users in system:masters pass (default false)'],
    [
      'max-connection-duration duration',
      'how long a watch or an upgrade may last (default 0s, as long as its credential)',
    ],
  ),
  ...SHOWN_FLAGS.filter(({ heading }) => heading === 'Who makes a request:' || heading === 'Audit:').map(
    ({ heading, flags }) => ({
      heading,
      flags: flags.filter(({ name }) => !WITHOUT_OBJECTS.includes(name)),
    }),
  ),
]
