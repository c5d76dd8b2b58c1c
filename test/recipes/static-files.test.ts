import { mkdirSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import type { Hono } from 'hono'
import type Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { type Ask, bearer, recipe, serve } from './recipe.ts'

const { load, folder } = recipe('static-files', { files: { 'tokens.csv': 'secret,jane,1\n' } })
mkdirSync(`${folder}/public/api`, { recursive: true })
writeFileSync(`${folder}/public/index.html`, '<h1>Welcome</h1>')
writeFileSync(`${folder}/public/api/report.json`, '{"public":true}')

const { app: expressApp } = await load<{ app: RequestListener }>('express.ts')
const { app: koaApp } = await load<{ app: Koa }>('koa.ts')
const { app: honoApp } = await load<{ app: Hono }>('hono.ts')
const apps: readonly (readonly [string, Ask])[] = [
  ['Express', await serve(expressApp)],
  ['Koa', await serve(koaApp.callback())],
  ['Hono', async (path, init) => honoApp.request(path, init)],
]

describe.each(apps)('%s', (name, ask) => {
  it('serves the page without a user', async () => {
    for (const path of ['/', '/index.html']) {
      const response = await ask(path)
      expect(response.status).toBe(200)
      await expect(response.text()).resolves.toContain('Welcome')
    }
  })

  it('serves the API to users', async () => {
    const response = await ask('/api/me', { headers: bearer('secret') })
    await expect(response.json()).resolves.toEqual({ user: 'jane' })
  })

  it.each(['/api/me', '/api', '/api/', '/api/report.json', '/api/nothing', '/api/me?x=1', '/api//me'])(
    'refuses %s without a user',
    async (path) => {
      expect((await ask(path)).status).toBe(401)
      expect((await ask(path, { headers: bearer('guess') })).status).toBe(401)
    },
  )

  it.each(['/API/me', '/%61pi/me', '/./api/me', '//api/me', '/x/../api/me', '/api;x/me'])(
    'serves nothing of the API at %s without a user',
    async (path) => {
      const response = await ask(path)
      expect([400, 401, 404]).toContain(response.status)
    },
  )

  it('has no file below the API, for users either', async () => {
    const response = await ask('/api/report.json', { headers: bearer('secret') })
    expect(response.status).toBe(404)
  })

  it('knows no other private folder than the API: all files are public', async () => {
    const { status } = await ask('/%61pi/report.json')
    expect(status).toBe(name === 'Hono' ? 401 : 200)
  })

  it('serves no files outside of its folder', async () => {
    for (const path of ['/../tokens.csv', '/%2e%2e/tokens.csv', '/..%2ftokens.csv']) {
      expect(await (await ask(path)).text()).not.toContain('secret')
    }
  })
})
