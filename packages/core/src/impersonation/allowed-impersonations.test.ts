import { describe, expect, it } from 'vitest'
import { RESOURCE_REQUEST, RESOURCE_VARIANTS, USER, USER_VARIANTS } from '../../test/access-questions.ts'
import { fixedClock } from '../../test/fakes.ts'
import {
  type CreateCache,
  describeTwoQuestions,
  type Variants,
  variationsOf,
  within,
} from '../../test/two-questions.ts'
import type { Attributes, RequestAttributes } from '../authorization/attributes.ts'
import { allow, noOpinion } from '../authorization/decision.ts'
import { exactHeaders } from '../request/headers/exact.ts'
import { userInfo, type UserInfo } from '../authenticator/user.ts'
import { impersonateRequest } from './impersonate-request.ts'
import type { WantedUser } from './wanted-user.ts'

/** May this requester act as that user for this request? */
interface Question {
  readonly wanted: WantedUser
  readonly requester: UserInfo
  readonly request: RequestAttributes
}

/** Constrained impersonation; the test decides some of the checks, and the others are allowed. */
function deciding(isUpToTest: (attributes: Attributes) => boolean): CreateCache<Question> {
  return (decide) => {
    let request: RequestAttributes = { verb: '' }
    const impersonate = impersonateRequest(
      {
        name: 'of the test',
        authorize: (attributes) => (!isUpToTest(attributes) || decide() ? allow() : noOpinion()),
      },
      { mode: 'constrained', attributes: () => request, clock: fixedClock(), maxEntries: 500 },
    )
    return async (question) => {
      request = question.request
      const headers = exactHeaders(headersFor(question.wanted))
      const outcome = await impersonate({ method: 'GET', path: '/', query: '', headers }, question.requester)
      return 'user' in outcome
    }
  }
}

const everything = deciding(() => true)
/** Leaves only the user checks to the test; their cached answers hold for any request. */
const users = deciding(({ verb }) => !verb.startsWith('impersonate-on:'))

function headersFor({ username, uid, groups, extra }: WantedUser): string[] {
  return [
    'Impersonate-User',
    username,
    ...(uid === '' ? [] : ['Impersonate-Uid', uid]),
    ...groups.flatMap((group) => ['Impersonate-Group', group]),
    ...[...extra].flatMap(([key, values]) => values.flatMap((value) => [`Impersonate-Extra-${key}`, value])),
  ]
}

const extraOf = (entries: Readonly<Record<string, readonly string[]>>): WantedUser['extra'] =>
  new Map(Object.entries(entries))

const wanted: WantedUser = {
  username: 'ann',
  uid: '7',
  groups: ['a', 'b'],
  extra: extraOf({ 'example.com/k': ['1', '2'], 'example.com/l': ['3'] }),
}

const WANTED_VARIANTS: Variants<WantedUser> = {
  username: { differs: { another: 'bob', 'another case': 'Ann', 'with the uid': 'ann7' } },
  uid: { differs: { another: '8', none: '' } },
  groups: {
    differs: {
      none: [],
      fewer: ['a'],
      more: ['a', 'b', 'c'],
      'another order': ['b', 'a'],
      'one name of two': ['a,b'],
      'a list in a name': ['a","b'],
      'one long name': ['ab'],
    },
  },
  extra: {
    differs: {
      none: extraOf({}),
      'fewer keys': extraOf({ 'example.com/k': ['1', '2'] }),
      'another key': extraOf({ 'example.com/k': ['1', '2'], 'example.com/m': ['3'] }),
      'another value': extraOf({ 'example.com/k': ['1', '2'], 'example.com/l': ['4'] }),
      'another order of values': extraOf({ 'example.com/k': ['2', '1'], 'example.com/l': ['3'] }),
      'a value of another key': extraOf({ 'example.com/k': ['1'], 'example.com/l': ['2', '3'] }),
      'one value of two': extraOf({ 'example.com/k': ['1,2'], 'example.com/l': ['3'] }),
      'values changed over': extraOf({ 'example.com/k': ['3'], 'example.com/l': ['1', '2'] }),
    },
    same: { 'another order of keys': extraOf({ 'example.com/l': ['3'], 'example.com/k': ['1', '2'] }) },
  },
}

