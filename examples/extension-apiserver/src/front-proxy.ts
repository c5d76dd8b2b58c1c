import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import type { UserInfo } from '@kube-authn/core'
import type { NextFunction, Request, Response } from 'express'
import { serviceUnavailable } from './status.ts'

/** An API that somebody else serves: what an APIService says. */
export interface ApiService {
  readonly group: string
  readonly version: string
  /** The name in the certificate of the server, as in `catalog.shop.svc`. */
  readonly serverName: string
  /** Where it is on this machine. */
  readonly port: number
  /** Who signed that certificate, in PEM. */
  readonly caBundle: string
}

/** What the front proxy shows, so that its headers are believed. In PEM. */
export interface FrontProxyCredential {
  readonly cert: string
  readonly key: string
}

/** How the front proxy is known, in the words of the ConfigMap `extension-apiserver-authentication`. */
export const FRONT_PROXY = {
  allowedNames: ['front-proxy-client'],
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: ['X-Remote-Uid'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
} as const

/** Sends a request that came through `authentication` on, in the name of a user, and its answer back. */
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

/** They are about this connection and not about the next one. `transfer-encoding` stays: a body is framed as it came. */
const OF_A_CONNECTION = new Set(['connection', 'expect', 'host', 'keep-alive', 'proxy-connection', 'upgrade'])

/** Everything else. What only the front proxy says is not in it: `authentication` takes that away from whomever it came. */
function passedOn(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_A_CONNECTION.has(name)))
}

/** Who the user is. An extra's key may hold anything, and is percent-encoded in the name of its header. */
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

/** Node sends one byte for each character. */
function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
