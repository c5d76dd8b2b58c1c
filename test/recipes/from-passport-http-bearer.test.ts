import type { RequestListener } from 'node:http'
import passport from 'passport'
import { expect, it } from 'vitest'
import { type Ask, bearer, recipe, serve } from './recipe.ts'

const { load } = recipe('from-passport-http-bearer')

// Two of the programs register a strategy of the same name, so each is tried before the next.
async function tryOut(file: string, try_: (ask: Ask) => Promise<void>): Promise<void> {
  const { app } = await load<{ app: RequestListener }>(file)
  await try_(await serve(app))
  passport.unuse('bearer')
}

const whatStays = async (ask: Ask): Promise<void> => {
  const response = await ask('/me', { headers: bearer('secret') })
  await expect(response.json()).resolves.toEqual({ user: 'jane' })
  for (const headers of [{}, bearer('guess'), { authorization: 'Basic c2VjcmV0' }]) {
    const refused = await ask('/me', { headers })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer realm=/)
  }
}

it('before', () =>
  tryOut('before.ts', async (ask) => {
    await whatStays(ask)
    expect((await ask('/me?access_token=secret')).status).toBe(200)
    expect((await ask('/me?access_token=secret', { headers: bearer('secret') })).status).toBe(400)
  }))

it.each(['with-passport.ts', 'without-passport.ts'])('after, %s', (file) =>
  tryOut(file, async (ask) => {
    await whatStays(ask)
    expect((await ask('/me?access_token=secret')).status).toBe(401)
    expect((await ask('/me?access_token=secret', { headers: bearer('secret') })).status).toBe(200)
  }),
)
