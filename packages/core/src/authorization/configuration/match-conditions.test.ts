import { describe, expect, it, vi } from 'vitest'
import { RESOURCE_REQUEST, USER } from '../../../test/access-questions.ts'
import { recorder } from '../../../test/fakes.ts'
import { attributesOf, type RequestAttributes } from '../attributes.ts'
import type { Authorizer } from '../authorizer.ts'
import { decide } from '../decide.ts'
import { allow } from '../decision.ts'
import { parseFieldSelector } from '../selectors/field-selector.ts'
import { parseLabelSelector } from '../selectors/label-selector.ts'
import { celCompiler } from '@kube-authn/cel/kubernetes'
import { userInfo } from '../../authenticator/user.ts'
import { accessRequestOf, withMatchConditions } from './match-conditions.ts'

const compiler = celCompiler()
const jane = userInfo({ username: 'jane', groups: ['dev'], extra: { scope: ['view'] } })
const pods: RequestAttributes = { verb: 'get', resource: 'pods', namespace: 'shop' }
const path: RequestAttributes = { verb: 'get', path: '/healthz' }

const TRUE = "request.user == 'jane'"
const FALSE = "request.user == 'bob'"
/** Fails for paths, and is true for resources. */
const NEEDS_RESOURCE = "request.resourceAttributes.namespace == 'shop'"
const errorOf = (expression: string): string =>
  `cel evaluation error: expression '${expression}' resulted in error: no such key: resourceAttributes`

function start(expressions: readonly string[], failurePolicy: 'noOpinion' | 'deny' = 'noOpinion') {
  let calls = 0
  const webhook: Authorizer = {
    name: 'hook',
    type: 'Webhook',
    authorize() {
      calls++
      return allow('asked')
    },
  }
  const conditions = expressions.map((each) => compiler.compile('request', each, 'bool'))
  const authorizer = withMatchConditions(webhook, { conditions, failurePolicy })
  const { events, observer } = recorder()
  const ask = async (request: RequestAttributes) => {
    const { verdict, error } = await decide(authorizer, attributesOf(jane, request), { observer })
    return { verdict, ...(error !== undefined && { error: error.message }) }
  }
  return { ask, events, webhook, authorizer, calls: () => calls }
}

