import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ALIASES, AUTHENTICATION_FLAGS, AUTHORIZATION_FLAGS } from './known-flags.ts'
import { FLAGS, parseFlags, REFUSED_FOR_AUTHENTICATION, REFUSED_FOR_AUTHORIZATION } from './parse-flags.ts'

const parse = (...argv: readonly string[]) => parseFlags(argv, REFUSED_FOR_AUTHENTICATION)
const saidOf = (...argv: readonly string[]): readonly string[] =>
  parse(...argv).problems.map(({ path, message }) => `${path}: ${message}`)

describe('a command line', () => {
  it.each([
    [['--token-auth-file=a'], 'a'],
    [['--token-auth-file', 'a'], 'a'],
    [['--token_auth_file=a'], 'a'],
    [['--token-auth-file=a=b'], 'a=b'],
    [['--token-auth-file='], ''],
    [['--token-auth-file', ''], ''],
    [['--token-auth-file', '-'], '-'],
    [['--token-auth-file=a', '--token-auth-file=b'], 'b'],
    [['node', 'server.js', '--token-auth-file=a'], 'a'],
    [['kube-apiserver', '--token-auth-file', 'a', '--'], 'a'],
    [[], ''],
    [['node', 'server.js'], ''],
  ])('has a string: %j', (argv, value) => {
    expect(parse(...argv).problems).toEqual([])
    expect(parse(...argv).string('token-auth-file')).toBe(value)
  })

  it.each([
    [[], true],
    [['--anonymous-auth'], true],
    [['--anonymous-auth=false'], false],
    [['--anonymous-auth=F'], false],
    [['--anonymous-auth=0'], false],
    [['--anonymous-auth=T'], true],
    [['--anonymous-auth=false', '--anonymous-auth'], true],
  ])('has a boolean: %j', (argv, value) => {
    expect(parse(...argv).problems).toEqual([])
    expect(parse(...argv).boolean('anonymous-auth')).toBe(value)
  })

  it.each([
    [[], []],
    [['--api-audiences='], []],
    [['--api-audiences=a,b'], ['a', 'b']],
    [
      ['--api-audiences=a,b', '--api-audiences', 'c'],
      ['a', 'b', 'c'],
    ],
    [['--api-audiences=a, b,'], ['a', ' b', '']],
    [['--api-audiences="a,b",c'], ['a,b', 'c']],
    [['--api-audiences="a ""b"""'], ['a "b"']],
    [['--service-account-api-audiences=a'], ['a']],
  ])('has a list with commas: %j', (argv, value) => {
    expect(parse(...argv).problems).toEqual([])
    expect(parse(...argv).list('api-audiences')).toEqual(value)
  })

  it('replaces the default of a list', () => {
    expect(parse().list('oidc-signing-algs')).toEqual(['RS256'])
    expect(parse('--oidc-signing-algs=ES256').list('oidc-signing-algs')).toEqual(['ES256'])
    expect(parse('--oidc-signing-algs=').list('oidc-signing-algs')).toEqual([])
  })

  it('does not split issuers, key files and claims', () => {
    const argv = ['--service-account-issuer=a,b', '--service-account-issuer=c']
    expect(parse(...argv).list('service-account-issuer')).toEqual(['a,b', 'c'])
    const claims = ['--oidc-required-claim=a=b,c', '--oidc-required-claim', 'd=']
    expect(parse(...claims).list('oidc-required-claim')).toEqual(['a=b,c', 'd='])
  })

  it('has durations', () => {
    const ttl = 'authentication-token-webhook-cache-ttl'
    expect(parse().seconds(ttl)).toBe(120)
    expect(parse(`--${ttl}=1h1m1.5s`).seconds(ttl)).toBe(3661.5)
  })

  it.each([
    [
      ['--anonymous-auth=yes'],
      /^--anonymous-auth: invalid argument "yes" for "--anonymous-auth" flag: strconv\.ParseBool: parsing "yes": invalid syntax$/,
    ],
    [['--anonymous-auth='], /parsing "": invalid syntax$/],
    [
      ['--anonymous-auth', 'false'],
      /^--anonymous-auth: the value of a boolean flag must follow =, as in --anonymous-auth=false$/,
    ],
    [['--token-auth-file'], /^--token-auth-file: flag needs an argument: --token-auth-file$/],
    [['--token-auth-file', '--client-ca-file=b'], /^--token-auth-file: flag needs an argument/],
    [['--token-auth-file=a', 'b'], /^--token-auth-file: is followed by an argument that belongs to no flag$/],
    [['--token-auth-file=a', '--', 'b'], /belongs to no flag/],
    [['--authentication-token-webhook-cache-ttl=5'], /time: missing unit in duration "5"$/],
    [['--authentication-token-webhook-cache-ttl=5d'], /time: unknown unit "d" in duration "5d"$/],
    [['--authentication-token-webhook-cache-ttl='], /time: invalid duration ""$/],
    [['--authentication-token-webhook-version=v2'], /must be v1 or v1beta1$/],
    [['--oidc-required-claim=hd'], /malformed pair, expect string=string$/],
    [['--api-audiences="a'], /bare or unfinished quotes$/],
    [['--api-audiences=a"b'], /bare or unfinished quotes$/],
    [['--oidc-issuer=x'], /^--oidc-issuer: unknown flag, did you mean --oidc-issuer-url\?$/],
    [['--oidc-whatever=x'], /^--oidc-whatever: unknown flag$/],
    [['--oidc-required-claims=a=b'], /did you mean --oidc-required-claim\?$/],
    [['--requestheader-allowed-name=x'], /did you mean --requestheader-allowed-names\?$/],
    [['--request-header-allowed-names=x'], /did you mean --requestheader-allowed-names\?$/],
    [['--client-ca=x'], /did you mean --client-ca-file\?$/],
    [['--token-auth-fil', 'x'], /did you mean --token-auth-file\?$/],
    [['--anonimous-auth=false'], /did you mean --anonymous-auth\?$/],
    [['--authorization-modes=RBAC'], /did you mean --authorization-mode\?$/],
    [['-token-auth-file=x'], /^-token-auth-file: unknown shorthand flag, did you mean --token-auth-file\?$/],
    [['-x'], /^-x: unknown shorthand flag, flags start with two dashes$/],
    [['---token-auth-file=x'], /bad flag syntax$/],
    [['--__proto__=x'], /bad flag syntax$/],
    [['--=x'], /^--\?: bad flag syntax$/],
    [['--insecure-allow-any-token'], /lets a client claim any identity/],
    [['--help'], /nothing to serve/],
    [['-h'], /unknown shorthand flag/],
  ])('is refused: %j', (argv, said) => {
    expect(saidOf(...argv)).toEqual([expect.stringMatching(said)])
  })

  it('does not repeat what may be a secret', () => {
    const secret = '31ada4fd-adec-460c-809a-9e56ceb75269'
    const { problems, ignored } = parse(
      `--token-auth-file=a`,
      secret,
      `--oidc-${secret}`,
      `--${secret}`,
      `-${secret}`,
      `--api-audiences="${secret}`,
    )
    expect(problems).toHaveLength(3)
    expect(JSON.stringify([problems, ignored])).not.toContain(secret)
  })

  it.each(['constructor', 'toString', 'has-own-property'])('has no flag %s', (name) => {
    expect(parse(`--${name}=x`)).toMatchObject({ problems: [], ignored: [`--${name}`] })
  })

  it('is read in a time that grows with its length only', () => {
    const argv = Array.from({ length: 20_000 }, () => `--api-audiences=${'"a",'.repeat(50)}"`)
    expect(parse(...argv).problems).toHaveLength(20_000)
    expect(parse(`--authentication-token-webhook-cache-ttl=${'1'.repeat(100_000)}`).problems).toHaveLength(1)
  })
})

