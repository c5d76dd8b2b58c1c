import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve as serveHono } from '@hono/node-server'
import type { Hono } from 'hono'
import { afterAll, describe, expect, it } from 'vitest'
import { type Ask, basic, bearer, recipe, serve } from './recipe.ts'

const { load } = recipe('rate-limit', {
  files: { 'tokens.csv': 'secret,jane,1\n', 'passwords.csv': 'pw,joe,2\n' },
})
const { app: expressApp } = await load<{ app: RequestListener }>('express.ts')
const { app: honoApp } = await load<{ app: Hono }>('hono.ts')
const honoServer = serveHono({ fetch: honoApp.fetch, port: 0, hostname: '127.0.0.1' })
await new Promise((resolve) => honoServer.once('listening', resolve))
afterAll(() => void honoServer.close())
const { port } = honoServer.address() as AddressInfo

const apps: readonly (readonly [string, Ask])[] = [
  ['Express', await serve(expressApp)],
  ['Hono', (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init)],
]

describe.each(apps)('%s', (_name, ask) => {
  const statusOf = async (headers: Record<string, string>): Promise<number> =>
    (await ask('/me', { headers })).status

  it('stops an address after ten wrong passwords, and nothing else', async () => {
    for (let count = 0; count < 15; count++) expect(await statusOf(basic('joe', 'pw'))).toBe(200)
    for (let count = 0; count < 15; count++) expect(await statusOf(bearer('guess'))).toBe(401)
    for (let count = 0; count < 15; count++) expect(await statusOf({})).toBe(401)

    // All at once, whatever the names and the spelling of the scheme.
    const guesses = Array.from({ length: 30 }, (_guess, count) =>
      statusOf({ authorization: `${['Basic', 'basic', 'BASIC'][count % 3]} ${btoa(`joe${count}:guess`)}` }),
    )
    const statuses = (await Promise.all(guesses)).toSorted((one, other) => one - other)
    expect(statuses).toEqual([...Array<number>(10).fill(401), ...Array<number>(20).fill(429)])
    const stopped = await ask('/me', { headers: basic('joe', 'pw') })
    expect(stopped.status).toBe(429)
    expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await statusOf({ authorization: `bAsIc ${btoa('joe:pw')}` })).toBe(429)
    expect(await statusOf(bearer('secret'))).toBe(200)
  })
})
