import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type Ask, bearer, recipe, serve } from './recipe.ts'

const { load } = recipe('trpc', {
  files: { 'tokens.csv': 'secret,jane,1\nadmins-token,ann,2,admins\n' },
})
const { handler } = await load<{ handler: (request: Request) => Promise<Response> }>('app.ts')
const { app } = await load<{ app: RequestListener }>('express.ts')

const viaFetch: Ask = (path, init) => handler(new Request(`https://localhost${path}`, init))
const apps: readonly (readonly [string, Ask])[] = [
  ['a handler of Fetch requests', viaFetch],
  ['Express', await serve(app)],
]

describe.each(apps)('%s', (_name, ask) => {
  it('gives the user to procedures', async () => {
    const response = await ask('/trpc/whoami', { headers: bearer('secret') })
    await expect(response.json()).resolves.toEqual({ result: { data: 'jane' } })
  })

  it.each([{}, bearer('guess')])('refuses %j before any procedure', async (headers) => {
    for (const path of ['/trpc/whoami', '/trpc/nothing', '/trpc/whoami?batch=1&input=%7B%7D']) {
      const response = await ask(path, { headers })
      expect(response.status).toBe(401)
      await expect(response.json()).resolves.toMatchObject({ kind: 'Status' })
    }
  })
})

describe('a procedure that needs a group', () => {
  const clear = (token: string): Promise<Response> =>
    viaFetch('/trpc/clear', {
      method: 'POST',
      headers: { ...bearer(token), 'content-type': 'application/json' },
      body: 'null',
    })

  it('is for its members', async () => {
    await expect((await clear('admins-token')).json()).resolves.toEqual({ result: { data: 'cleared' } })
    expect((await clear('secret')).status).toBe(403)
    expect((await clear('guess')).status).toBe(401)
  })

  it('is refused alone in a batch', async () => {
    const response = await viaFetch('/trpc/clear,clear?batch=1', {
      method: 'POST',
      headers: { ...bearer('secret'), 'content-type': 'application/json' },
      body: '{}',
    })
    const results = (await response.json()) as { error?: { data: { code: string } } }[]
    expect(results.map(({ error }) => error?.data.code)).toEqual(['FORBIDDEN', 'FORBIDDEN'])
  })
})