/** From the reference of kube-apiserver 1.35, with values written without `=`. */
const OTHERS =
  `--admission-control-config-file a --advertise-address 1.2.3.4 --aggregator-reject-forwarding-redirect
  --allow-metric-labels a=b --allow-privileged --audit-log-maxage 1 --audit-log-path - --audit-policy-file a
  --audit-webhook-batch-throttle-enable --audit-webhook-config-file a --audit-webhook-version v1 --bind-address 0.0.0.0 --cert-dir a
  --contention-profiling --coordinated-leadership-lease-duration 1s --cors-allowed-origins a --debug-socket-path a
  --default-not-ready-toleration-seconds 3 --disable-admission-plugins a --disable-http2-serving --disabled-metrics a
  --egress-selector-config-file a --enable-admission-plugins NodeRestriction --enable-aggregator-routing
  --enable-garbage-collector --enable-logs-handler --enable-priority-and-fairness --encryption-provider-config a
  --encryption-provider-config-automatic-reload --endpoint-reconciler-type a --etcd-cafile a --etcd-certfile a --etcd-keyfile a
  --etcd-prefix a --etcd-servers https://127.0.0.1:2379 --event-ttl 1h --external-hostname a --goaway-chance 0.1
  --http2-max-streams-per-connection 1 --kubelet-certificate-authority a --kubelet-client-certificate a --kubelet-client-key a
  --kubelet-port 1 --kubelet-preferred-address-types a --kubernetes-service-node-port 1 --livez-grace-period 1s --logging-format json
  --max-requests-inflight 1 --min-request-timeout 1 --peer-advertise-ip a --peer-ca-file a --permit-port-sharing --profiling
  --proxy-client-cert-file a --proxy-client-key-file a --request-timeout 1m --runtime-config a=b --secure-port 6443
  --service-cluster-ip-range 10.0.0.0/12 --service-node-port-range 1-2
  --show-hidden-metrics-for-version 1 --shutdown-delay-duration 1s --shutdown-send-retry-after --storage-backend etcd3
  --storage-media-type a --strict-transport-security-directives a --tls-cert-file a --tls-cipher-suites a --tls-min-version a
  --tls-sni-cert-key a --tracing-config-file a -v 2 --v 2 --vmodule a=1 --watch-cache --watch-cache-sizes a
  --insecure-port 0 --insecure-bind-address 127.0.0.1 --repair-malformed-updates --ssh-keyfile a --apiserver-count 1 --cloud-provider a`
    .split(/\s+/)
    .filter((part) => part !== '')

