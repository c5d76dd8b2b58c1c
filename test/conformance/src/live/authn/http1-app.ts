import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { tlsServerOptions } from '@kube-authn/node'
import { exchange, type HttpAnswer, sendBytes } from '../http/http-client.ts'
import { tlsConnection } from '../tls/tls-connection.ts'
import type { Pki } from './credentials.ts'
import { listening } from './listening.ts'
import { type AuthenticationRequest, bytesOf } from './recorded-authentication.ts'
import type { RecordedSetup } from './setup.ts'

export interface Http1App {
  ask(request: AuthenticationRequest): Promise<HttpAnswer>
  close(): Promise<void>
}

/** An app that uses TLS if a client presents a certificate, and plain HTTP otherwise. */
export async function http1App(
  app: RequestListener,
  pki: Pki,
  { clientCA, requestHeader }: RecordedSetup,
): Promise<Http1App> {
  // As in kube-apiserver, client certificates are requested only if they are used.
  const options = clientCA || requestHeader ? tlsServerOptions(pki.server) : pki.server
  const [plain, tls] = await Promise.all([
    listening(createServer(app)),
    listening(createTlsServer(options, app)),
  ])
  return {
    ask(request) {
      const { cert } = request
      if (cert === undefined) return sendBytes(plain.port, bytesOf(request))
      const credential = pki.credentialOf(cert)
      return exchange(tlsConnection(tls.port, { protocol: 'http/1.1', credential }), bytesOf(request))
    },
    async close() {
      await Promise.all([plain.close(), tls.close()])
    },
  }
}
