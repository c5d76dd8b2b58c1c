import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import type { UserInfo } from '@kube-authn/core'
import type { NextFunction, Request, Response } from 'express'
import { serviceUnavailable } from './status.ts'

/** An API of another server, as an APIService describes it. */
export interface ApiService {
  readonly group: string
  readonly version: string
  /** The name in the certificate of the server, as in `catalog.shop.svc`. */
  readonly serverName: string
  /** Its port on this machine. */
  readonly port: number
  /** The CA of that certificate, in PEM. */
  readonly caBundle: string
}

/** The client certificate of the front proxy, so that its headers are trusted. In PEM. */
export interface FrontProxyCredential {
  readonly cert: string
  readonly key: string
}

/** The settings of the front proxy in the ConfigMap `extension-apiserver-authentication`. */
export const FRONT_PROXY = {
  allowedNames: ['front-proxy-client'],
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: ['X-Remote-Uid'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
} as const

/** Forwards a request that passed `authentication`, with the headers of its user, and returns the response. */
export function forward(
  { serverName, port, caBundle }: ApiService,
  { cert, key }: FrontProxyCredential,
  user: UserInfo,
  [req, res, next]: readonly [Request, Response, NextFunction],
): void {
  const upstream = request({
    host: 'localhost',
    port,
    servername: serverName,
    ca: caBundle,
    cert,
    key,
    agent: false,
    method: req.method,
    path: req.originalUrl,
    headers: { ...passedOn(req.headers), ...identityHeaders(user) },
  })
  upstream.on('response', (answer) => {
    res.writeHead(answer.statusCode ?? 502, passedOn(answer.headers))
    answer.on('error', () => res.destroy()).pipe(res)
  })
  upstream.on('error', (cause) => {
    if (res.headersSent) res.destroy()
    else next(serviceUnavailable(cause))
  })
  res.once('close', () => upstream.destroy())
  req.pipe(upstream)
}

/** Headers about this connection only. `transfer-encoding` is forwarded: the body keeps its framing. */
const OF_A_CONNECTION = new Set(['connection', 'expect', 'host', 'keep-alive', 'proxy-connection', 'upgrade'])

/** All other headers. Those that only the front proxy may send are not among them: `authentication` removes them. */
function passedOn(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_A_CONNECTION.has(name)))
}

/** The headers of the user. The key of an extra may have any characters, and is percent-encoded in the name of its header. */
function identityHeaders({ username, uid, groups, extra }: UserInfo): Record<string, string | string[]> {
  const extras = Object.entries(extra).map(([key, values]) => [
    `X-Remote-Extra-${encodeURIComponent(key)}`,
    values.map(utf8),
  ])
  return {
    'X-Remote-User': utf8(username),
    ...(uid !== '' && { 'X-Remote-Uid': utf8(uid) }),
    'X-Remote-Group': groups.map(utf8),
    ...(Object.fromEntries(extras) as Record<string, string[]>),
  }
}

/** Encodes a value for Node, which sends one byte for each character. */
function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