const base: Question = { wanted, requester: USER, request: RESOURCE_REQUEST }

/** Covers every field, so that a new field of a question is noticed here. */
const variations = {
  wanted: within('the wanted', variationsOf(wanted, WANTED_VARIANTS), (each) => ({ ...base, wanted: each })),
  requester: within("the requester's", variationsOf(USER, USER_VARIANTS), (each) => ({
    ...base,
    requester: userInfo(each),
  })),
  request: within("the request's", variationsOf(RESOURCE_REQUEST, RESOURCE_VARIANTS), (each) => ({
    ...base,
    request: each,
  })),
} satisfies Record<keyof Question, unknown>

describeTwoQuestions('an impersonation that was allowed for a request', {
  base,
  variations: [...variations.wanted, ...variations.requester, ...variations.request],
  create: everything,
})

describeTwoQuestions('an impersonation that was allowed for a path', {
  base: { ...base, request: { verb: 'get', path: '/healthz' } },
  variations: [
    { what: 'the verb', isSame: false, question: { ...base, request: { verb: 'put', path: '/healthz' } } },
    { what: 'the path', isSame: false, question: { ...base, request: { verb: 'get', path: '/metrics' } } },
    {
      what: 'being about a resource',
      isSame: false,
      question: { ...base, request: { verb: 'get', path: '/healthz', resource: '' } },
    },
  ],
  create: everything,
})

describeTwoQuestions('a user who may be impersonated', {
  base,
  variations: [
    ...variations.wanted,
    ...variations.requester,
    ...variations.request.map((each) => ({ ...each, isSame: true })),
  ],
  create: users,
})

const onlyUsername = (username: string): Question => ({
  ...base,
  wanted: { username, uid: '', groups: [], extra: new Map() },
})

describe.each([
  ['a node', ['system:node:n1', 'system:node:n2', 'system:node:n']],
  [
    'a service account',
    [
      'system:serviceaccount:a:b',
      'system:serviceaccount:b:a',
      'system:serviceaccount:a:c',
      'system:serviceaccount:c:b',
    ],
  ],
])('%s', (_, [first = '', ...others]) => {
  describeTwoQuestions('who may be impersonated', {
    base: onlyUsername(first),
    variations: others.map((each) => ({ what: each, isSame: false, question: onlyUsername(each) })),
    create: users,
  })
})

const NODE_NAME = 'authentication.kubernetes.io/node-name'

/** A service account on a node that acts as that node. */
const onNode = (node: string, requester: Partial<UserInfo> = {}): Question => ({
  ...onlyUsername(`system:node:${node}`),
  requester: userInfo({
    username: 'system:serviceaccount:a:b',
    uid: '1',
    groups: ['a', 'b'],
    extra: { [NODE_NAME]: [node], k: ['1'] },
    ...requester,
  }),
})

const agent: Variants<UserInfo> = {
  username: { differs: { another: 'system:serviceaccount:a:c' } },
  uid: USER_VARIANTS.uid,
  groups: USER_VARIANTS.groups,
  extra: {
    differs: {
      'fewer keys': { [NODE_NAME]: ['n1'] },
      'other keys': { [NODE_NAME]: ['n1'], l: ['1'] },
      'more keys': { [NODE_NAME]: ['n1'], k: ['1'], l: ['1'] },
    },
    // The check contains only the keys.
    same: {
      'other values': { [NODE_NAME]: ['n1'], k: ['2'] },
      'another order of keys': { k: ['1'], [NODE_NAME]: ['n1'] },
    },
  },
}

