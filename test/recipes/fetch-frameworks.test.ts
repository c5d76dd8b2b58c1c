import { expect, it } from 'vitest'
import { bearer, recipe } from './recipe.ts'

type Handler = (request: Request, ...rest: unknown[]) => Promise<Response>
const { load } = recipe('fetch-frameworks', {
  files: { 'tokens.csv': 'secret,jane,1\nadmins-token,ann,2,admins\n' },
})
const { GET, DELETE, fetch } = await load<Record<'GET' | 'DELETE' | 'fetch', Handler>>('route.ts')

const asked = (headers: Record<string, string>): Request =>
  new Request('https://localhost/orders/17', { headers })
const route = { params: Promise.resolve({ id: '17' }) }

it('gives the user and the arguments of the framework to the handler', async () => {
  const response = await GET(asked(bearer('secret')), route)
  await expect(response.json()).resolves.toEqual({ order: '17', by: 'jane' })
  await expect((await fetch(asked(bearer('secret')))).text()).resolves.toBe('jane')
})

it('asks for a group', async () => {
  expect((await DELETE(asked(bearer('secret')), route)).status).toBe(403)
  const response = await DELETE(asked(bearer('admins-token')), route)
  await expect(response.json()).resolves.toEqual({ deletedBy: 'ann' })
})

it.each([{}, bearer('guess')])('refuses %j', async (headers) => {
  for (const handler of [GET, DELETE, fetch]) {
    const response = await handler(asked(headers), route)
    expect(response.status).toBe(401)
    await expect(response.json()).resolves.toMatchObject({ kind: 'Status' })
  }
})
