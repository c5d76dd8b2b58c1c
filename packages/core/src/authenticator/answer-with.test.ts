import { describe, expect, it } from 'vitest'
import { withAudiences, withConsumed } from './answer-with.ts'
import type { Authentication } from './authenticator.ts'
import { userInfo } from './user.ts'

const user = userInfo({ username: 'jane' })
const consumed = { remove: ['authorization'] }

describe('an answer with one more member', () => {
  it.each<readonly [what: string, answer: Authentication]>([
    ['lacks it', { user }],
    ['has others', { user, expiresAtMs: 5 }],
    ['has it', { user, consumed: { remove: ['x-other'] }, audiences: ['other'] }],
    ['is frozen', Object.freeze({ user })],
    ['was made without a compiler', { user, consumed: undefined, audiences: undefined } as never],
  ])('has the new one where it %s', (_, answer) => {
    const before = { ...answer }
    expect(withConsumed(answer, consumed)).toEqual({ ...before, consumed })
    expect(withAudiences(answer, ['api'])).toEqual({ ...before, audiences: ['api'] })
    expect(answer).toEqual(before)
  })
})