describeTwoQuestions('a service account that acts as its own node', {
  base: onNode('n1'),
  variations: [
    ...within('its', variationsOf(onNode('n1').requester, agent), (each) => onNode('n1', each)),
    { what: 'the node it runs on', isSame: true, question: onNode('n2') },
  ],
  create: users,
})

describe('a service account that acts as another node', () => {
  it.each([
    ['it does not run on', { [NODE_NAME]: ['n2'] }],
    ['among those it runs on', { [NODE_NAME]: ['n1', 'n2'] }],
    ['while it runs on none', {}],
  ])('%s has no part in what its own node is allowed', async (_, extra) => {
    let isAllowed = true
    const ask = users(() => isAllowed)
    expect(await ask(onNode('n1'))).toBe(true)
    isAllowed = false
    expect(await ask(onNode('n1'))).toBe(true)
    expect(await ask(onNode('n1', { extra: { k: ['1'], ...extra } }))).toBe(false)
  })
})

describe('a request whose selectors could not be read', () => {
  const unreadable = { requirements: [], error: 'unreadable' }
  it.each(['fieldSelector', 'labelSelector'] as const)('is not remembered: %s', async (selector) => {
    let decisions = 0
    const ask = everything(() => ++decisions > 0)
    const question = { ...base, request: { ...RESOURCE_REQUEST, [selector]: unreadable } }
    expect(await ask(question)).toBe(true)
    const [first] = [decisions]
    expect(await ask(question)).toBe(true)
    expect(decisions).toBeGreaterThan(first)
  })
})

describe('what may be remembered', () => {
  it.each([
    [0, 0],
    [1, 1],
    [2, 2],
  ])('is nothing where that is wanted: %d seconds', async (ttlSeconds, expected) => {
    const clock = fixedClock()
    let decisions = 0
    const impersonate = impersonateRequest(
      { name: 'yes', authorize: () => (decisions++, allow()) },
      { mode: 'constrained', clock, ttlSeconds },
    )
    const headers = exactHeaders(['Impersonate-User', 'ann'])
    const ask = async (): Promise<number> => {
      decisions = 0
      await impersonate({ method: 'GET', path: '/', query: '', headers }, USER)
      return decisions
    }
    expect(await ask()).toBe(2)
    for (let second = 0; second < expected; second++) {
      expect(await ask()).toBe(0)
      clock.advance(1000)
    }
    expect(await ask()).toBe(2)
  })

  it('is 8,192 of each kind where nothing else is said', async () => {
    let decisions = 0
    const impersonate = impersonateRequest(
      { name: 'yes', authorize: () => (decisions++, allow()) },
      { mode: 'constrained', clock: fixedClock() },
    )
    const ask = async (username: string): Promise<void> => {
      const headers = exactHeaders(['Impersonate-User', username])
      await impersonate({ method: 'GET', path: '/', query: '', headers }, USER)
    }
    for (let index = 0; index < 8192; index++) await ask(`user${index}`)
    await ask('user0')
    expect(decisions).toBe(2 * 8192)
    await ask('one more')
    await ask('user0')
    expect(decisions).toBe(2 * 8193)
    await ask('user1')
    expect(decisions).toBeGreaterThan(2 * 8193)
  })

  it('is so much, and what is used least goes first', async () => {
    let decisions = 0
    const impersonate = impersonateRequest(
      { name: 'yes', authorize: () => (decisions++, allow()) },
      { mode: 'constrained', clock: fixedClock(), maxEntries: 2 },
    )
    const decisionsFor = async (username: string): Promise<number> => {
      decisions = 0
      const headers = exactHeaders(['Impersonate-User', username])
      await impersonate({ method: 'GET', path: '/', query: '', headers }, USER)
      return decisions
    }
    const counts: number[] = []
    // Whether bob may be impersonated at all is cached separately.
    for (const name of ['ann', 'bob', 'ann', 'eve', 'ann', 'bob']) counts.push(await decisionsFor(name))
    expect(counts).toEqual([2, 2, 0, 2, 0, 1])
  })
})
