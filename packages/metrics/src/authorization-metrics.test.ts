import { describe, expect, it } from 'vitest'
import {
  allow,
  alwaysAllow,
  alwaysDeny,
  AuthorizationError,
  type Authorizer,
  authorizeRequest,
  noOpinion,
  unionAuthorizer,
} from '@kube-authn/core/authorization'
import { fetchRequest, impersonateRequest } from '@kube-authn/core/adapter'
import { userInfo } from '@kube-authn/core'
import { metrics } from './metrics.ts'

const clark = userInfo({ username: 'clark' })
const error = new AuthorizationError('broken')
const says = (name: string, decision: ReturnType<typeof noOpinion>): Authorizer => ({
  name,
  authorize: () => decision,
})

/** The lines of what was counted, without durations. */
function counted(render: () => string): readonly string[] {
  return render()
    .split('\n')
    .filter((line) => /^(?:authorization_attempts|apiserver_(?:authorization|impersonation))/.test(line))
    .filter((line) => !/_(?:bucket|sum)\b/.test(line))
}

describe('metrics of authorization', () => {
  it.each([
    ['allowed', alwaysAllow()],
    ['denied', says('a', { verdict: 'deny', reason: '' })],
    ['no-opinion', alwaysDeny()],
    ['no-opinion', says('a', noOpinion('why'))],
    ['error', says('a', noOpinion('', error))],
    ['error', says('a', { verdict: 'deny', reason: '', error })],
    ['allowed', says('a', { ...allow(), error })],
  ])('count an attempt as %s', async (result, authorizer) => {
    const { observer, render } = metrics()
    await authorizeRequest(authorizer, { observer })(fetchRequest(new Request('http://app/x')), clark)
    expect(render()).toContain(`authorization_attempts_total{result="${result}"} 1\n`)
    expect(render()).toContain(`authorization_duration_seconds_count{result="${result}"} 1\n`)
    expect(render()).toContain(`authorization_duration_seconds_bucket{result="${result}",le="16.384"} 1\n`)
  })

  it('count a request without a user as an error', async () => {
    const { observer, render } = metrics()
    await authorizeRequest(alwaysAllow(), { observer })(fetchRequest(new Request('http://app/x')), undefined)
    expect(render()).toContain('authorization_attempts_total{result="error"} 1\n')
  })

  it('count what each authorizer allowed or denied, but neither what it left open nor what a union says', async () => {
    const { observer, render } = metrics()
    const authorizer = unionAuthorizer(
      says('rbac', noOpinion()),
      says('my-own', { verdict: 'deny', reason: '' }),
    )
    const authorize = authorizeRequest(authorizer, { observer })
    for (let time = 0; time < 2; time++) await authorize(fetchRequest(new Request('http://app/x')), clark)
    await authorizeRequest(says('rbac', allow()), { observer })(
      fetchRequest(new Request('http://app/x')),
      clark,
    )
    expect(counted(render)).toEqual([
      'authorization_attempts_total{result="denied"} 2',
      'authorization_attempts_total{result="allowed"} 1',
      'apiserver_authorization_decisions_total{type="my-own",name="my-own",decision="denied"} 2',
      'apiserver_authorization_decisions_total{type="RBAC",name="rbac",decision="allowed"} 1',
    ])
  })
})

describe('metrics of impersonation', () => {
  const asBob = () => fetchRequest(new Request('http://app/x', { headers: { 'impersonate-user': 'bob' } }))
  const only = (...verbs: readonly string[]): Authorizer => ({
    name: 'only',
    authorize: ({ verb }) => (verbs.includes(verb) ? allow() : noOpinion()),
  })

  it('count attempts and questions by mode and decision', async () => {
    const { observer, render } = metrics()
    const constrained = impersonateRequest(only('impersonate-on:user-info:get', 'impersonate:user-info'), {
      observer,
      ttlSeconds: 0,
    })
    await constrained(asBob(), clark)
    await impersonateRequest(only('impersonate'), { observer })(asBob(), clark)
    await impersonateRequest(alwaysDeny(), { observer, mode: 'legacy' })(asBob(), clark)
    const lines = counted(render).filter((line) => line.startsWith('apiserver_impersonation'))
    expect(lines).toEqual([
      'apiserver_impersonation_attempts_total{mode="user-info",decision="allowed"} 1',
      'apiserver_impersonation_attempts_total{mode="legacy",decision="allowed"} 1',
      'apiserver_impersonation_attempts_total{mode="",decision="denied"} 1',
      'apiserver_impersonation_attempts_duration_seconds_count{mode="user-info",decision="allowed"} 1',
      'apiserver_impersonation_attempts_duration_seconds_count{mode="legacy",decision="allowed"} 1',
      'apiserver_impersonation_attempts_duration_seconds_count{mode="",decision="denied"} 1',
      'apiserver_impersonation_authorization_attempts_total{mode="user-info",decision="allowed"} 2',
      'apiserver_impersonation_authorization_attempts_total{mode="user-info",decision="denied"} 1',
      'apiserver_impersonation_authorization_attempts_total{mode="legacy",decision="allowed"} 1',
      'apiserver_impersonation_authorization_attempts_total{mode="legacy",decision="denied"} 1',
      'apiserver_impersonation_authorization_attempts_duration_seconds_count{mode="user-info",decision="allowed"} 2',
      'apiserver_impersonation_authorization_attempts_duration_seconds_count{mode="user-info",decision="denied"} 1',
      'apiserver_impersonation_authorization_attempts_duration_seconds_count{mode="legacy",decision="allowed"} 1',
      'apiserver_impersonation_authorization_attempts_duration_seconds_count{mode="legacy",decision="denied"} 1',
    ])
  })

  it('count no attempt where the headers name no user', async () => {
    const { observer, render } = metrics()
    const impersonate = impersonateRequest(alwaysDeny(), { observer })
    for (const name of ['impersonate-uid', 'impersonate-group', 'impersonate-extra-a']) {
      const request = fetchRequest(new Request('http://app/x', { headers: { [name]: 'x' } }))
      expect(await impersonate(request, clark)).toMatchObject({ failure: { status: 400 } })
    }
    expect(counted(render).filter((line) => line.startsWith('apiserver_impersonation'))).toEqual([])
  })

  it('count nothing of a request that asks for none', async () => {
    const { observer, render } = metrics()
    await impersonateRequest(alwaysAllow(), { observer })(fetchRequest(new Request('http://app/x')), clark)
    expect(counted(render)).toEqual([])
  })
})