describe('match conditions', () => {
  it.each<[readonly string[], RequestAttributes, 'noOpinion' | 'deny', object, number]>([
    [[], pods, 'noOpinion', { verdict: 'allow' }, 1],
    [[TRUE], pods, 'noOpinion', { verdict: 'allow' }, 1],
    [[TRUE, NEEDS_RESOURCE], pods, 'deny', { verdict: 'allow' }, 1],
    [[TRUE, FALSE], pods, 'noOpinion', { verdict: 'noOpinion' }, 0],
    [[FALSE], pods, 'deny', { verdict: 'noOpinion' }, 0],
    [[NEEDS_RESOURCE], path, 'noOpinion', { verdict: 'noOpinion', error: errorOf(NEEDS_RESOURCE) }, 0],
    [[NEEDS_RESOURCE, TRUE], path, 'deny', { verdict: 'deny', error: errorOf(NEEDS_RESOURCE) }, 0],
    [[NEEDS_RESOURCE, FALSE], path, 'deny', { verdict: 'noOpinion' }, 0],
    [[FALSE, NEEDS_RESOURCE], path, 'deny', { verdict: 'noOpinion' }, 0],
    [
      [NEEDS_RESOURCE, `${NEEDS_RESOURCE} && true`],
      path,
      'deny',
      { verdict: 'deny', error: `[${errorOf(NEEDS_RESOURCE)}, ${errorOf(`${NEEDS_RESOURCE} && true`)}]` },
      0,
    ],
  ])('%j, of %j, where failures are %s', async (expressions, request, failurePolicy, expected, count) => {
    const { ask, calls } = start(expressions, failurePolicy)
    expect(await ask(request)).toEqual(expected)
    expect(calls()).toBe(count)
  })

  it('cost nothing where there are none', () => {
    const { authorizer, webhook } = start([])
    expect(authorizer).toBe(webhook)
  })

  it('are told to the observer, with what went wrong even if it does not count', async () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 2000))
    const { ask, events } = start([NEEDS_RESOURCE, FALSE])
    await ask(path)
    await ask(pods)
    expect(events.filter(({ type }) => type === 'authorizationMatchCondition')).toEqual([
      {
        type: 'authorizationMatchCondition',
        authorizerType: 'Webhook',
        authorizer: 'hook',
        excluded: true,
        error: expect.objectContaining({ message: errorOf(NEEDS_RESOURCE) }),
        durationSeconds: 2,
      },
      {
        type: 'authorizationMatchCondition',
        authorizerType: 'Webhook',
        authorizer: 'hook',
        excluded: true,
        durationSeconds: 2,
      },
    ])
    expect(events.at(-1)).toMatchObject({ type: 'authorizerConsulted', authorizerType: 'Webhook' })
  })

  it('that come to neither true nor false are an error', async () => {
    const condition = { expression: 'x', resultType: 'bool', selects: () => false, evaluate: () => 'true' }
    const webhook: Authorizer = { name: 'hook', authorize: () => allow() }
    const authorizer = withMatchConditions(webhook, { conditions: [condition], failurePolicy: 'deny' })
    expect(await decide(authorizer, attributesOf(jane, pods), {})).toMatchObject({
      verdict: 'deny',
      error: { message: "cel evaluation error: expression 'x' eval result type should be bool" },
    })
  })
})

describe('what conditions see of a question', () => {
  it('is all of a resource, also what is empty', () => {
    expect(accessRequestOf(attributesOf(USER, RESOURCE_REQUEST))).toMatchObject({
      user: USER.username,
      uid: USER.uid,
      groups: USER.groups,
      extra: USER.extra,
      resourceAttributes: {
        verb: RESOURCE_REQUEST.verb,
        group: RESOURCE_REQUEST.apiGroup,
        version: RESOURCE_REQUEST.apiVersion,
        name: RESOURCE_REQUEST.name,
      },
    })
    expect(accessRequestOf(attributesOf(jane, pods)).resourceAttributes).toEqual({
      namespace: 'shop',
      verb: 'get',
      group: '',
      version: '',
      resource: 'pods',
      subresource: '',
      name: '',
    })
  })

  it('is the verb and the path of what is no resource', () => {
    expect(accessRequestOf(attributesOf(jane, path))).toEqual({
      user: 'jane',
      uid: '',
      groups: ['dev'],
      extra: { scope: ['view'] },
      nonResourceAttributes: { path: '/healthz', verb: 'get' },
    })
  })

  it.each([
    ['a=1,b!=2', 'x in (1,2),!y', ['a In 1', 'b NotIn 2'], ['x In 1,2', 'y DoesNotExist ']],
    ['', 'x>1', undefined, undefined],
    [undefined, '((', undefined, undefined],
  ])('has of the selectors %s and %s what a webhook is asked', (fields, labels, ofFields, ofLabels) => {
    const attributes = attributesOf(jane, {
      ...pods,
      verb: 'list',
      ...(fields !== undefined && { fieldSelector: parseFieldSelector(fields) }),
      labelSelector: parseLabelSelector(labels),
    })
    const { resourceAttributes } = accessRequestOf(attributes)
    const printed = (selector: NonNullable<typeof resourceAttributes>['fieldSelector']) =>
      selector?.requirements.map(({ key, operator, values }) => `${key} ${operator} ${values.join(',')}`)
    expect(printed(resourceAttributes?.fieldSelector)).toEqual(ofFields)
    expect(printed(resourceAttributes?.labelSelector)).toEqual(ofLabels)
  })
})
