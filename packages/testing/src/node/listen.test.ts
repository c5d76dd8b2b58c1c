import { request } from 'node:https'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  createIssuer,
  createPki,
  fakeTokenReviewWebhook,
  type FakeService,
  fakeUser,
  knownTokens,
} from '../index.ts'
import { listen } from './index.ts'
import type { ListeningService, ListenOptions } from './listen.ts'

const pki = await createPki()

async function listening(service: FakeService, options: ListenOptions = { pki }): Promise<ListeningService> {
  const running = await listen(service, options)
  onTestFinished(() => running.close())
  return running
}

const newIssuer = (url?: string) =>
  createIssuer({ signingAlgorithms: ['ES256'], cacheControl: 'no-store', ...(url !== undefined && { url }) })

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Trusts only this CA. */
function ask(
  url: string,
  { caPem }: { readonly caPem: string },
  init: { method?: string; body?: string; signal?: AbortSignal } = {},
): Promise<Answer> {
  const { body: sentBody, ...options } = init
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, ca: caPem, agent: false, headers: { 'X-Name': ['a', 'b'] } })
    sent.on('response', (response) => {
      let body = ''
      response.on('data', (data) => (body += String(data)))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
    sent.on('error', reject).end(sentBody)
  })
}

describe('listen', () => {
  test('serves an issuer over TLS, which says where it is now', async () => {
    const issuer = await newIssuer('https://issuer.example.com/realms/a')
    const running = await listening(issuer)
    expect(running.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/realms\/a$/)
    expect(issuer.url).toBe(running.url)
    const { status, headers, body } = await ask(`${running.url}/.well-known/openid-configuration`, running)
    expect([status, headers['content-type']]).toEqual([200, 'application/json'])
    expect(JSON.parse(body)).toMatchObject({ issuer: running.url, jwks_uri: issuer.jwksUri })
    expect((await ask(issuer.jwksUri, running)).headers['cache-control']).toBe('no-store')
    expect(issuer.requests.map(({ path }) => path)).toEqual([
      '/realms/a/.well-known/openid-configuration',
      '/realms/a/jwks',
    ])
    expect(issuer.requests[0]?.headers.get('x-name')).toBe('a, b')
  })

  test('makes an authority of its own when it is given none', async () => {
    const issuer = await newIssuer()
    const running = await listening(issuer, {})
    expect(running.caPem).not.toBe(pki.caPem)
    expect((await ask(issuer.jwksUri, running)).status).toBe(200)
    await expect(ask(issuer.jwksUri, pki)).rejects.toMatchObject({
      code: expect.stringMatching(/VERIFY|SELF_SIGNED/),
    })
  })

  test('hands on what is posted', async () => {
    const webhook = fakeTokenReviewWebhook(knownTokens({ żółć: fakeUser() }))
    const running = await listening(webhook)
    const body = JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token: 'żółć' },
    })
    const answer = await ask(running.url, running, { method: 'POST', body })
    expect(JSON.parse(answer.body)).toMatchObject({ status: { authenticated: true } })
    expect(webhook.reviews).toEqual([{ version: 'v1', token: 'żółć' }])
  })

  test('loses connections during an outage, and answers after it', async () => {
    const issuer = await newIssuer()
    const running = await listening(issuer)
    issuer.stop()
    await expect(ask(issuer.jwksUri, running)).rejects.toMatchObject({ code: 'ECONNRESET' })
    issuer.stop({ status: 503, headers: { 'retry-after': '7' } })
    expect(await ask(issuer.jwksUri, running)).toMatchObject({ status: 503, headers: { 'retry-after': '7' } })
    issuer.stop('hang')
    const hanging = ask(issuer.jwksUri, running)
    await expect(ask(issuer.jwksUri, running, { signal: AbortSignal.timeout(50) })).rejects.toThrow()
    issuer.start()
    expect((await hanging).status).toBe(200)
  })

  test('can be closed while a request waits, more than once, and opened again at the same port', async () => {
    const issuer = await newIssuer()
    const running = await listening(issuer)
    issuer.stop('hang')
    const waiting = ask(issuer.jwksUri, running)
    waiting.catch(() => undefined)
    await expect.poll(() => issuer.requests.length).toBe(1)
    await Promise.all([running.close(), running.close()])
    await expect(waiting).rejects.toMatchObject({ code: 'ECONNRESET' })
    await expect(ask(issuer.jwksUri, running)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    issuer.start()
    const again = await listening(issuer, { pki, port: Number(new URL(running.url).port) })
    expect(again.url).toBe(running.url)
    expect((await ask(issuer.jwksUri, again)).status).toBe(200)
  })

  test('rejects when the port is taken', async () => {
    const { url } = await listening(await newIssuer())
    const issuer = await newIssuer()
    await expect(listen(issuer, { pki, port: Number(new URL(url).port) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    expect(issuer.url).toBe('https://issuer.example.com')
  })
})
