import { isConfigurationError } from '@kube-authn/core/internal'
import { AUDIT_FLAGS, AUTHENTICATION_FLAGS, AUTHORIZATION_FLAGS } from '@kube-authn/node/internal'
import { describe, expect, it } from 'vitest'
import { FURTHER_FLAGS, SHOWN_FLAGS } from './flag-help.ts'
import { OWN_FLAGS, SERVING_ALIASES, SERVING_FLAGS, isWithoutEffect, REFUSED_FLAGS } from './flag-table.ts'
import { http2Settings, pairOf, secureAddress, tlsSettings } from './listen-flags.ts'
import {
  authenticationFlags,
  authorizationFlags,
  createsSecrets,
  issuersOf,
  serveFlags,
  servingNotices,
} from './serve-flags.ts'
import { electionOf, forwardOptions, storeValueOf } from './serving-problems.ts'

const KNOWN = {
  ...AUTHENTICATION_FLAGS,
  ...AUTHORIZATION_FLAGS,
  ...AUDIT_FLAGS,
  ...SERVING_FLAGS,
  ...OWN_FLAGS,
}
const helped = [...SHOWN_FLAGS.flatMap(({ flags }) => flags), ...FURTHER_FLAGS]

function problemsOf(argv: readonly string[]): readonly string[] {
  try {
    serveFlags(argv)
    return []
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

describe('the flags of serve', () => {
  it('each have a line of help, once', () => {
    const known = Object.keys(KNOWN).filter((name) => !Object.hasOwn(REFUSED_FLAGS, name))
    expect(helped.map(({ name }) => name).toSorted()).toEqual(known.toSorted())
  })

  it.each(helped)('--$name has a value in the help if it takes one', ({ name, value }) => {
    expect(value === undefined).toBe(KNOWN[name]?.kind === 'boolean')
  })

  it('are used, without effect, or refused, and never two of these', () => {
    const used = Object.keys(KNOWN).filter((name) => !Object.hasOwn(REFUSED_FLAGS, name))
    expect([...used, ...Object.keys(SERVING_ALIASES)].filter(isWithoutEffect)).toEqual([])
    expect(Object.keys(REFUSED_FLAGS).filter(isWithoutEffect)).toEqual([])
  })

  it('are safe by default', () => {
    const flags = serveFlags([])
    expect(storeValueOf(flags)).toBe('sqlite:kube-authn-data/store.db')
    expect(secureAddress(flags)).toEqual({ host: '127.0.0.1', port: 6443 })
    expect(tlsSettings(flags)).toEqual({ minVersion: 'TLSv1.2' })
    expect(issuersOf(flags)).toEqual(['https://kubernetes.default.svc.cluster.local'])
    expect([http2Settings(flags), electionOf(flags), forwardOptions(flags)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(pairOf(flags, 'cluster-signing-cert-file', 'cluster-signing-key-file')).toBeUndefined()
    expect(createsSecrets(flags)).toBe(false)
    expect(authenticationFlags(flags)).toEqual([])
    expect(authorizationFlags(flags)).toEqual(['--authorization-mode=RBAC'])
    expect(servingNotices(flags)).toEqual([])
  })

  it.each([
    ['string', 'data-dir', 'kube-authn-data'],
    ['string', 'output', 'text'],
    ['string', 'insecure-bind-address', '127.0.0.1'],
    ['number', 'insecure-port', 0],
    ['optional', 'advertise-address', undefined],
    ['optional', 'external-hostname', undefined],
    ['optional', 'client-ca-file', undefined],
    ['optional', 'cert-dir', undefined],
    ['optional', 'root-ca-file', undefined],
    ['optional', 'service-account-signing-key-file', undefined],
    ['optional', 'service-account-signing-endpoint', undefined],
    ['optional', 'service-account-private-key-file', undefined],
    ['optional', 'service-account-jwks-uri', undefined],
    ['boolean', 'forward-auth-authorize', false],
    ['list', 'service-account-key-file', []],
    ['boolean', 'service-account-extend-token-expiration', true],
    ['seconds', 'service-account-max-token-expiration', 0],
    ['seconds', 'cluster-signing-duration', 31_536_000],
    ['number', 'max-requests-inflight', 400],
    ['number', 'max-mutating-requests-inflight', 200],
    ['seconds', 'request-timeout', 60],
    ['seconds', 'shutdown-delay-duration', 0],
    ['seconds', 'clock-skew', 10],
    ['number', 'max-objects-per-namespace', 50_000],
    ['seconds', 'shutdown-grace-duration', 60],
    ['list', 'controllers', ['*']],
    ['boolean', 'strict', false],
    ['isGiven', 'authorization-always-allow-paths', false],
  ] as const)('%s of --%s is %j by default', (kind, name, value) => {
    expect(serveFlags([])[kind](name)).toEqual(value)
  })

  it('are those of the command line that kubeadm makes', () => {
    const flags = serveFlags([
      '--advertise-address=192.0.2.10',
      '--allow-privileged=true',
      '--authorization-mode=Node,RBAC',
      '--client-ca-file=/pki/ca.crt',
      '--enable-admission-plugins=NodeRestriction',
      '--enable-bootstrap-token-auth=true',
      '--etcd-cafile=/pki/etcd/ca.crt',
      '--etcd-servers=https://127.0.0.1:2379',
      '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
      '--proxy-client-cert-file=/pki/front-proxy-client.crt',
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-client-ca-file=/pki/front-proxy-ca.crt',
      '--secure-port=7443',
      '--service-account-issuer=https://a.example.com',
      '--service-account-issuer=https://b.example.com',
      '--service-account-key-file=/pki/sa.pub',
      '--service-account-signing-key-file=/pki/sa.key',
      '--service-cluster-ip-range=10.96.0.0/12',
      '--tls-cert-file=/pki/apiserver.crt',
      '--tls-private-key-file=/pki/apiserver.key',
    ])
    expect(flags.string('advertise-address')).toBe('192.0.2.10')
    expect(flags.string('client-ca-file')).toBe('/pki/ca.crt')
    expect(secureAddress(flags)).toEqual({ host: '127.0.0.1', port: 7443 })
    expect(tlsSettings(flags)).toMatchObject({
      certificate: { certFile: '/pki/apiserver.crt', keyFile: '/pki/apiserver.key' },
    })
    expect(issuersOf(flags)).toEqual(['https://a.example.com', 'https://b.example.com'])
    expect(flags.list('service-account-key-file')).toEqual(['/pki/sa.pub'])
    expect(flags.string('service-account-signing-key-file')).toBe('/pki/sa.key')
    expect(authorizationFlags(flags)).toEqual(['--authorization-mode=RBAC'])
    expect(authenticationFlags(flags)).toEqual([
      '--enable-bootstrap-token-auth=true',
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-client-ca-file=/pki/front-proxy-ca.crt',
    ])
    expect(servingNotices(flags).map(({ message }) => message)).toEqual([
      'without effect here: --allow-privileged, --enable-admission-plugins, --etcd-cafile, --etcd-servers, --kubelet-preferred-address-types, --proxy-client-cert-file, --service-cluster-ip-range',
      'objects are not in etcd but in the store of --data-dir',
      'the mode Node is left out: there are no kubelets, and RBAC decides about their requests',
      'certificate requests are signed by the CA of the data directory, not by one of --client-ca-file; both are accepted',
    ])
  })

  it('are those of 1.6', () => {
    const flags = serveFlags([
      '--admission-control=ServiceAccount,NamespaceLifecycle',
      '--basic-auth-file=users.csv',
      '--experimental-bootstrap-token-auth',
      '--experimental-keystone-url=https://keystone.example.com',
      '--insecure-port=8080',
      '--controllers=*,tokencleaner',
      '--service-account-private-key-file=sa.key',
      '--root-ca-file=ca.crt',
      '--target-ram-mb',
      '60',
      '-v=2',
    ])
    expect(flags.string('insecure-bind-address')).toBe('127.0.0.1')
    expect(flags.number('insecure-port')).toBe(8080)
    expect(flags.list('controllers')).toEqual(['*', 'tokencleaner'])
    expect(flags.string('service-account-private-key-file')).toBe('sa.key')
    expect(flags.string('root-ca-file')).toBe('ca.crt')
    expect(authenticationFlags(flags)).toEqual([
      '--basic-auth-file=users.csv',
      '--enable-bootstrap-token-auth=true',
      '--experimental-keystone-url=https://keystone.example.com',
    ])
    expect(servingNotices(flags).map(({ message }) => message)).toEqual([
      'without effect here: --admission-control, --target-ram-mb, -v',
    ])
  })

  it.each([
    [['--tls-min-version=VersionTLS13'], { minVersion: 'TLSv1.3' }],
    [['--disable-http2-serving'], { minVersion: 'TLSv1.2' }],
    [['--http2-max-streams-per-connection=5'], { minVersion: 'TLSv1.2' }],
    [
      [
        '--tls-sni-cert-key=a.crt,a.key',
        '--tls-sni-cert-key',
        ' b.crt , b.key : *.foo.com , foo.com ',
        '--tls-sni-cert-key=c.crt,c.key:a:b',
      ],
      {
        minVersion: 'TLSv1.2',
        named: [
          { certFile: 'a.crt', keyFile: 'a.key' },
          { certFile: 'b.crt', keyFile: 'b.key', names: ['*.foo.com', 'foo.com'] },
          { certFile: 'c.crt', keyFile: 'c.key', names: ['a:b'] },
        ],
      },
    ],
    [
      ['--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_AES_128_GCM_SHA256'],
      {
        minVersion: 'TLSv1.2',
        ciphers:
          'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-RSA-AES128-GCM-SHA256',
      },
    ],
  ])('%j is for TLS', (argv, tls) => {
    expect(tlsSettings(serveFlags(argv))).toEqual(tls)
    expect(http2Settings(serveFlags(argv))).toBeUndefined()
  })

  it.each([
    [
      ['--feature-gates=LegacyServiceAccountTokenNoAutoGeneration=false'],
      { createSecrets: true, authentication: [], notices: [] },
    ],
    [
      [
        '--feature-gates=LegacyServiceAccountTokenNoAutoGeneration=false,LegacyServiceAccountTokenNoAutoGeneration=true',
      ],
      { createSecrets: false, authentication: [], notices: [] },
    ],
    [
      ['--feature-gates=RemoteRequestHeaderUID=true'],
      {
        createSecrets: false,
        authentication: ['--feature-gates=RemoteRequestHeaderUID=true'],
        notices: [],
      },
    ],
    [
      ['--feature-gates=WatchList=true'],
      { createSecrets: false, authentication: [], notices: ['gates without effect here: WatchList'] },
    ],
  ])('%j are gates', (argv, expected) => {
    const flags = serveFlags(argv)
    expect({
      createSecrets: createsSecrets(flags),
      authentication: authenticationFlags(flags),
      notices: servingNotices(flags).map(({ message }) => message),
    }).toEqual(expected)
  })

  it.each([
    [[], {}],
    [['--forward-auth-extra-keys=scopes,example.com/team'], { extraKeys: ['scopes', 'example.com/team'] }],
    [['--forward-auth-extra-keys='], { extraKeys: [] }],
  ])('%j says which extra fields a proxy hands on', (argv, settings) => {
    expect(forwardOptions(serveFlags(['--forward-auth', ...argv]))).toEqual({
      original: 'x-forwarded',
      maxNumberedGroups: 0,
      ...settings,
    })
    expect(() => serveFlags(['--forward-auth-extra-keys=scopes'])).toThrow(
      '--forward-auth-extra-keys: has no effect without --forward-auth',
    )
  })

  it.each([
    [['--authorization-mode=AlwaysAllow'], ['--authorization-mode=AlwaysAllow']],
    [['--authorization_mode', 'RBAC,Node,Webhook'], ['--authorization-mode=RBAC,Webhook']],
    [['--authorization-config=a.yaml'], ['--authorization-config=a.yaml']],
    [
      ['--authorization-config=a.yaml', '--authorization-mode=RBAC'],
      ['--authorization-mode=RBAC', '--authorization-config=a.yaml'],
    ],
  ])('%j is for authorization', (argv, flags) => {
    expect(authorizationFlags(serveFlags(argv))).toEqual(flags)
  })
})

describe('what is wrong with flags of serve', () => {
  const CASES: readonly (readonly [readonly string[], ...string[]])[] = [
    [['--secure-prt=1'], '--secure-prt: unknown flag, did you mean --secure-port?'],
    [['--xyzzy=hunter2'], '--xyzzy: unknown flag; kube-authn serve --help has the known ones'],
    [['--s3cr3t5t0k3n=1'], '--?: unknown flag; kube-authn serve --help has the known ones'],
    [['-p=hunter2'], '-p: flags start with two dashes; kube-authn serve --help has the known ones'],
    [['--secure-port'], '--secure-port: flag needs an argument: --secure-port'],
    [['--secure-port=1', 'hunter2'], '--secure-port: is followed by an argument that belongs to no flag'],
    [
      ['--in-memory', 'true'],
      '--in-memory: the value of a boolean flag must follow =, as in --in-memory=true',
    ],
    [
      ['--secure-port=x'],
      '--secure-port: invalid argument "x" for "--secure-port" flag: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [['--secure-port=-1'], '--secure-port: must be a port from 0 to 65535, not -1'],
    [['--secure-port=65536'], '--secure-port: must be a port from 0 to 65535, not 65536'],
    [['--secure-port=0', '--insecure-port=65535']],
    [['--insecure-port=65536'], '--insecure-port: must be a port from 0 to 65535, not 65536'],
    [['--bind-address=localhost'], '--bind-address: must be an IP address, not "localhost"'],
    [['--bind-address='], '--bind-address: must be an IP address, not ""'],
    [['--advertise-address='], '--advertise-address: must be an IP address, not ""'],
    [
      ['--insecure-port=1', '--insecure-bind-address='],
      '--insecure-bind-address: must be an IP address, not ""',
    ],
    [['--bind-address=::', '--advertise-address=::1']],
    [['--advertise-address=a'], '--advertise-address: must be an IP address, not "a"'],
    [
      ['--insecure-port=1', '--insecure-bind-address=0.0.0.0'],
      '--insecure-bind-address: must be a loopback address: credentials over plain HTTP can be read on the way; use --secure-port',
    ],
    [['--insecure-port=1', '--insecure-bind-address=127.9.9.9']],
    [['--insecure-port=1', '--insecure-bind-address=::1']],
    [['--insecure-bind-address=0.0.0.0']],
    [['--external-hostname=a/b'], '--external-hostname: must be a host name'],
    ...['', 'a', 'a,', ',b', 'a,b,c', 'a:b', ':a'].map((value): [string[], string] => [
      [`--tls-sni-cert-key=${value}`],
      '--tls-sni-cert-key: expected comma separated certificate and key file paths',
    ]),
    ...['-1', '4294967296'].map((value): [string[], string] => [
      [`--http2-max-streams-per-connection=${value}`],
      '--http2-max-streams-per-connection: must be a number from 0 to 4294967295',
    ]),
    [['--tls-sni-cert-key=a,b:'], '--tls-sni-cert-key: empty names list is not allowed'],
    [['--tls-sni-cert-key=a,b: '], '--tls-sni-cert-key: empty names list is not allowed'],
    [['--tls-sni-cert-key=a,b:c,'], '--tls-sni-cert-key: a name must not be empty'],
    [
      ['--tls-sni-cert-key=a,b:c,192.0.2.1'],
      '--tls-sni-cert-key: a name must not be an IP address: clients name none; put 192.0.2.1 into --tls-cert-file',
    ],
    [
      ['--tls-sni-cert-key=a,b:2001:db8::1'],
      '--tls-sni-cert-key: a name must not be an IP address: clients name none; put 2001:db8::1 into --tls-cert-file',
    ],
    [['--tls-cert-file=a'], '--tls-private-key-file: must be specified together with --tls-cert-file'],
    [['--tls-private-key-file=a'], '--tls-cert-file: must be specified together with --tls-private-key-file'],
    [
      ['--cluster-signing-key-file=a'],
      '--cluster-signing-cert-file: must be specified together with --cluster-signing-key-file',
    ],
    [
      ['--tls-min-version=VersionTLS11'],
      '--tls-min-version: must be VersionTLS12 or VersionTLS13, not "VersionTLS11"',
    ],
    [
      ['--tls-cipher-suites=TLS_RSA_WITH_RC4_128_SHA'],
      '--tls-cipher-suites: Cipher suite "TLS_RSA_WITH_RC4_128_SHA" is not supported, or insecure',
    ],
    [
      ['--max-requests-inflight=-1'],
      '--max-requests-inflight: --max-requests-inflight can not be negative value',
    ],
    [['--max-requests-inflight=0', '--max-mutating-requests-inflight=0']],
    [['--request-timeout=0'], '--request-timeout: --request-timeout must be a positive duration'],
    [
      ['--shutdown-delay-duration=-1s'],
      '--shutdown-delay-duration: --shutdown-delay-duration can not be negative value',
    ],
    [['--clock-skew=-1s'], '--clock-skew: --clock-skew can not be negative value'],
    [
      ['--shutdown-grace-duration=-1s'],
      '--shutdown-grace-duration: --shutdown-grace-duration can not be negative value',
    ],
    [['--cluster-signing-duration=0s'], '--cluster-signing-duration: must be a positive duration'],
    [['--output=yaml'], '--output: must be text or json'],
    [['--data-dir='], '--data-dir: must not be empty'],
    [
      ['--authorization-mode=Node'],
      '--authorization-mode: the mode Node alone would allow nothing: there are no kubelets; use Node,RBAC or RBAC',
    ],
    [
      ['--encryption-provider-config=x'],
      '--encryption-provider-config: is not supported: the store would not be encrypted; omit it, and put --data-dir on an encrypted file system',
    ],
    [
      ['--authentication-kubeconfig=x', '--secure-port=x1', '--output=yaml'],
      '--authentication-kubeconfig: is a flag of extension API servers: this server has its own objects, and asks no cluster',
      '--secure-port: invalid argument "x1" for "--secure-port" flag: strconv.ParseInt: parsing "x1": invalid syntax',
      '--output: must be text or json',
    ],
    [
      ['--insecure-allow-any-token'],
      expect.stringContaining('--insecure-allow-any-token: lets a client claim any identity'),
    ],
  ]
  it.each(CASES.map(([argv, ...problems]) => ({ argv, problems })))('$argv', ({ argv, problems }) => {
    expect(problemsOf(argv)).toEqual(problems)
  })

  it('is an argument before them', () => {
    expect(() => serveFlags(['hunter2'])).toThrow(/^serve takes flags only, as in --data-dir=FOLDER$/)
  })
})
