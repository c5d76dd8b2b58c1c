import { type FlagGroup, SHOWN_FLAGS } from '../serve/flags/flag-help.ts'

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
  {
    heading: 'The cluster behind it:',
    flags: [
      {
        name: 'upstream',
        value: 'where',
        description: 'a kubeconfig, the URL of an API server, or in-cluster for that of this pod',
      },
      {
        name: 'upstream-context',
        value: 'name',
        description: 'the context of the kubeconfig (default: its current one)',
      },
      { name: 'upstream-ca-file', value: 'file', description: 'the CAs of the API server, for a URL' },
      {
        name: 'upstream-token-file',
        value: 'file',
        description: 'the token of the proxy, read again once a minute, for a URL',
      },
      {
        name: 'upstream-client-cert-file',
        value: 'file',
        description: 'the client certificate of the proxy, for a URL',
      },
      { name: 'upstream-client-key-file', value: 'file', description: 'the key of that certificate' },
    ],
  },
  {
    heading: 'Where it listens:',
    flags: [
      { name: 'bind-address', value: 'ip', description: 'listen on this address (default 127.0.0.1)' },
      {
        name: 'secure-port',
        value: 'port',
        description: 'the port of HTTPS; 0 is any free one (default 8443)',
      },
      { name: 'tls-cert-file', value: 'file', description: 'the certificate of the proxy' },
      { name: 'tls-private-key-file', value: 'file', description: 'the key of that certificate' },
      {
        name: 'tls-min-version',
        value: 'version',
        description: 'the oldest version of TLS (default VersionTLS12)',
        choices: ['VersionTLS12', 'VersionTLS13'],
      },
      {
        name: 'tls-cipher-suites',
        value: 'list',
        description: 'the cipher suites of TLS 1.2, by their names in Go',
      },
      {
        name: 'output',
        value: 'format',
        description: 'print the address for people, or for programs',
        choices: ['text', 'json'],
      },
    ],
  },
  {
    heading: 'What passes:',
    flags: [
      {
        name: 'impersonation-rbac',
        value: 'path',
        description: 'manifests of roles: who may impersonate which users (default: no one)',
      },
      {
        name: 'authorization-rbac',
        value: 'path',
        description: 'manifests of roles: what may pass at all (default: what the cluster allows)',
      },
      {
        name: 'refused-groups',
        value: 'list',
        description: 'groups whose users are refused, besides system:masters',
      },
      {
        name: 'allow-masters',
        description: 'let users in system:masters pass (default false)',
      },
      {
        name: 'max-connection-duration',
        value: 'duration',
        description: 'how long a watch or an upgrade may last (default 0s, as long as its credential)',
      },
    ],
  },
  ...SHOWN_FLAGS.filter(({ heading }) => heading === 'Who makes a request:' || heading === 'Audit:').map(
    ({ heading, flags }) => ({
      heading,
      flags: flags.filter(({ name }) => !WITHOUT_OBJECTS.includes(name)),
    }),
  ),
]
