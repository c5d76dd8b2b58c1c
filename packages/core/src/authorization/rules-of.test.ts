import { describe, expect, it } from 'vitest'
import { userInfo } from '../authenticator/user.ts'
import { allowPaths } from './allow-paths.ts'
import { alwaysAllow, alwaysDeny } from './always.ts'
import type { Authorizer, UserRules } from './authorizer.ts'
import { allow } from './decision.ts'
import { privilegedGroups } from './privileged-groups.ts'
import { rulesOf } from './rules-of.ts'
import { unionAuthorizer } from './union-authorizer.ts'

const jane = userInfo({ username: 'jane', groups: ['a'] })
const admin = userInfo({ username: 'admin', groups: ['system:masters'] })
const everything: UserRules = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
}
const nothing: UserRules = { resourceRules: [], nonResourceRules: [], incomplete: false }
const silent = (name: string): Authorizer => ({ name, authorize: () => allow() })
const doesNotSupport = (name: string): string => `${name} authorizer does not support user rule resolution`

describe('rulesOf', () => {
  it.each([
    ['everything, always', alwaysAllow(), jane, everything],
    ['nothing, ever', alwaysDeny(), admin, nothing],
    ['everything to the privileged', privilegedGroups('system:masters'), admin, everything],
    ['nothing to others', privilegedGroups('system:masters'), jane, nothing],
    [
      'some paths',
      allowPaths(['/healthz', 'public/*']),
      jane,
      { ...nothing, nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/healthz', '/public/*'] }] },
    ],
    ['no paths', allowPaths([]), jane, nothing],
    [
      'an unknown set of rules',
      silent('x'),
      jane,
      { ...nothing, incomplete: true, evaluationError: doesNotSupport('x') },
    ],
    [
      'an unknown set of rules, if rulesFor is not a function',
      { ...silent('x'), rulesFor: undefined },
      jane,
      { ...nothing, incomplete: true, evaluationError: doesNotSupport('x') },
    ],
    ['what none allows', unionAuthorizer(), jane, nothing],
    [
      'what several allow together',
      unionAuthorizer(allowPaths(['/a']), privilegedGroups('system:masters')),
      admin,
      {
        ...everything,
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/a'] }, ...everything.nonResourceRules],
      },
    ],
    [
      'what some allow, where others cannot say',
      unionAuthorizer(alwaysAllow(), silent('x'), silent('y'), silent('x')),
      jane,
      {
        ...everything,
        incomplete: true,
        evaluationError: `[${doesNotSupport('x')}, ${doesNotSupport('y')}]`,
      },
    ],
    ['what unions in unions allow', unionAuthorizer(unionAuthorizer(alwaysAllow())), jane, everything],
  ])('lists %s', (_, authorizer, user, rules) => {
    expect(rulesOf(authorizer, user, 'shop')).toEqual(rules)
  })

  it('asks for the user and the namespace', () => {
    const asked: unknown[] = []
    const authorizer = {
      ...silent('x'),
      rulesFor: (...given: readonly unknown[]) => {
        asked.push(given)
        return nothing
      },
    }
    rulesOf(unionAuthorizer(authorizer), jane, 'shop')
    expect(asked).toEqual([[jane, 'shop']])
  })

  it('says that a list is incomplete where an authorizer fails, and not why', () => {
    const broken = {
      ...silent('x'),
      rulesFor: () => {
        throw new Error('secret')
      },
    }
    expect(rulesOf(unionAuthorizer(broken, alwaysAllow()), jane, '')).toEqual({
      ...everything,
      incomplete: true,
      evaluationError: 'authorization failed unexpectedly',
    })
  })
})
