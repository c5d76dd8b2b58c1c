import type { RequestListener } from 'node:http'
import type { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Hono } from 'hono'
import { expect, it } from 'vitest'
import { bearer, recipe, serve } from './recipe.ts'

const { load } = recipe('metrics', { files: { 'tokens.csv': 'token-of-jane,jane,1\n' } })

it('counts requests in the registry of the app', async () => {
  const { app } = await load<{ app: RequestListener }>('prom-client.ts')
  const ask = await serve(app)
  await ask('/orders', { method: 'POST', headers: bearer('token-of-jane') })
  await ask('/orders', { method: 'POST', headers: bearer('guess') })
  await ask('/orders', { method: 'POST' })
  const text = await (await ask('/metrics')).text()
  expect(text).toMatch(/^orders_total 1$/m)
  for (const result of ['success', 'error', 'failure']) {
    expect(text).toMatch(new RegExp(`^authentication_attempts\\{result="${result}"\\} 1$`, 'm'))
  }
  expect(text).not.toMatch(/guess|jane/)
})

it('creates a span for each request', async () => {
  const { app, exporter } = await load<{ app: Hono; exporter: InMemorySpanExporter }>('opentelemetry.ts')
  await app.request('/orders', { headers: bearer('token-of-jane') })
  await app.request('/orders', { headers: bearer('guess') })
  await app.request('/orders')
  const spans = exporter.getFinishedSpans()
  expect(spans.map(({ name, attributes }) => [name, attributes['kube_authn.outcome']])).toEqual([
    ['authenticate', 'authenticated'],
    ['authenticate', 'rejected'],
    ['authenticate', 'noOpinion'],
  ])
  expect(JSON.stringify(spans.map(({ attributes, events }) => [attributes, events]))).not.toMatch(
    /guess|jane/,
  )
})
