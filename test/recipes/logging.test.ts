import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import type Koa from 'koa'
import { expect, it, vi } from 'vitest'
import { bearer, recipe, serve } from './recipe.ts'

const { load, folder } = recipe('logging', { files: { 'tokens.csv': 'secret,jane,1\n' } })
const linesOf = (file: string): readonly Record<string, unknown>[] =>
  readFileSync(`${folder}/${file}`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

it('pino writes a line for each refusal, with the reason', async () => {
  const { app } = await load<{ app: RequestListener }>('pino.ts')
  const ask = await serve(app)
  await ask('/me?token=hidden', { headers: bearer('secret') })
  await ask('/me?token=hidden', { headers: bearer('guess') })
  await ask('/me')
  const refused = { level: 40, msg: 'refused', method: 'GET', path: '/me', client: '127.0.0.1' }
  expect(linesOf('app.log')).toEqual([
    expect.objectContaining({ level: 30, msg: 'hello', user: 'jane' }),
    expect.objectContaining({ ...refused, reason: 'invalid bearer token' }),
    expect.objectContaining({ ...refused, reason: 'no credential that an authenticator knows' }),
  ])
  expect(readFileSync(`${folder}/app.log`, 'utf8')).not.toMatch(/secret|guess|hidden/)
})

it('winston does too', async () => {
  const { app } = await load<{ app: Koa; log: object }>('winston.ts')
  const ask = await serve(app.callback())
  await ask('/me', { headers: bearer('secret') })
  await ask('/me', { headers: bearer('guess') })
  await ask('/me')
  await vi.waitFor(() => expect(linesOf('winston.log')).toHaveLength(2))
  const refused = { level: 'warn', message: 'refused', method: 'GET', path: '/me', client: '127.0.0.1' }
  expect(linesOf('winston.log')).toEqual([
    { ...refused, reason: 'invalid bearer token' },
    { ...refused, reason: 'no known credential' },
  ])
})
