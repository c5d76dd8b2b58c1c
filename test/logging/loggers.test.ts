import createDebug from 'debug'
import { Writable } from 'node:stream'
import { formatWithOptions } from 'node:util'
import pino from 'pino'
import { expect, it, vi } from 'vitest'
import winston from 'winston'
import { authenticatorChain, type Log, type LogEntry } from '@kube-authn/core'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { tokenFile } from '@kube-authn/core/token-file'
import { fakeRequest } from '@kube-authn/testing'

const chain = authenticatorChain({ tokens: [tokenFile('t,jane,1')] })
const LINE =
  'kube-authn: 401 GET /orders/100%25: bearer token (not a JWT) refused: no token authenticator knows it. Compare the whole token with ' +
  'its source, such as the first column of the token file: every character counts, also upper and lower case.'

/** Refuses a request. The code of the log is loaded late, so its line is waited for. */
async function refuse(log: Log): Promise<void> {
  await authenticateRequest(chain, { log })(
    fakeRequest({ url: '/orders/100%25?secret=1', headers: [['Authorization', 'Bearer wrong']] }),
  )
}

/** A stream, and what was written to it. */
function memory(): { readonly stream: Writable; readonly written: string[] } {
  const written: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk))
      done()
    },
  })
  return { stream, written }
}

const parsed = (line: string): unknown => JSON.parse(line)

it('console has the four methods', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  await refuse(console)
  await vi.waitFor(() => expect(warn.mock.calls).toEqual([[LINE]]))
})

it('pino gets the line as its message', async () => {
  const { stream, written } = memory()
  await refuse(pino({ base: null, timestamp: false }, stream))
  await vi.waitFor(() => expect(written.map(parsed)).toEqual([{ level: 40, msg: LINE }]))
})

it('pino gets the parts through a function', async () => {
  const { stream, written } = memory()
  const logger = pino({ base: null, timestamp: false }, stream)
  await refuse(({ level, message, ...parts }) => logger[level](parts, message))
  await vi.waitFor(() =>
    expect(written.map(parsed)).toMatchObject([
      { level: 40, msg: LINE, type: 'refusal', status: 401, path: '/orders/100%25' },
    ]),
  )
})

it('winston gets the line as its message', async () => {
  const { stream, written } = memory()
  const transports = [new winston.transports.Stream({ stream })]
  await refuse(winston.createLogger({ format: winston.format.json(), transports }))
  await vi.waitFor(() => expect(written.map(parsed)).toEqual([{ level: 'warn', message: LINE }]))
})

it('winston gets the parts through a function', async () => {
  const { stream, written } = memory()
  const transports = [new winston.transports.Stream({ stream })]
  const logger = winston.createLogger({ format: winston.format.json(), transports })
  await refuse(({ level, message, ...parts }) => logger.log(level, message, parts))
  await vi.waitFor(() =>
    expect(written.map(parsed)).toMatchObject([
      { level: 'warn', message: LINE, status: 401, reason: 'no token authenticator knows it' },
    ]),
  )
})

it('debug gets the line through a function', async () => {
  const printed: string[] = []
  createDebug.enable('kube-authn')
  const debug = createDebug('kube-authn')
  debug.log = (...given: unknown[]) => void printed.push(formatWithOptions({ colors: false }, ...given))
  await refuse(({ message }) => debug('%s', message))
  await vi.waitFor(() => expect(printed).toEqual([expect.stringContaining(LINE)]))
})

it.each<[what: string, log: Log]>([
  ['throws', () => raise()],
  ['rejects', () => Promise.reject(new Error('log'))],
  ['has methods that throw', { debug: raise, info: raise, warn: raise, error: raise }],
])('a log that %s does not affect the response', async (_, log) => {
  const outcome = await authenticateRequest(chain, { log })(
    fakeRequest({ headers: [['Authorization', 'Bearer wrong']] }),
  )
  expect(outcome).toMatchObject({ failure: { status: 401 } })
})

function raise(): never {
  throw new Error('log')
}

it.each([
  ['a name', 'console'],
  ['null', null],
  ['true', true],
  ['a logger without warn, as of syslog levels', { debug: raise, info: raise, warning: raise, error: raise }],
])('log must not be %s', (_, log) => {
  expect(() => authenticateRequest(chain, { log: log as never })).toThrow(
    /^log: must be a logger with the methods/,
  )
})

it('an entry has the parts of its line', async () => {
  const entries: LogEntry[] = []
  await refuse((entry) => entries.push(entry))
  await vi.waitFor(() => expect(entries).toHaveLength(1))
  expect(entries).toEqual([
    {
      level: 'warn',
      type: 'refusal',
      message: LINE,
      status: 401,
      method: 'GET',
      path: '/orders/100%25',
      sent: 'bearer token (not a JWT)',
      refusedBy: ['bearerToken'],
      reason: 'no token authenticator knows it',
      advice: expect.stringMatching(/^Compare the whole token/),
    },
  ])
})
