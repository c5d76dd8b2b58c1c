import { describe, expect, it, vi } from 'vitest'
import { request } from '../../test/fakes.ts'
import { authenticatorChain } from '../chain/chain.ts'
import { authenticateRequest } from '../handler/authenticate-request.ts'
import { tokenFile } from '../token/file/token-file.ts'
import type { Authentication, Authenticator } from './authenticator.ts'
import { RecurringAnswer, recurring } from './recurring-answer.ts'
import { userInfo } from './user.ts'

const jane = userInfo({ username: 'jane' })
const named = (answer: Authentication) => ({ name: answer.user.username })

describe('what follows from an answer that recurs', () => {
  it('is made once', () => {
    const conclude = vi.fn(named)
    const concluded = RecurringAnswer.concluding(conclude)
    const answer = new RecurringAnswer({ user: jane })
    expect(concluded(answer)).toEqual({ name: 'jane' })
    expect(concluded(answer)).toBe(concluded(answer))
    expect(conclude).toHaveBeenCalledTimes(1)
  })

  it('is made once if it is the answer itself, also after another conclusion', () => {
    const keep = vi.fn((answer: Authentication) => answer)
    const [kept, concluded] = [RecurringAnswer.concluding(keep), RecurringAnswer.concluding(named)]
    const answer = new RecurringAnswer({ user: jane })
    expect([kept(answer), kept(answer)]).toEqual([answer, answer])
    expect(concluded(answer)).toBe(concluded(answer))
    expect(kept(answer)).toBe(answer)
    expect(keep).toHaveBeenCalledTimes(1)
  })

  it('is not mixed up with what follows elsewhere', () => {
    const [one, other] = [
      RecurringAnswer.concluding(() => 'one'),
      RecurringAnswer.concluding((answer) => answer.user.username),
    ]
    const answer = new RecurringAnswer({ user: jane })
    expect([one(answer), other(answer), one(answer), other(answer)]).toEqual(['one', 'jane', 'one', 'jane'])
    expect(one(new RecurringAnswer({ user: userInfo({ username: 'joe' }) }))).toBe('one')
  })

  it('is made anew for every other answer, such as a copy', () => {
    const conclude = vi.fn(named)
    const concluded = RecurringAnswer.concluding(conclude)
    const answer = new RecurringAnswer({ user: jane })
    for (const each of [
      answer,
      Object.assign({}, answer),
      { user: jane },
      Object.create(answer) as Authentication,
    ]) {
      expect(concluded(each)).toEqual({ name: 'jane' })
    }
    expect(conclude).toHaveBeenCalledTimes(4)
  })

  it('is not remembered if it throws', () => {
    let isBroken = true
    const concluded = RecurringAnswer.concluding(() => {
      if (isBroken) throw new TypeError('broken')
      return 'mended'
    })
    const answer = new RecurringAnswer({ user: jane })
    expect(() => concluded(answer)).toThrow('broken')
    isBroken = false
    expect(concluded(answer)).toBe('mended')
  })
})

describe('an answer that recurs', () => {
  it('cannot be changed, and has no other members', () => {
    expect(Object.isFrozen(new RecurringAnswer({ user: jane }))).toBe(true)
    expect(Object.assign({}, new RecurringAnswer({ user: jane }))).toEqual({ user: jane })
  })

  it('carries nothing of one request to the next, or from one handler to another', () => {
    const chain = authenticatorChain({ tokens: [tokenFile('t,jane,1,"ops"')] })
    const warning: Authenticator = {
      ...chain,
      authenticate(asked, context) {
        if (asked.method === 'POST') context.warn?.('deprecated')
        return chain.authenticate(asked, context)
      },
    }
    const withToken = (method: string) => ({
      ...request({ headers: [['authorization', 'Bearer t']] }),
      method,
    })
    const [warned, plain] = [authenticateRequest(warning), authenticateRequest(chain)]
    const warningsOf = (outcome: unknown) => (outcome as { readonly warnings: readonly string[] }).warnings
    expect(warningsOf(plain(withToken('POST')))).toEqual([])
    expect(warningsOf(warned(withToken('GET')))).toEqual([])
    expect(warningsOf(warned(withToken('POST')))).toEqual(['deprecated'])
    expect(warningsOf(warned(withToken('GET')))).toEqual([])
    expect(warningsOf(plain(withToken('GET')))).toEqual([])
  })

  it('does not spare a request with impersonation headers its refusal', () => {
    const authenticate = authenticateRequest(authenticatorChain({ tokens: [tokenFile('t,jane,1')] }))
    const plain = request({ headers: [['authorization', 'Bearer t']] })
    const impersonating = request({
      headers: [
        ['authorization', 'Bearer t'],
        ['impersonate-user', 'root'],
      ],
    })
    for (const _ of [1, 2]) {
      expect(authenticate(plain)).toMatchObject({ authentication: { user: { username: 'jane' } } })
      expect(authenticate(impersonating)).toMatchObject({ failure: { status: 403 } })
    }
  })
})

describe('an answer that is remembered', () => {
  const whole: Authentication = {
    user: jane,
    audiences: ['api'],
    expiresAtMs: 2000,
    issuedAtMs: 1000,
    certificateId: 'X509SERIAL=1/CN=ca',
    consumed: { remove: ['authorization'] },
    revocation: { isRevoked: () => false, watch: () => () => {}, actingAs: () => whole.revocation! },
  }

  it('recurs with all that was said', () => {
    const answer = recurring(whole)
    expect(answer).toBeInstanceOf(RecurringAnswer)
    expect({ ...answer }).toEqual(whole)
  })

  it('recurs itself if it does so already', () => {
    const answer = new RecurringAnswer(whole)
    expect(recurring(answer)).toBe(answer)
  })

  const others: readonly (readonly [string, Authentication])[] = [
    ['a requester', { ...whole, requester: jane }],
    ['a member that only its app knows', Object.assign({ ...whole }, { tenant: 'shop' })],
    ['a user that may change', { ...whole, user: { ...jane } }],
  ]
  it.each(others)('is left as it is with %s', (_, answer) => {
    expect(recurring(answer)).toBe(answer)
  })
})
