import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../testing/test/fakes.ts'
import { attributesOf } from '@kube-authn/core/authorization'
import { type AuthenticationEvent, userInfo } from '@kube-authn/core'
import { metrics } from './metrics.ts'

/** The lines that events add, without buckets that hold nothing and sums. */
function counted(...events: readonly AuthenticationEvent[]): readonly string[] {
  const { observer, render } = metrics({ clock: fixedClock(5000) })
  const before = new Set(render().split('\n'))
  for (const event of events) observer(event)
  return render()
    .split('\n')
    .filter((line) => !before.has(line) && !/_sum\b|_bucket.* 0$/.test(line))
}

const call = { type: 'accessReviewCall', authorizer: 'policy', durationSeconds: 11 } as const

describe('metrics of authorization webhooks', () => {
  it.each(['success', 'error', 'timeout'] as const)('count a call that ends with %s', (result) => {
    expect(counted({ ...call, result, status: 200 })).toEqual([
      `apiserver_authorization_webhook_evaluations_total{name="policy",result="${result}"} 1`,
      `apiserver_authorization_webhook_duration_seconds_bucket{name="policy",result="${result}",le="+Inf"} 1`,
      `apiserver_authorization_webhook_duration_seconds_count{name="policy",result="${result}"} 1`,
    ])
  })

  it.each([
    [{ result: 'success', status: 201 }, '201'],
    [{ result: 'error', status: 500 }, '500'],
    [{ result: 'timeout' }, '<error>'],
  ] as const)('count a call of the cluster that decides by its status: %j', (came, code) => {
    expect(counted({ ...call, ...came, delegated: true })).toEqual([
      `apiserver_delegated_authz_request_total{code="${code}"} 1`,
      `apiserver_delegated_authz_request_duration_seconds_bucket{code="${code}",le="+Inf"} 1`,
      `apiserver_delegated_authz_request_duration_seconds_count{code="${code}"} 1`,
    ])
  })

  it('count what failed open, but not of the cluster that decides', () => {
    const failure = { type: 'accessReviewFailOpen', authorizer: 'policy', result: 'timeout' } as const
    expect(counted(failure, failure, { ...failure, delegated: true })).toEqual([
      'apiserver_authorization_webhook_evaluations_fail_open_total{name="policy",result="timeout"} 2',
    ])
  })

  it('have the buckets of kube-apiserver', () => {
    const bounds = (prefix: string, event: AuthenticationEvent): readonly (string | undefined)[] => {
      const { observer, render } = metrics()
      observer(event)
      const lines = render()
        .split('\n')
        .filter((line) => line.startsWith(`${prefix}_bucket`))
      return lines.map((line) => /le="([^"]*)"/.exec(line)?.[1])
    }
    expect(
      bounds('apiserver_authorization_webhook_duration_seconds', { ...call, result: 'success' }),
    ).toEqual(['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'])
    expect(
      bounds('apiserver_delegated_authz_request_duration_seconds', {
        ...call,
        result: 'success',
        delegated: true,
      }),
    ).toEqual(['0.25', '0.5', '0.7', '1', '1.5', '3', '5', '10', '+Inf'])
    expect(
      bounds('apiserver_authorization_match_condition_evaluation_seconds', {
        type: 'authorizationMatchCondition',
        authorizerType: 'Webhook',
        authorizer: 'policy',
        excluded: false,
        durationSeconds: 0,
      }),
    ).toEqual(['0.001', '0.005', '0.01', '0.025', '0.1', '0.2', '0.25', '+Inf'])
  })
})

describe('metrics of match conditions', () => {
  const evaluated = {
    type: 'authorizationMatchCondition',
    authorizerType: 'Webhook',
    authorizer: 'policy',
    excluded: false,
    durationSeconds: 0.3,
  } as const
  const labels = 'type="Webhook",name="policy"'
  const name = 'apiserver_authorization_match_condition'
  const timed = [
    `${name}_evaluation_seconds_bucket{${labels},le="+Inf"} 1`,
    `${name}_evaluation_seconds_count{${labels}} 1`,
  ]
  const failed = `${name}_evaluation_errors_total{${labels}} 1`
  const excluded = `${name}_exclusions_total{${labels}} 1`

  it.each([
    ['match', {}, timed],
    ['exclude', { excluded: true }, [excluded, ...timed]],
    ['fail', { error: new Error('no such key') }, [failed, ...timed]],
    ['fail, and exclude after that', { excluded: true, error: new Error('a') }, [failed, excluded, ...timed]],
  ])('count conditions that %s', (_, came, lines) => {
    expect(counted({ ...evaluated, ...came })).toEqual(lines)
  })

  it('say nothing of what a condition says', () => {
    expect(counted({ ...evaluated, error: new Error('request.user is jane') }).join('\n')).not.toContain(
      'jane',
    )
  })
})

