import { expect, it, vi } from 'vitest'
import type { LogEntry } from '@kube-authn/core'
import { actions, called, chain } from '../test/apps.ts'
import { Strategy } from './index.ts'

/** Made for each case, since its headers are removed. */
const withToken = (token: string, more: object = {}): object => ({
  headers: { authorization: `Bearer ${token}` },
  rawHeaders: ['Authorization', `Bearer ${token}`],
  method: 'GET',
  url: '/',
  httpVersionMajor: 1,
  ...more,
})

it.each<[what: string, more: object, options: object | undefined, count: number]>([
  ['neither a session nor an option', {}, undefined, 1],
  ['no session, and other options', {}, { failWithError: true }, 1],
  ['the option session: false', {}, { session: false }, 0],
  ['another property for the user', {}, { assignProperty: 'account' }, 0],
  ['a session', { session: {} }, undefined, 0],
])('a success with %s', async (_, more, options, count) => {
  const lines: LogEntry[] = []
  const given = actions()
  const strategy = new Strategy(chain, { log: (entry) => lines.push(entry) })
  strategy.authenticate.call(given, withToken('good', more) as never, options)
  expect(called(given)).toHaveProperty('success')
  if (count > 0) await vi.waitFor(() => expect(lines).toHaveLength(count))
  else await new Promise((resolve) => void setImmediate(resolve))
  expect(lines.map(({ code }) => code)).toEqual(Array.from({ length: count }, () => 'KUBE_AUTHN_NO_SESSION'))
})

it('refusals are logged only if a log is given, since a later strategy may accept the request', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const wrong = withToken('wrong')
  const lines: LogEntry[] = []
  new Strategy(chain, { log: (entry) => lines.push(entry) }).authenticate.call(actions(), wrong as never)
  await vi.waitFor(() => expect(lines).toMatchObject([{ type: 'refusal', status: 401 }]))
  new Strategy(chain).authenticate.call(actions(), wrong as never)
  expect(warn).not.toHaveBeenCalled()
})
