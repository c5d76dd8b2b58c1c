import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { bearer, recipe, serve } from './recipe.ts'

const { load } = recipe('passport', { files: { 'tokens.csv': 'secret,jane,1\n' } })
const { app: first } = await load<{ app: RequestListener }>('chain-as-strategy.ts')
const { app: second } = await load<{ app: RequestListener }>('strategy-in-chain.ts')

describe('the chain as a strategy', async () => {
  const ask = await serve(first)
  it('knows the users of the chain', async () => {
    const response = await ask('/me', { headers: bearer('secret') })
    await expect(response.json()).resolves.toEqual({ user: 'jane' })
  })
  it.each([{}, bearer('guess'), bearer('partner-token')])('refuses %j', async (headers) => {
    const { status, headers: answer } = await ask('/me', { headers })
    expect(status).toBe(401)
    expect(answer.get('www-authenticate')).toMatch(/^Bearer realm="kubernetes-master"/)
  })
})

describe('a strategy in the chain', async () => {
  const ask = await serve(second)
  it('adds its users to those of the chain', async () => {
    const jane = await ask('/me', { headers: bearer('secret') })
    await expect(jane.json()).resolves.toEqual({ user: 'jane', groups: ['system:authenticated'] })
    const acme = await ask('/me', { headers: bearer('partner-token') })
    await expect(acme.json()).resolves.toEqual({
      user: 'partner:acme',
      groups: ['partners', 'system:authenticated'],
    })
  })
  it.each([{}, bearer('guess')])('refuses %j', async (headers) => {
    expect((await ask('/me', { headers })).status).toBe(401)
  })
  it('takes no token from the query, as the strategy alone would', async () => {
    expect((await ask('/me?access_token=partner-token')).status).toBe(401)
  })
})
