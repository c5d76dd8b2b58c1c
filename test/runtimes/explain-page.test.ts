import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { authenticatorChain } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import * as forExpress from '@kube-authn/express'
import * as forKoa from '@kube-authn/koa'
import { explainPage } from '@kube-authn/explain-page'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'

const chain = authenticatorChain({
  tokens: [tokenFile('the-token-of-ada,ada,1,admins\nthe-token-of-jane,jane,2')],
})
const page = explainPage(chain, { allow: 'admins' })
const authorization = 'Bearer the-token-of-ada'

type Listener = (req: IncomingMessage, res: ServerResponse) => unknown

const frameworks: readonly { readonly name: string; readonly makeApp: () => Listener }[] = [
  { name: 'Node', makeApp: () => page },
  { name: 'Express, below a path', makeApp: () => express().use('/admin', page) },
  {
    name: 'Express, after a parser of forms',
    makeApp: () => express().use(express.urlencoded()).all('/admin/explain', page),
  },
  { name: 'Koa', makeApp: () => new Koa().use(page.koa).callback() },
  {
    name: 'Hono on Node',
    makeApp: () =>
      getRequestListener(new Hono().all('/admin/explain', (c) => page.fetch(c.req.raw, c.env)).fetch),
  },
  {
    name: 'Hono on Fetch',
    makeApp: () => getRequestListener(new Hono().all('/admin/explain', (c) => page.fetch(c.req.raw)).fetch),
  },
]

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listen(app: Listener): Promise<number> {
  const server = createServer((req, res) => void app(req, res))
  closing.push(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

/** With Node, since `fetch` sets the headers of browsers itself. */
async function ask(
  port: number,
  headers: Record<string, string>,
  form?: Record<string, string>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        port,
        path: '/admin/explain?x',
        agent: false,
        method: form === undefined ? 'GET' : 'POST',
        headers: {
          ...(form !== undefined && {
            'content-type': 'application/x-www-form-urlencoded',
            origin: `http://127.0.0.1:${port}`,
          }),
          host: `127.0.0.1:${port}`,
          ...headers,
        },
      },
      (response) => {
        let text = ''
        response.on('data', (data) => (text += String(data)))
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }))
      },
    )
    sent.on('error', reject).end(form === undefined ? undefined : String(new URLSearchParams(form)))
  })
}

describe.each(frameworks)('explainPage on $name', ({ makeApp }) => {
  it('explains the request of an allowed visitor', async () => {
    const port = await listen(makeApp())
    const { status, headers, text } = await ask(port, { authorization })
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'content-type': 'text/html; charset=utf-8',
    })
    expect(text).toContain('You are <strong><bdi>ada</bdi></strong>')
    expect(text).toContain(`data-text="curl http://127.0.0.1:${port}/admin/explain"`)
  })

  it('explains a pasted credential', async () => {
    const port = await listen(makeApp())
    const { text } = await ask(port, { authorization }, { who: 'token', token: 'the-token-of-jane' })
    expect(text).toContain('You are <strong><bdi>jane</bdi></strong>')
    expect(text).toContain(`http://127.0.0.1:${port}/`)
    expect(text).not.toContain('the-token')
  })

  it('refuses all others', async () => {
    const port = await listen(makeApp())
    expect(await ask(port, {})).toMatchObject({ status: 401, headers: { 'cache-control': 'no-store' } })
    expect(await ask(port, { authorization: 'Bearer the-token-of-jane' })).toMatchObject({ status: 403 })
    const foreign = { authorization, origin: 'https://evil.example.com' }
    expect(await ask(port, foreign, { who: 'none' })).toMatchObject({ status: 403 })
  })
})

describe('explainPage behind an authentication, which removes credentials,', () => {
  it.each<[string, () => Listener]>([
    ['Express', () => express().use(forExpress.authentication(chain)).use('/admin', page)],
    ['Koa', () => new Koa().use(forKoa.authentication(chain)).use(page.koa).callback()],
  ])('says so on %s', async (_, makeApp) => {
    const { status, text } = await ask(await listen(makeApp()), { authorization })
    expect(status).toBe(500)
    expect(JSON.parse(text)).toMatchObject({
      message:
        'the explain page is behind an authentication middleware, which removes credentials: mount it before that',
    })
  })
})