describe('metrics of decisions', () => {
  it.each([
    [
      'of its configuration',
      { authorizer: 'policy', authorizerType: 'Webhook' },
      'type="Webhook",name="policy"',
    ],
    [
      'of its configuration, whatever its name',
      { authorizer: 'rbac', authorizerType: 'Webhook' },
      'type="Webhook",name="rbac"',
    ],
    ['that its name says', { authorizer: 'rbac' }, 'type="RBAC",name="rbac"'],
    ['that is its name, otherwise', { authorizer: '__proto__' }, 'type="__proto__",name="__proto__"'],
  ])('have the type %s', (_, named, labels) => {
    const attributes = attributesOf(userInfo({ username: 'jane' }), { verb: 'get', path: '/' })
    const decision = { verdict: 'deny', reason: '' } as const
    const event = { type: 'authorizerConsulted', attributes, decision, durationSeconds: 0, ...named } as const
    expect(counted(event)).toEqual([`apiserver_authorization_decisions_total{${labels},decision="denied"} 1`])
  })
})

describe('metrics of the authorization configuration', () => {
  const read = { type: 'authorizationConfigReload', source: '/etc/authz.yaml' } as const
  const prefix = 'apiserver_authorization_config_controller'
  // `printf one | sha256sum`
  const hash = 'sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed'
  const info = `${prefix}_last_config_info{hash="${hash}"} 1`

  it.each([
    ['the first version, which is no reload', { outcome: 'initial', content: 'one' }, [info]],
    [
      'a reload',
      { outcome: 'loaded', content: 'one' },
      [
        `${prefix}_automatic_reloads_total{status="success"} 1`,
        `${prefix}_automatic_reload_last_timestamp_seconds{status="success"} 5`,
        info,
      ],
    ],
    [
      'a failure, which changes nothing',
      { outcome: 'failed', content: 'one', error: new Error('bad') },
      [
        `${prefix}_automatic_reloads_total{status="failure"} 1`,
        `${prefix}_automatic_reload_last_timestamp_seconds{status="failure"} 5`,
      ],
    ],
  ] as const)('tell %s', (_, came, lines) => {
    expect(counted({ ...read, ...came })).toEqual(lines)
  })

  it('tell the latest version only', () => {
    const lines = counted(
      { ...read, outcome: 'initial', content: 'zero' },
      { ...read, outcome: 'loaded', content: 'one' },
    )
    expect(lines.filter((line) => line.includes('info'))).toEqual([info])
  })
})

const audit = { type: 'audit', level: 'Metadata', count: 1 } as const

describe('metrics of audit and of certificates of servers', () => {
  it.each([
    [{ ...audit, what: 'event', stage: 'RequestReceived' }, 'apiserver_audit_event_total 1'],
    [{ ...audit, what: 'event', stage: 'ResponseComplete' }, 'apiserver_audit_event_total 1'],
    [{ ...audit, what: 'level', level: 'None' }, 'apiserver_audit_level_total{level="None"} 1'],
    [{ ...audit, what: 'level' }, 'apiserver_audit_level_total{level="Metadata"} 1'],
    [{ ...audit, what: 'error', plugin: 'log' }, 'apiserver_audit_error_total{plugin="log"} 1'],
    [
      { ...audit, what: 'error', plugin: 'buffered', count: 7 },
      'apiserver_audit_error_total{plugin="buffered"} 7',
    ],
    [{ type: 'serverCertificate', problem: 'missingSan' }, 'apiserver_webhooks_x509_missing_san_total 1'],
    [{ type: 'serverCertificate', problem: 'insecureSha1' }, 'apiserver_webhooks_x509_insecure_sha1_total 1'],
  ] as const)('count %j once, and nothing else', (event, line) => {
    expect(counted(event)).toEqual([line])
  })
})

describe('metrics of stores', () => {
  it('say when they are read how old a copy is, by a clock that goes on', () => {
    const clock = fixedClock(0)
    const { observer, render } = metrics({ clock })
    const age = (): string | undefined => /staleness_seconds\{kind="roles"\} (.+)/.exec(render())?.[1]
    const copy = { type: 'storeCopy', kind: 'roles', objects: 1, maxObjects: 2 } as const
    observer({ ...copy, status: 'failing' })
    expect(age()).toBeUndefined()
    observer({ ...copy, status: 'confirmed', ageSeconds: 0.5 })
    expect(age()).toBe('0.5')
    clock.advance(10_000)
    expect(age()).toBe('10.5')
    observer({ ...copy, status: 'confirmed', ageSeconds: 0 })
    expect(age()).toBe('0')
  })

  it('tell a request that was refused from one that failed', () => {
    const request = { type: 'storeRequest', operation: 'create', durationSeconds: 1 } as const
    const refused = counted({ ...request, code: 'objectExists', isFailure: false })
    expect(refused).toContain('kube_authn_store_results_total{operation="create",code="objectExists"} 1')
    expect(refused).toContain('kube_authn_store_up 1')
    expect(refused.join()).not.toContain('etcd_request_errors_total{')
    const failed = counted({ ...request, code: 'storeUnavailable', isFailure: true })
    expect(failed).toContain('etcd_request_errors_total{operation="create"} 1')
    expect(failed).toContain('kube_authn_store_up 0')
  })
})
