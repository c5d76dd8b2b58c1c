import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Authenticator, UserInfo } from '@kube-authn/core'
import { type Difference, differencesOf } from '../difference.ts'
import { type Framework, FRAMEWORKS } from '../http/framework-apps.ts'
import { type HttpAnswer, sendBytes } from '../http/http-client.ts'
import { type Compared, type LiveArea, liveArea } from '../live-area.ts'
import { explainedHttp1 } from './explained-http1.ts'
import { type RecordedSetup, withAuthenticator } from './setup.ts'
import { USER_HEADER, whoamiServer } from './whoami-apps.ts'

export interface RecordedAuthentication {
  readonly id: string
  readonly request?: {
    readonly method?: string
    readonly target?: string
    readonly headers?: readonly (readonly [string, string])[]
    readonly body?: string
    /** The whole request. */
    readonly raw?: string
    /** The name of a client certificate. */
    readonly cert?: string
    readonly http2?: boolean
  }
  readonly kubeApiserver: { readonly outcome: string; readonly user?: UserInfo }
}

const SETUPS = ['main', 'noanon', 'anonpaths', 'audiences', 'tokenonly', 'anon-nocond', 'anonoff-file']

/** Requests over HTTP/1.1 without a certificate: whom the server takes the caller for, in every framework. */
export const http1: LiveArea = liveArea<RecordedAuthentication>({
  name: 'live-authn-http1',
  files: SETUPS.flatMap((name) => [`authn/recorded/${name}.ndjson`, `authn/setups/${name}.json`]),
  explanations: explainedHttp1,
  async *compare(recordings) {
    for (const name of SETUPS) {
      const setup = recordings.json(`authn/setups/${name}.json`) as RecordedSetup
      const all = recordings.lines(`authn/recorded/${name}.ndjson`) as readonly RecordedAuthentication[]
      const cases = all.filter(
        ({ request }) => request && request.cert === undefined && request.http2 !== true,
      )
      yield* withAuthenticator(setup, async function* (authenticator) {
        for (const framework of FRAMEWORKS) yield* compareIn(framework, authenticator, name, cases)
      })
    }
  },
})

async function* compareIn(
  framework: Framework,
  authenticator: Authenticator,
  setup: string,
  cases: readonly RecordedAuthentication[],
): AsyncGenerator<Compared<RecordedAuthentication>> {
  const server = whoamiServer(framework, authenticator)
  server.maxHeadersCount = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const asked of cases) {
    const here = outcomeIn(await sendBytes(port, bytesOf(asked)))
    yield {
      id: `${framework} ${setup} ${asked.id}`,
      asked,
      differences: outcomeDifferences(asked.kubeApiserver, here),
    }
  }
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}

const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const REVIEW = '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}'

function bytesOf({ request = {} }: RecordedAuthentication): Uint8Array {
  const {
    raw,
    method = 'POST',
    target = REVIEWS,
    headers = [],
    body = method === 'POST' ? REVIEW : '',
  } = request
  if (raw !== undefined) return Buffer.from(raw, 'latin1')
  const content = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...content,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1')
}

type Outcome = RecordedAuthentication['kubeApiserver']

function outcomeIn({ status, headers }: HttpAnswer): Outcome {
  const encoded = headers.find(([name]) => name === USER_HEADER)?.[1]
  if (encoded === undefined) return { outcome: status === 0 ? 'no answer' : String(status) }
  const user = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as UserInfo
  return { outcome: 'user', user }
}

/** The JSON of Go has U+FFFD for each byte that is not UTF-8, where we have half a surrogate. */
function outcomeDifferences(there: Outcome, here: Outcome): readonly Difference[] {
  const text = JSON.stringify(here.user ?? null).replaceAll(/\\udc[89a-f][0-9a-f]/g, '\u{fffd}')
  const user: unknown = JSON.parse(text)
  if (there.outcome !== here.outcome) {
    const shown = ({ outcome, user: known }: Outcome): string => (known ? `user ${known.username}` : outcome)
    return [{ at: 'outcome', there: shown(there), here: shown(here) }]
  }
  return there.user === undefined ? [] : differencesOf(there.user, user, 'user')
}
