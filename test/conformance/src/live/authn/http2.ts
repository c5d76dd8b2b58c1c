import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { isConfigurationError } from '@kube-authn/core/internal'
import { tlsServerOptions } from '@kube-authn/node'
import { exchangeHttp2 } from '../http/http2-client.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { tlsConnection } from '../tls/tls-connection.ts'
import { together } from '../together.ts'
import { pkiOf } from './credentials.ts'
import { explainedHttp2, isClean } from './explained-http2.ts'
import { listening } from './listening.ts'
import { outcomeDifferences, outcomeOfHttp2 } from './outcome.ts'
import { bodyOf, fieldsOf, type RecordedAuthentication, recordedCases } from './recorded-authentication.ts'
import { withAuthenticator } from './setup.ts'
import { whoamiApp } from './whoami-apps.ts'

type Http2App = (request: Http2ServerRequest, response: Http2ServerResponse) => void

/** Requests over HTTP/2, in the frameworks that support it. */
export const http2: LiveArea = liveArea<RecordedAuthentication>({
  name: 'live-authn-http2',
  files: ['authn/setups/pki.json'],
  explanations: explainedHttp2,
  async *compare(recordings) {
    const pki = pkiOf(recordings)
    for (const { name, setup, cases } of recordedCases(recordings, (request) => request.http2 === true)) {
      yield* withAuthenticator(setup, pki, async function* (authenticator) {
        if (isConfigurationError(authenticator)) throw authenticator
        for (const framework of ['koa', 'hono'] as const) {
          // Both accept requests of Node's compatibility layer, despite their types.
          const app = whoamiApp(framework, authenticator) as unknown as Http2App
          const open = (cleanHttp2Fields: boolean): ReturnType<typeof listening> =>
            listening(createSecureServer(tlsServerOptions({ ...pki.server, cleanHttp2Fields }), app))
          // The promise of clean fields only holds for these requests.
          const servers = { clean: await open(true), other: await open(false) }
          yield* await together(cases, async (asked) => {
            const { cert } = asked.request
            const fields = fieldsOf(asked.request)
            const { port } = servers[isClean(fields) ? 'clean' : 'other']
            const credential = cert === undefined ? {} : { credential: pki.credentialOf(cert) }
            const connection = tlsConnection(port, { protocol: 'h2', ...credential })
            const answer = await exchangeHttp2(connection, fields, bodyOf(asked.request))
            const here = outcomeOfHttp2(answer, asked.request.method)
            const differences = outcomeDifferences(asked.kubeApiserver, here)
            return { id: `${framework} ${name} ${asked.id}`, asked, differences }
          })
          await Promise.all([servers.clean.close(), servers.other.close()])
        }
      })
    }
  },
})
