import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import type { Authenticator } from '@kube-authn/core'
import { authentication, type AuthenticationOptions, getUser } from '@kube-authn/express'
import { tlsServerOptions } from '@kube-authn/node'
import type { TlsServerCredential } from '@kube-authn/node/internal'
import express from 'express'

/** The app's response to an authenticated request. */
export interface Known {
  readonly username: string
  readonly groups: readonly string[]
  /** The headers that the app received, in lower case, except those of every client. */
  readonly headers: readonly string[]
}

/** A server that is listening. */
export interface Listening {
  readonly port: number
  close(): Promise<void>
}

/** An app, and what it received. */
export interface HttpsApp extends Listening {
  /** The common name of the certificate of each request for the page, trusted or not. */
  readonly presented: readonly (string | undefined)[]
}

const EVERYDAY = new Set(['host', 'user-agent', 'accept', 'connection', 'content-length'])

/** An Express app over HTTPS, on a free port, that returns the user. */
export async function httpsApp(
  credential: TlsServerCredential,
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): Promise<HttpsApp> {
  const presented: (string | undefined)[] = []
  const app = express()
  app.get('/', ({ socket }, _res, next) => {
    const { subject } = (socket as TLSSocket).getPeerCertificate() as Partial<PeerCertificate>
    presented.push(subject === undefined ? undefined : String(subject.CN))
    next()
  })
  app.use(authentication(authenticator, options))
  app.get('/', (req, res) => {
    const { username, groups } = getUser(req)
    const headers = req.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
    res.json({ username, groups, headers: headers.filter((name) => !EVERYDAY.has(name)) } satisfies Known)
  })
  const server = createServer(tlsServerOptions(credential), app)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    presented,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