describe('flags of a kube-apiserver that are about something else', () => {
  it('are ignored with their values', () => {
    const { problems, ignored, given } = parse(...OTHERS, '--token-auth-file', 'a')
    expect(problems).toEqual([])
    expect(ignored).toEqual(OTHERS.filter((part) => /^--?[a-z]/.test(part)))
    expect([...given]).toEqual([['token-auth-file', ['a']]])
  })

  it.each(['-v=2', '-v2', '-v'])('are told from mistakes: %s', (argument) => {
    expect(parse(argument).problems).toEqual([])
  })

  it('do not include those that are refused by the other of the two functions', () => {
    const argv = ['--authorization-rbac-super-user=a', '--authorization-policy-file', 'b']
    expect(parse(...argv)).toMatchObject({
      problems: [],
      ignored: argv.map((each) => each.split('=')[0]).filter((each) => each !== 'b'),
    })
    expect(parseFlags(argv, REFUSED_FOR_AUTHORIZATION).problems).toHaveLength(2)
  })
})

it('no flag is in two tables', () => {
  const names = [AUTHENTICATION_FLAGS, AUTHORIZATION_FLAGS].flatMap((flags) => Object.keys(flags))
  expect(new Set(names).size).toBe(names.length)
})

it('every flag is in the README', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const missing = [...FLAGS.keys(), ...Object.keys(ALIASES)].filter(
    (name) => !readme.includes(`\`--${name}\``),
  )
  expect(missing).toEqual([])
})
