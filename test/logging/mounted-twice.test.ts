import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Authenticator, authenticatorChain } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import * as forExpress from '@kube-authn/express'
import * as forFastify from '@kube-authn/fastify'
import * as forFetch from '@kube-authn/fetch'
import * as forHono from '@kube-authn/hono'
import * as forKoa from '@kube-authn/koa'

/** What a mount of `authentication` is given. */
interface Mount {
  readonly authenticator: Authenticator
  readonly audiences?: readonly string[]
  readonly optional?: boolean
}

function given({ audiences, optional = false }: Mount): Omit<Mount, 'authenticator'> {
  return { optional, ...(audiences !== undefined && { audiences }) }
}

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close().closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function served(fetch: (request: Request) => Response | Promise<Response>): Promise<string> {
  return new Promise((resolve) => {
    const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve(`http://127.0.0.1:${port}/`),
    )
    onTestFinished(() => void server.close())
  })
}

/** Apps that authenticate each request as every mount says, and answer with the name of the user. */
const apps: Readonly<Record<string, (mounts: readonly Mount[]) => Promise<string>>> = {
  async express(mounts) {
    const app = express()
    for (const mount of mounts) app.use(forExpress.authentication(mount.authenticator, given(mount)))
    app.get('/', (req, res) => void res.send(forExpress.getUser(req).username))
    return listening(app)
  },
  async koa(mounts) {
    const app = new Koa()
    for (const mount of mounts) app.use(forKoa.authentication(mount.authenticator, given(mount)))
    app.use((ctx) => {
      ctx.body = forKoa.getUser(ctx).username
    })
    const answer = app.callback()
    return listening((req, res) => void answer(req, res))
  },
  async hono(mounts) {
    const app = new Hono<forHono.AuthenticationEnv>()
    for (const mount of mounts) app.use(forHono.authentication(mount.authenticator, given(mount)))
    app.get('/', (c) => c.text(c.var.user.username))
    return served((request) => app.fetch(request))
  },
  async fastify(mounts) {
    const app = fastify()
    for (const mount of mounts)
      await app.register(forFastify.authentication(mount.authenticator, given(mount)))
    app.get('/', (request) => forFastify.getUser(request).username)
    onTestFinished(() => void app.close())
    return `${await app.listen({ port: 0, host: '127.0.0.1' })}/`
  },
  async fetch(mounts) {
    return served(
      mounts.reduceRight<(request: Request) => Response | Promise<Response>>(
        (inner, mount) =>
          forFetch.withAuthentication(mount.authenticator, (request) => inner(request), given(mount)),
        (request) => new Response(forFetch.getUser(request).username),
      ),
    )
  },
}

const tokens = tokenFile('secret,jane,1')
const chain = authenticatorChain({ tokens: [tokens] })
const other = authenticatorChain({ tokens: [tokens] })
const withAnonymous = authenticatorChain({ tokens: [tokens], anonymous: true })
const strict = { authenticator: chain }
const optional = { authenticator: chain, optional: true }
const audiences = ['https://api.example.com']

const ofJane = { authorization: 'Bearer secret' }
const cases: readonly (readonly [
  what: string,
  mounts: readonly Mount[],
  headers: Readonly<Record<string, string>>,
  expected: string,
])[] = [
  ['the same authenticator twice', [strict, strict], ofJane, '200 jane'],
  ['three times', [strict, strict, strict], ofJane, '200 jane'],
  ['optional inside', [strict, optional], ofJane, '200 jane'],
  ['optional outside', [optional, strict], ofJane, '200 jane'],
  ['anonymous', [{ authenticator: withAnonymous }, { authenticator: withAnonymous }], ofJane, '200 jane'],
  [
    'the same audiences',
    [
      { ...strict, audiences },
      { ...strict, audiences: [...audiences] },
    ],
    ofJane,
    '200 jane',
  ],
  ['no credential', [strict, strict], {}, '401'],
  ['no credential, optional outside', [optional, strict], {}, '401'],
  ['no credential, optional', [optional, optional], {}, '200 system:anonymous'],
  ['another authenticator', [strict, { authenticator: other }], ofJane, '401'],
  ['audiences inside only', [strict, { ...strict, audiences }], ofJane, '401'],
  ['audiences outside only', [{ ...strict, audiences }, strict], ofJane, '401'],
  [
    'other audiences',
    [
      { ...strict, audiences },
      { ...strict, audiences: ['other'] },
    ],
    ofJane,
    '401',
  ],
  [
    'impersonation without its middleware',
    [strict, strict],
    { ...ofJane, 'impersonate-user': 'root' },
    '403',
  ],
]

describe.each(Object.keys(apps))('authentication that is mounted again in %s', (framework) => {
  it.each(cases)('answers as the case says: %s', async (_, mounts, headers, expected) => {
    const url = await apps[framework]?.(mounts)
    const response = await fetch(url ?? '', { headers })
    const text = await response.text()
    expect(response.status === 200 ? `200 ${text}` : String(response.status)).toBe(expected)
  })
})
