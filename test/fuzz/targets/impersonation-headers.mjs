// Impersonation headers. Every part of the resulting user must have been requested and allowed.
import { emptyContext, userInfo } from '@kube-authn/core'
import { joinedHeaders } from '@kube-authn/core/internal'
import { allow, noOpinion } from '@kube-authn/core/authorization'
import { impersonateRequest } from '@kube-authn/core/adapter'
import { fakeRequest } from '@kube-authn/testing'
import { Finding } from '../lib/finding.mjs'
import { mutateText } from '../lib/mutate.mjs'

export const name = 'impersonation-headers'

const ALLOWED = {
  users: ['superman', 'system:anonymous', 'a, b', 'j\u00f6rg'],
  serviceaccounts: ['ci'],
  groups: ['heroes', 'ops, on call', 'system:authenticated'],
  uids: ['1'],
  userextras: ['x', 'y', 'v, w'],
}
const NAMES = [
  'Impersonate-User',
  'Impersonate-User',
  'Impersonate-User',
  'Impersonate-Group',
  'Impersonate-Group',
  'Impersonate-Uid',
  'Impersonate-Extra-team',
  'Impersonate-Extra-%74eam',
  'Impersonate-Extra-__proto__',
  'Impersonate-Extra-',
  'Impersonate_User',
  'Impersonate-Extra',
]
const PARTS = ['_', '-', '%2D', 'User', 'Group', 'Extra-', 'impersonate-', '%ff', '%']
const VALUES = [
  ...Object.values(ALLOWED).flat(),
  'superman',
  'superman',
  'system:serviceaccount:ns:ci',
  'system:serviceaccount:ns:other',
  'system:masters',
  'root',
  '',
  ' ',
  ', ',
  '\t superman \t',
  'heroes, system:masters',
  'heroes, heroes',
]

/** The requester, and what was allowed, in this case. */
let requester
const granted = new Set()
const authorizer = {
  name: 'allowed',
  authorize({ resource, name: wanted, verb, subresource, user }) {
    if (user.username !== requester.username) return noOpinion()
    // Constrained impersonation also authorizes the action.
    if (verb.startsWith('impersonate-on:')) return allow()
    const isAllowed = /^impersonate(?::|$)/.test(verb) && (ALLOWED[resource] ?? []).includes(wanted)
    if (isAllowed) granted.add(JSON.stringify([resource, subresource, wanted]))
    return isAllowed ? allow() : noOpinion()
  },
}
const impersonate = {
  legacy: impersonateRequest(authorizer),
  constrained: impersonateRequest(authorizer, { mode: 'constrained', ttlSeconds: 0 }),
}

export async function run(random) {
  const headers = random
    .list(1 + random.below(6), (index) => {
      const header = index === 0 ? 'Impersonate-User' : random.pick(NAMES)
      const written = random.oneIn(8) ? mutateText(random, header, PARTS) : header
      const allowed = Object.values(ALLOWED).flat()
      const value = random.pick(index === 0 ? ['superman', ...VALUES] : random.oneIn(3) ? VALUES : allowed)
      return [
        written.replaceAll(/[^\w!#$%&'*+.^`|~-]/g, ''),
        (random.oneIn(12) ? mutateText(random, value, VALUES) : value).replaceAll(/[\0\r\n]/g, ''),
      ]
    })
    .filter(([header]) => header !== '')
  const isExact = !random.oneIn(4)
  const mode = random.pick(['legacy', 'constrained'])
  granted.clear()
  // A new user, since the last successful mode of a user is tried first.
  requester = userInfo({ username: `clark-${random.below(2 ** 32)}`, groups: ['reporters'] })
  const request = fakeRequest({ url: '/api/v1/pods', headers })
  if (!isExact) {
    const made = new Headers()
    for (const [header, value] of headers) made.append(header, value.replaceAll(/[^\t\x20-\x7e]/g, '?'))
    Object.defineProperty(request, 'headers', { value: joinedHeaders(made) })
  }
  const fail = (message, more) => {
    throw new Finding(message, { headers, isExact, mode, ...more })
  }

  let outcome
  try {
    outcome = await impersonate[mode](request, requester, emptyContext)
  } catch (error) {
    fail(`an error: ${error?.stack}`)
  }
  const asked = headers.filter(([header]) => /^impersonate-(?:user|uid|group|extra-)/i.test(header))
  if ('failure' in outcome) {
    const { status } = outcome.failure
    if (status !== 400 && status !== 403) fail(`answered ${status}: ${outcome.failure.message}`)
    if (asked.length === 0) fail('refused a request without impersonation')
    return `refused with ${status}`
  }
  if (outcome.requester === undefined) {
    if (outcome.user !== requester) fail('changed the user without impersonation')
    if (
      asked.some(([header, value]) => isUser(header) && isFirst(asked, header, value) && trim(value) !== '')
    ) {
      fail('overlooked what was asked for')
    }
    return 'not asked'
  }
  const { user } = outcome
  const isGranted = (...what) => granted.has(JSON.stringify(what))
  const given = (pattern) =>
    asked
      .filter(([header]) => pattern.test(header))
      .flatMap(([, value]) => [trim(value), ...value.split(', ').map(trim)])
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user.username)
  if (!isGranted('users', '', user.username) && !(account && isGranted('serviceaccounts', '', account[2]))) {
    fail('became a user that was not allowed', { user })
  }
  if (isExact && trim(asked.find(([header]) => isUser(header))?.[1] ?? '') !== user.username) {
    fail('became a user other than requested', { user })
  }
  const implied = new Set([
    'system:authenticated',
    'system:unauthenticated',
    'system:serviceaccounts',
    `system:serviceaccounts:${account?.[1]}`,
  ])
  const groups = given(/^impersonate-group$/i)
  for (const group of user.groups) {
    const isImplied = implied.has(group) && (account !== null || !group.startsWith('system:serviceaccounts'))
    const isAsked = isExact ? groups.includes(group) : true
    if (!isImplied && !(isGranted('groups', '', group) && isAsked)) fail('got a group', { user, group })
  }
  if (user.uid !== '' && !isGranted('uids', '', user.uid)) fail('got a uid', { user })
  for (const [key, values] of Object.entries(user.extra)) {
    for (const value of values) {
      if (!isGranted('userextras', key, value)) fail('got an extra value', { user, key, value })
    }
  }
  const { remove, removePrefixes } = outcome.headerChanges
  for (const [header] of asked) {
    const lower = header.toLowerCase()
    const isGone = remove.includes(lower) || removePrefixes.some((prefix) => lower.startsWith(prefix))
    if (!isGone && kindOf(lower)) fail(`left ${header} to the application`)
  }
  return `accepted, ${outcome.mode}`
}

function kindOf(lower) {
  return (
    ['impersonate-user', 'impersonate-uid', 'impersonate-group'].includes(lower) ||
    lower.startsWith('impersonate-extra-')
  )
}

function isUser(header) {
  return header.toLowerCase() === 'impersonate-user'
}

function isFirst(asked, header, value) {
  return asked.find(([other]) => other.toLowerCase() === header.toLowerCase())?.[1] === value
}

function trim(value) {
  return value.replaceAll(/^[ \t]+|[ \t]+$/g, '')
}
