import type { RequestListener } from 'node:http'
import { authentication } from '@kube-authn/express'
import { bearerToken } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import cors from 'cors'
import express from 'express'
import type { Hono } from 'hono'
import type Koa from 'koa'
import { describe, expect, it, vi } from 'vitest'
import { type Ask, basic, bearer, recipe, serve } from './recipe.ts'

const { load } = recipe('cors', { files: { 'tokens.csv': 'secret,jane,1\n' } })
const { app: expressApp } = await load<{ app: RequestListener }>('express.ts')
const { app: koaApp } = await load<{ app: Koa }>('koa.ts')
const { app: honoApp } = await load<{ app: Hono }>('hono.ts')

const apps: readonly (readonly [string, Ask])[] = [
  ['Express', await serve(expressApp)],
  ['Koa', await serve(koaApp.callback())],
  ['Hono', async (path, init) => honoApp.request(path, init)],
]

const origin = 'https://app.example.com'
const preflight = (from: string): RequestInit => ({
  method: 'OPTIONS',
  headers: {
    origin: from,
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'authorization',
  },
})

// First, since there is one warning for each process.
it('in the wrong order the preflight request is a 401 that no browser accepts', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const app = express()
  app.use(authentication(bearerToken(tokenFile('secret,jane,1'))), cors({ origin }))
  const ask = await serve(app)
  const { status, headers } = await ask('/orders', preflight(origin))
  expect(status).toBe(401)
  expect(headers.has('access-control-allow-origin')).toBe(false)
  // The code of the log is loaded for its first line.
  await vi.waitFor(() => {
    expect(warn).toHaveBeenCalledWith(
      expect.stringContaining('put the CORS middleware before'),
      expect.objectContaining({ code: 'KUBE_AUTHN_PREFLIGHT' }),
    )
  })
})

describe.each(apps)('%s', (_name, ask) => {
  it('answers a preflight request without credentials', async () => {
    const { status, headers } = await ask('/orders', preflight(origin))
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.get('access-control-allow-headers')).toBe('authorization')
    expect(headers.get('access-control-max-age')).toBe('600')
  })

  it('allows no other origin', async () => {
    for (const other of ['https://evil.example', 'https://app.example.com.evil.example', 'null']) {
      const { headers } = await ask('/orders', preflight(other))
      expect(headers.get('access-control-allow-origin')).toBeFalsy()
    }
  })

  it('serves a user of the page', async () => {
    const response = await ask('/orders', { headers: { origin, ...bearer('secret') } })
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(response.headers.get('access-control-expose-headers')).toMatch(/retry-after, ?audit-id/)
    await expect(response.json()).resolves.toEqual({ user: 'jane' })
  })

  it.each([
    ['no credential', {}],
    ['a wrong token', bearer('guess')],
    ['a password', basic('jane', 'secret')],
  ])('refuses %s so that the page can read it, and without a dialog', async (_title, credential) => {
    const { status, headers } = await ask('/orders', { headers: { origin, ...credential } })
    expect(status).toBe(401)
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.has('www-authenticate')).toBe(false)
  })
})
