import { describe, expect, it } from 'vitest'
import type { Attributes } from '../authorization/attributes.ts'
import { allow, noOpinion } from '../authorization/decision.ts'
import { exactHeaders } from '../request/headers/exact.ts'
import { userInfo } from '../authenticator/user.ts'
import { impersonateRequest } from './impersonate-request.ts'

const clark = userInfo({ username: 'clark' })

/** The outcome, and the checks made, if constrained impersonation is allowed and the verb `impersonate` is not. */
async function constrained(
  headers: readonly string[],
  isAllowed: (attributes: Attributes) => boolean = () => true,
  requester = clark,
) {
  const asked: string[] = []
  const impersonate = impersonateRequest(
    {
      name: 'constrained only',
      authorize(attributes) {
        const { verb, apiGroup, resource, subresource, namespace, name } = attributes
        if (verb === 'impersonate') return noOpinion('legacy')
        asked.push([verb, apiGroup, resource, subresource, namespace, name].join(' '))
        return isAllowed(attributes) ? allow() : noOpinion('why')
      },
    },
    { mode: 'constrained', ttlSeconds: 0 },
  )
  const request = { method: 'GET', path: '/healthz', query: '', headers: exactHeaders(headers) }
  const outcome = await impersonate(request, requester)
  if ('failure' in outcome) return { refused: outcome.failure.message, asked }
  return { user: outcome.user, mode: outcome.mode, asked }
}

function headersOf(...pairs: readonly (readonly [name: string, value: string])[]): string[] {
  return pairs.flatMap(([name, value]) => [`Impersonate-${name}`, value])
}

const ON = 'impersonate-on:user-info:get     '
const ITEM = 'impersonate:user-info authentication.k8s.io'

