import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../authenticator/log.ts'
import { StatusError } from '../../authenticator/status.ts'
import { exactHeaders } from '../../request/headers/exact.ts'
import { type Failure, logFailure } from './log-failure.ts'
import { logRefusal } from '../../logging/log-refusal.ts'

const LAST = 'Further lines like this one are left out for up to a minute.'

const failure = (path: string, why = 'the database is away'): Failure => ({
  what: 'a request failed',
  cause: new Error(why),
  code: 'KUBE_AUTHN_SERVER',
  request: { method: 'GET', path, status: 503 },
})

function opened() {
  const entries: LogEntry[] = []
  const log = (entry: LogEntry): void => void entries.push(entry)
  return { log, entries, messages: () => entries.map(({ message }) => message) }
}

describe('lines about failures', () => {
  it('are ten for each reason in a minute, whatever was asked for, and one that says how many there were', () => {
    const { log, messages } = opened()
    for (let index = 0; index < 500; index++) logFailure(log, failure(`/api/${index}`), 0)
    expect(messages()).toHaveLength(10)
    expect(messages()[8]).toBe('kube-authn: 503 GET /api/8: the database is away [KUBE_AUTHN_SERVER]')
    expect(messages()[9]).toBe(`kube-authn: 503 GET /api/9: the database is away [KUBE_AUTHN_SERVER] ${LAST}`)
    logFailure(log, failure('/api', 'something else'), 59_999)
    expect(messages()).toHaveLength(11)
    logFailure(log, failure('/api'), 60_000)
    expect(messages().slice(11)).toEqual([
      'kube-authn: 490 more failures were not logged in the last minute, 490 of them like: kube-authn: 503 GET /api/0: the database is away [KUBE_AUTHN_SERVER]',
      'kube-authn: 503 GET /api: the database is away [KUBE_AUTHN_SERVER]',
    ])
  })

  it('are a hundred in a minute, whatever the reasons', () => {
    const { log, entries } = opened()
    for (let index = 0; index < 500; index++) logFailure(log, failure('/', `reason ${index}`), 0)
    expect(entries).toHaveLength(100)
  })

  it('are not left out because of refusals', () => {
    const { log, entries } = opened()
    const request = { method: 'GET', path: '/', query: '', headers: exactHeaders([]) }
    for (let index = 0; index < 200; index++) {
      const refused = new StatusError({ status: 403, reason: 'Forbidden', message: `reason ${index}` })
      logRefusal(log, { request, failure: refused, by: 'authorization' }, 0)
    }
    const before = entries.length
    logFailure(log, failure('/'), 0)
    expect(entries).toHaveLength(before + 1)
  })

  it('of one log do not count for another', () => {
    const [one, other] = [opened(), opened()]
    for (let index = 0; index < 20; index++) logFailure(one.log, failure('/'), 0)
    logFailure(other.log, failure('/'), 0)
    expect(other.messages()).toEqual(['kube-authn: 503 GET /: the database is away [KUBE_AUTHN_SERVER]'])
  })
})
