import { expect, it } from 'vitest'
import type { KnownCredential } from '../authenticator/authenticator.ts'
import { rejected } from '../authenticator/errors.ts'
import type { LogEntry } from '../authenticator/log.ts'
import { StatusError } from '../authenticator/status.ts'
import type { Refusal } from './refusal.ts'
import { exactHeaders } from '../request/headers/exact.ts'
import { logRefusal } from './log-refusal.ts'

const refusal = (path: string): Refusal => ({
  request: { method: 'GET', path, query: '', headers: exactHeaders(['authorization', 'Bearer wrong']) },
  failure: new StatusError({ status: 401, reason: 'Unauthorized', message: 'Unauthorized' }),
  by: 'authentication',
  error: rejected('it is wrong'),
})

it('a flood leaves few lines and, with the next one, the number of those left out', () => {
  const lines: LogEntry[] = []
  const log = (entry: LogEntry): void => void lines.push(entry)
  for (let count = 0; count < 1000; count++) logRefusal(log, refusal(`/${count}`), 1000)
  expect(lines).toHaveLength(10)
  expect(lines.at(-1)?.message).toMatch(/ Further lines like this one are left out for up to a minute\.$/)

  logRefusal(log, refusal('/next'), 62_000)
  expect(lines.slice(10)).toMatchObject([
    {
      type: 'leftOut',
      level: 'warn',
      count: 990,
      message: expect.stringMatching(
        /^kube-authn: 990 more refusals were not logged in the last minute, 990 of them like: kube-authn: 401 GET \/0: /,
      ),
    },
    { type: 'refusal', path: '/next' },
  ])
})

it.each([
  [[], 'Cookies are not read.'],
  [['X-Auth-Token'], 'Cookies are not read.'],
  [['X-Auth-Token', 'Cookie'], 'None of the cookies is a session: it ended, or it was changed.'],
])('with the headers %j as credentials, it is said of cookies what they are', (names, hint) => {
  const lines: LogEntry[] = []
  const known = [() => names.map((name) => ({ type: 'header' as const, name }))]
  const headers = exactHeaders(['cookie', '__Host-session=ended'])
  logRefusal(
    (entry) => lines.push(entry),
    {
      ...refusal('/'),
      request: { method: 'GET', path: '/', query: '', headers },
      error: undefined,
      authenticator: {
        name: 'chain',
        credentials: { schemes: [], identityHeaders: [], known },
        authenticate: () => Promise.resolve(undefined),
      },
    },
    1000,
  )
  expect(lines[0]?.message).toContain(` ${hint}`)
  expect(lines[0]?.message).not.toContain('=ended')
})

it('logs have limits of their own', () => {
  const one: LogEntry[] = []
  const other: LogEntry[] = []
  for (let count = 0; count < 20; count++) logRefusal((entry) => one.push(entry), refusal('/'), 1000)
  const log = (entry: LogEntry): void => void other.push(entry)
  for (let count = 0; count < 20; count++) logRefusal(log, refusal('/'), 1000)
  expect([one.length, other.length]).toEqual([20, 10])
})

it.each<readonly [what: string, known: readonly KnownCredential[], token: string, said: RegExp]>([
  [
    'an opaque token for JWTs',
    [{ type: 'token', format: 'JWT' }],
    'opaque',
    / Only JWTs are accepted here: /,
  ],
  [
    'one for anything',
    [{ type: 'token' }, { type: 'token', format: 'JWT' }],
    'opaque',
    / Compare the whole token /,
  ],
  [
    'another issuer',
    [{ type: 'token', format: 'JWT', issuers: ['https://a.example/'] }],
    `${btoa('{"alg":"ES256"}')}.${btoa('{"iss":"https://a.example"}').replaceAll('=', '')}.AA`,
    /; the configured issuer is "https:\/\/a\.example\/"\./,
  ],
])('what to do about an unknown token is true: %s', (_, known, token, said) => {
  const lines: LogEntry[] = []
  const authenticator = {
    name: 'chain',
    credentials: { schemes: [], known: [() => known] },
    authenticate: () => undefined,
  }
  const headers = exactHeaders(['authorization', `Bearer ${token}`])
  const request = { method: 'GET', path: '/', query: '', headers }
  const given = { ...refusal('/'), request, error: rejected('invalid bearer token'), authenticator }
  logRefusal((entry) => lines.push(entry), given, 1000)
  expect(lines[0]?.message).toMatch(said)
})
