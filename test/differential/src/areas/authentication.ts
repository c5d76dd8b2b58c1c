import { explainedCertificates } from '@kube-authn-test/conformance/live/authn/explained-certificates'
import { type Http1App, http1App } from '@kube-authn-test/conformance/live/authn/http1-app'
import { outcomeDifferences, outcomeOfHttp1 } from '@kube-authn-test/conformance/live/authn/outcome'
import type {
  AuthenticationOutcome,
  AuthenticationRequest,
  RecordedAuthentication,
} from '@kube-authn-test/conformance/live/authn/recorded-authentication'
import { whoamiApp } from '@kube-authn-test/conformance/live/authn/whoami-apps'
import type { HttpAnswer } from '@kube-authn-test/conformance/live/http/http-client'
import { type Framework, FRAMEWORKS } from '@kube-authn-test/conformance/live/http/framework-apps'
import type { Random } from '../../../fuzz/lib/random.mjs'
import { type Area, area } from '../area.ts'
import type { ReferenceAnswer } from '../reference.ts'
import { type Sides, userIn } from '../sides.ts'
import { TOKENS } from '../tokens.ts'

type Header = readonly [string, string]

interface Question extends AuthenticationRequest {
  readonly framework: Framework
}

/** Who makes a request: certificates, tokens in two headers, and headers of an authenticating proxy. */
export async function authentication({
  reference,
  shared,
  authenticator,
}: Sides): Promise<Area & { close(): Promise<void> }> {
  const made = FRAMEWORKS.map(async (framework): Promise<readonly [Framework, Http1App]> => {
    return [framework, await http1App(whoamiApp(framework, authenticator), shared.pki, shared.setup)]
  })
  const apps = new Map(await Promise.all(made))
  const askHere = async (framework: Framework, request: AuthenticationRequest): Promise<HttpAnswer> => {
    const app = apps.get(framework)
    if (app === undefined) throw new RangeError(`${framework} is not a framework`)
    return app.ask(request)
  }
  return {
    ...area<Question, RecordedAuthentication>({
      name: 'authentication',
      explanations: explainedCertificates,
      fixed: ['framework'],
      question: authenticationQuestion,
      async compare({ framework, ...request }) {
        const [there, here] = await Promise.all([reference.ask(request), askHere(framework, request)])
        const asked = { id: '', setup: 'noanon', request, kubeApiserver: outcomeThere(there) }
        return { asked, differences: outcomeDifferences(asked.kubeApiserver, outcomeOfHttp1(here)) }
      },
    }),
    async close() {
      for (const app of apps.values()) await app.close()
    },
  }
}

function outcomeThere({ status, headers, body, detail }: ReferenceAnswer): AuthenticationOutcome {
  if (status === 0) return { outcome: 'no answer', detail }
  const user = status === 201 ? userIn(body) : undefined
  return user === undefined ? { outcome: String(status), body } : { outcome: 'user', user, headers }
}

const PROXIES = 'proxy-good proxy-good proxy-second proxy-other proxy-expired proxy-by-int proxy-no-cn'.split(
  ' ',
)
const CLIENTS =
  `jane solo sub-no-cn sub-masters sub-o-many sub-uid sub-cn-utf8 sub-anonymous sub-node expired future
  by-ca-stranger by-ca-rsa chain-int chain-int-missing eku-server eku-any ext-bc-ca nc-bad self tampered key-ed trailing
  serial-70 eku-empty`.split(/\s+/)
const GROUPS = 'a system:masters system:authenticated system:unauthenticated __proto__'.split(' ')
const WORDS = ['bob', ...GROUPS, '', ' ', 'a, b', '\xfc', '\xc3\xbc', '\x01']
const BLANKS = [' ', ' ', ' ', '', '  ', '\t', '\xa0', '\xc2\xa0', '\xe2\x80\x83']
const SCHEMES = ['Bearer', 'Bearer', 'Bearer', 'bearer', 'BEARER', 'Basic', 'Bearer:', 'Bear', '']
const PROTOCOL = 'base64url.bearer.authorization.k8s.io.'
const ESCAPES = '%41 %2F %2f %c3%bc %FF %zz % %00 a B . _ + __proto__'.split(' ')
const OTHERS: readonly Header[] = [
  ['X-Forwarded-User', 'eve'],
  ['Cookie', 'token=tok-jane'],
  ['User-Agent', 'curl/8'],
]

export function authenticationQuestion(random: Random): Question {
  const cert = random.oneIn(2) ? random.pick(random.oneIn(2) ? PROXIES : CLIENTS) : undefined
  const isProxy = cert?.startsWith('proxy-') === true
  const headers = [
    ...random.list(random.oneIn(2) ? 1 : random.pick([0, 0, 2]), () => authorization(random)),
    ...(random.oneIn(6) ? webSocket(random) : []),
    ...(random.oneIn(isProxy ? 1 : 6) ? remote(random) : []),
    ...random.some(OTHERS, 0.2),
  ]
  return {
    framework: random.pick(FRAMEWORKS),
    ...(cert !== undefined && { cert }),
    headers: random.some(headers, 1).map(([name, value]) => [cased(name, random), value]),
  }
}

function tokenOf(random: Random): string {
  const token = random.oneIn(5)
    ? random.pick(['tok-nobody', '', 'a.b.c', random.pick(TOKENS).slice(1)])
    : random.pick(TOKENS)
  return random.oneIn(15) ? token + random.pick(WORDS) : token
}

function authorization(random: Random): Header {
  const before = random.oneIn(12) ? random.pick(BLANKS) : ''
  const between = random.oneIn(6) ? random.pick(BLANKS) : ' '
  const after = random.oneIn(10) ? random.pick(BLANKS) : ''
  return ['Authorization', `${before}${random.pick(SCHEMES)}${between}${tokenOf(random)}${after}`]
}

function webSocket(random: Random): readonly Header[] {
  const protocols = random.list(1 + random.below(3), () => {
    if (random.oneIn(3)) return random.pick(['v4.channel.k8s.io', '', ' ', 'x'])
    const encoded = Buffer.from(tokenOf(random), 'latin1').toString('base64url')
    return PROTOCOL + (random.oneIn(8) ? encoded + random.pick(['=', '!', 'A', '+']) : encoded)
  })
  return [
    ['Upgrade', random.pick(['websocket', 'websocket', 'websocket', 'WebSocket', 'h2c'])],
    ['Connection', random.pick(['Upgrade', 'upgrade', 'keep-alive, Upgrade', 'close'])],
    ['Sec-WebSocket-Protocol', protocols.join(random.pick([',', ', ', ' , ']))],
  ]
}

function remote(random: Random): readonly Header[] {
  const word = (): string => (random.oneIn(2) ? 'bob' : random.pick(WORDS))
  const key = (): string => random.list(random.below(4), () => random.pick(ESCAPES)).join('')
  const named = (name: string): string => (random.oneIn(60) ? name.replaceAll('-', '_') : name)
  return [
    ...random.list(random.pick([1, 1, 1, 0, 2]), (): Header => [named('X-Remote-User'), word()]),
    ...random.list(random.below(4), (): Header => [named('X-Remote-Group'), random.pick(WORDS)]),
    ...random.list(random.pick([0, 0, 1, 2]), (): Header => [named('X-Remote-Uid'), word()]),
    ...random.list(random.pick([0, 0, 1, 3]), (): Header => [named(`X-Remote-Extra-${key()}`), word()]),
  ]
}

function cased(name: string, random: Random): string {
  return random.oneIn(4) ? random.pick([name.toLowerCase(), name.toUpperCase()]) : name
}
