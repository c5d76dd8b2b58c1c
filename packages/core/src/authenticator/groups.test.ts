import { describe, expect, it } from 'vitest'
import {
  bob,
  fails,
  jane,
  knows,
  later,
  noOpinion,
  recorder,
  request,
  requests,
  thrownBy,
  tokens,
} from '../../test/fakes.ts'
import type { Authenticator } from './authenticator.ts'
import { type Context, emptyContext } from './context.ts'
import { rejected } from './errors.ts'
import { addGroups, authenticatedGroup } from './groups.ts'
import { failFast, union } from './union.ts'
import { userInfo } from './user.ts'

describe('authenticatedGroup', () => {
  const groupsOf = async (username: string, groups: readonly string[]) => {
    const answer = await authenticatedGroup(tokens(knows(userInfo({ username, groups })))).authenticateToken(
      't',
      emptyContext,
    )
    return answer?.user.groups
  }

  it.each([
    ['jane', [], ['system:authenticated']],
    ['jane', ['b', 'a'], ['b', 'a', 'system:authenticated']],
    ['system:anonymous', ['a'], ['a']],
    ['jane', ['system:unauthenticated'], ['system:unauthenticated']],
    ['jane', ['system:authenticated', 'a'], ['system:authenticated', 'a']],
    ['System:Anonymous', [], ['system:authenticated']],
    ['jane', ['SYSTEM:AUTHENTICATED'], ['SYSTEM:AUTHENTICATED', 'system:authenticated']],
    ['', [], ['system:authenticated']],
  ])('changes the groups of %j from %j to %j', async (username, groups, expected) => {
    expect(await groupsOf(username, groups)).toEqual(expected)
  })
})

describe('addGroups', () => {
  it('adds at the end, in order, and again what is there already', async () => {
    const answer = await addGroups(['z', 'developers'], tokens(knows(jane))).authenticateToken(
      't',
      emptyContext,
    )
    expect(answer?.user.groups).toEqual(['developers', 'z', 'developers'])
  })
})

describe.each([
  ['authenticatedGroup', authenticatedGroup<ReturnType<typeof tokens>>],
  ['addGroups', (delegate: ReturnType<typeof tokens>) => addGroups(['z'], delegate)],
])('%s', (_, add) => {
  it.each([
    ['no opinion', noOpinion],
    ['no opinion later', later(noOpinion)],
  ])('leaves %s alone', async (_name, answer) => {
    expect(await add(tokens(answer)).authenticateToken('t', emptyContext)).toBeUndefined()
  })

  it.each([
    ['an error', fails(rejected('bad'))],
    ['a late error', later(fails(rejected('bad')))],
  ])('leaves %s alone', async (_name, answer) => {
    expect(await thrownBy(() => add(tokens(answer)).authenticateToken('t', emptyContext))).toMatchObject({
      message: 'bad',
    })
  })

  it('keeps name, uid, extra and what else is known', async () => {
    const user = userInfo({ username: 'jane', uid: '1', extra: { key: ['a'] } })
    const delegate = tokens(later(knows(user, { audiences: ['api'], expiresAtMs: 5 })))
    const answer = await add(delegate).authenticateToken('t', emptyContext)
    expect(answer).toMatchObject({ audiences: ['api'], expiresAtMs: 5 })
    expect({ ...answer?.user, groups: [] }).toEqual({ ...user, groups: [] })
  })

  it('does not touch the user of the delegate, which may be in a cache', async () => {
    const groups = ['a']
    const user = { username: 'jane', uid: '', groups, extra: {} }
    await add(tokens(knows(user))).authenticateToken('t', emptyContext)
    expect(groups).toEqual(['a'])
  })

  it('shares what no user has of extra, so that an answer is quickly seen to be sound', () => {
    const [one, other] = [userInfo({ username: 'jane' }), userInfo({ username: 'joe', groups: ['a'] })]
    expect(userInfo({ ...one, groups: ['b'] }).extra).toBe(other.extra)
  })

  it('takes no text for a list of its characters', async () => {
    const user = { username: 'jane', uid: '', groups: 'admins' as unknown as string[], extra: {} }
    const authenticate = async () => add(tokens(knows(user))).authenticateToken('t', emptyContext)
    await expect(authenticate()).rejects.toThrow(TypeError)
  })

  it('makes the changed user of a frozen one only once', async () => {
    const wrapped = add(tokens(knows(jane)))
    const [first, second] = [
      await wrapped.authenticateToken('t', emptyContext),
      await wrapped.authenticateToken('t', emptyContext),
    ]
    expect(first?.user).toBe(second?.user)
    expect(first?.user).not.toBe(jane)
  })

  it('looks again at a user who can still change', async () => {
    const user = { username: 'jane', uid: '', groups: ['a'], extra: {} }
    const wrapped = add(tokens(knows(user)))
    await wrapped.authenticateToken('t', emptyContext)
    user.groups.push('b')
    const answer = await wrapped.authenticateToken('t', emptyContext)
    expect(answer?.user.groups).toContain('b')
  })

  it('is not fooled by a user who is frozen on the outside only', async () => {
    const groups = ['a']
    const wrapped = add(tokens(knows(Object.freeze({ username: 'jane', uid: '', groups, extra: {} }))))
    await wrapped.authenticateToken('t', emptyContext)
    groups.push('b')
    const answer = await wrapped.authenticateToken('t', emptyContext)
    expect(answer?.user.groups).toContain('b')
  })
})

describe('authenticatedGroup around a union', () => {
  const authenticate = async (authenticator: Authenticator, context: Context = emptyContext) =>
    authenticator.authenticate(request(), context)

  it('changes what any of its elements answers, now or later', async () => {
    for (const answer of [knows(jane), later(knows(jane))]) {
      const chain = authenticatedGroup(union(requests(noOpinion), requests(answer)))
      expect((await authenticate(chain))?.user.groups).toEqual(['developers', 'system:authenticated'])
    }
  })

  it('throws the errors of the union as one, and the first of one that fails fast', async () => {
    const elements = [requests(fails(rejected('one'))), requests(fails(rejected('other')))]
    expect(await thrownBy(() => authenticate(authenticatedGroup(union(...elements))))).toMatchObject({
      message: '[one, other]',
    })
    expect(await thrownBy(() => authenticate(authenticatedGroup(failFast(...elements))))).toMatchObject({
      message: 'one',
    })
  })

  it('is watched as the layers that it has', async () => {
    const { observer, events } = recorder()
    const chain = authenticatedGroup(union(requests(noOpinion, 'first'), requests(knows(jane), 'second')))
    expect((await authenticate(chain, { observer }))?.user.groups).toContain('system:authenticated')
    const asked = events.flatMap((event) => (event.type === 'consulting' ? [event.authenticator] : []))
    expect(asked).toEqual(['union', 'first', 'second'])
  })

  it('asks the union itself if its method was replaced', async () => {
    const delegate = union(requests(knows(jane)), requests(noOpinion))
    const chain = authenticatedGroup(delegate)
    Object.assign(delegate, { authenticate: () => ({ user: bob }) })
    expect((await authenticate(chain))?.user.username).toBe('bob')
  })
})