describe('constrained impersonation', () => {
  it('asks for each thing that is wanted, in order', async () => {
    const { asked, user, mode } = await constrained(
      headersOf(
        ['User', 'bob'],
        ['Uid', '7'],
        ['Group', 'a'],
        ['Group', 'b'],
        ['Extra-Example.com%2fK', 'v'],
        ['Extra-e.io/l', 'w'],
      ),
    )
    expect(asked).toEqual([
      ON,
      `${ITEM} users   bob`,
      `${ITEM} uids   7`,
      `${ITEM} groups   a`,
      `${ITEM} groups   b`,
      `${ITEM} userextras example.com/k  v`,
      `${ITEM} userextras e.io/l  w`,
    ])
    expect(user).toEqual(
      userInfo({
        username: 'bob',
        uid: '7',
        groups: ['a', 'b', 'system:authenticated'],
        extra: { 'example.com/k': ['v'], 'e.io/l': ['w'] },
      }),
    )
    expect(mode).toBe('user-info')
  })

  it.each<[string, readonly string[], RegExp]>([
    [
      'the group system:masters',
      ['Impersonate-Group', 'system:masters'],
      /system:masters group is not allowed$/,
    ],
    [
      'system:masters among others',
      ['Impersonate-Group', 'a', 'Impersonate-Group', 'system:masters'],
      /groups\.authentication\.k8s\.io "system:masters" is forbidden: User "clark" cannot impersonate:user-info/,
    ],
    ['a group without a name', ['Impersonate-Group', ''], /the empty string group is not allowed$/],
    [
      'a key that is no path',
      ['Impersonate-Extra-a_b%20', 'v'],
      /userextras\.authentication\.k8s\.io is forbidden: .*an invalid key in extra is not allowed: extra\.key: Invalid value: "a_b ": /,
    ],
    [
      'a value that is empty',
      ['Impersonate-Extra-e.io/k', ''],
      /the empty string value in extra is not allowed$/,
    ],
  ])('never allows %s', async (_, headers, message) => {
    const { refused } = await constrained(['Impersonate-User', 'bob', ...headers])
    expect(refused).toMatch(message)
  })

  it.each([
    [3, false],
    [4, true],
    [5, true],
  ])('asks for many at once before each by itself: %d', async (count, all) => {
    const names = Array.from({ length: count }, (_each, index) => `n${index + 1}`)
    const groups = names.flatMap((name) => ['Impersonate-Group', name])
    const values = names.flatMap((name) => ['Impersonate-Extra-e.io/k', name])
    const keys = names.flatMap((name) => [`Impersonate-Extra-e.io/${name}`, 'v'])
    const refuseOne = ({ name }: Attributes): boolean => name !== '*'
    const each = async (headers: readonly string[], isAllowed?: (attributes: Attributes) => boolean) => {
      const { asked, user } = await constrained(['Impersonate-User', 'bob', ...headers], isAllowed)
      return [user?.username, asked.slice(2).map((text) => text.slice(`${ITEM} `.length))]
    }
    expect(await each(groups)).toEqual([
      'bob',
      all ? ['groups   *'] : names.map((name) => `groups   ${name}`),
    ])
    expect(await each(groups, refuseOne)).toEqual([
      'bob',
      [...(all ? ['groups   *'] : []), ...names.map((name) => `groups   ${name}`)],
    ])
    expect(await each(values, refuseOne)).toEqual([
      'bob',
      [...(all ? ['userextras *  *'] : []), ...names.map((name) => `userextras e.io/k  ${name}`)],
    ])
    expect(await each(keys, refuseOne)).toEqual([
      'bob',
      [...(all ? ['userextras *  *'] : []), ...names.map((name) => `userextras e.io/${name}  v`)],
    ])
  })

  it.each([
    ['the request', (attributes: Attributes) => !attributes.verb.startsWith('impersonate-on:')],
    ['the user', (attributes: Attributes) => attributes.resource !== 'users'],
    ['the uid', (attributes: Attributes) => attributes.resource !== 'uids'],
    ['a group', (attributes: Attributes) => attributes.name !== 'b'],
    ['the last group', (attributes: Attributes) => attributes.name !== 'e'],
    ['an extra value', (attributes: Attributes) => attributes.name !== 'v2'],
    ['an extra key', (attributes: Attributes) => attributes.subresource !== 'e.io/l'],
  ])('is refused where %s alone is not allowed', async (_, isAllowed) => {
    const groups = ['a', 'b', 'c', 'd', 'e'].map((group): [string, string] => ['Group', group])
    const extra: [string, string][] = [
      ['Extra-e.io/k', 'v1'],
      ['Extra-e.io/k', 'v2'],
      ['Extra-e.io/l', 'w'],
    ]
    const headers = headersOf(['User', 'bob'], ['Uid', '7'], ...groups, ...extra)
    expect((await constrained(headers)).user?.username).toBe('bob')
    const withoutWildcards = (attributes: Attributes): boolean =>
      attributes.name !== '*' && isAllowed(attributes)
    expect((await constrained(headers, withoutWildcards)).refused).toMatch(/forbidden: .*: why$/)
  })

  it.each<[string, string, string, readonly string[]]>([
    ['a node', 'system:node:n1', 'arbitrary-node', ['system:nodes', 'system:authenticated']],
    [
      'a service account',
      'system:serviceaccount:ns:sa',
      'serviceaccount',
      ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
    ],
    ['a name that is no node', 'system:node:N1', 'user-info', ['system:authenticated']],
    [
      'a name that is no service account',
      'system:serviceaccount:ns:sa:x',
      'user-info',
      ['system:authenticated'],
    ],
  ])('has its own mode for %s', async (_, username, expected, groups) => {
    const { user, mode } = await constrained(['Impersonate-User', username])
    expect([user?.username, mode, user?.groups]).toEqual([username, expected, groups])
  })

  it.each([
    ['arbitrary-node', 'system:node:n1', 'nodes   n1'],
    ['serviceaccount', 'system:serviceaccount:ns:sa', 'serviceaccounts  ns sa'],
  ])('asks %s for no more than the name', async (mode, username, item) => {
    const { asked } = await constrained(['Impersonate-User', username])
    expect(asked).toEqual([
      `impersonate-on:${mode}:get     `,
      `impersonate:${mode} authentication.k8s.io ${item}`,
    ])
  })

  it.each([
    ['Impersonate-Uid', '7'],
    ['Impersonate-Group', 'a'],
    ['Impersonate-Extra-e.io/k', 'v'],
  ])('is not for a node or a service account with %s', async (name, value) => {
    for (const username of ['system:node:n1', 'system:serviceaccount:ns:sa']) {
      const { refused, asked } = await constrained(['Impersonate-User', username, name, value])
      expect(refused).toMatch(/: legacy$/)
      expect(asked).toEqual([])
    }
  })
})

describe('a service account that runs on a node', () => {
  const NODE_NAME = 'authentication.kubernetes.io/node-name'
  const requester = (
    extra: Readonly<Record<string, readonly string[]>>,
    username = 'system:serviceaccount:a:b',
  ) => userInfo({ username, extra })

  it('is asked about by the keys of its extra fields only, and for any node', async () => {
    const { asked, mode, user } = await constrained(
      ['Impersonate-User', 'system:node:n1'],
      undefined,
      requester({ z: ['secret'], [NODE_NAME]: ['n1'] }),
    )
    expect(asked).toEqual([
      'impersonate-on:associated-node:get     ',
      'impersonate:associated-node authentication.k8s.io nodes   *',
    ])
    expect([mode, user?.username, user?.groups]).toEqual([
      'associated-node',
      'system:node:n1',
      ['system:nodes', 'system:authenticated'],
    ])
  })

  it.each<[string, ReturnType<typeof requester>]>([
    ['another node', requester({ [NODE_NAME]: ['n2'] })],
    ['two nodes', requester({ [NODE_NAME]: ['n1', 'n1'] })],
    ['no node', requester({})],
    ['a node by an inherited name', requester({ 'x/node-name': ['n1'] })],
    ['the node, but is a user', requester({ [NODE_NAME]: ['n1'] }, 'clark')],
  ])('does not act as its node where it has %s', async (_, user) => {
    const { mode } = await constrained(['Impersonate-User', 'system:node:n1'], undefined, user)
    expect(mode).toBe('arbitrary-node')
  })
})
