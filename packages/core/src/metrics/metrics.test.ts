import { describe, expect, it } from 'vitest'
import {
  authorized,
  fails,
  jane,
  knows,
  noOpinion,
  request,
  requests,
  settled,
  tokens,
} from '../../test/fakes.ts'
import { bearerToken } from '../bearer-token/bearer-token.ts'
import { unavailable } from '../errors.ts'
import type { AuthenticationEvent, RequestEvent } from '../events.ts'
import { authenticateRequest } from '../handler/authenticate-request.ts'
import { cached } from '../token-cache/cached.ts'
import { userInfo } from '../user.ts'
import { metrics } from './metrics.ts'
import { histogram, series } from './series.ts'
import { usernameLabel } from './username-label.ts'

const event = (
  result: RequestEvent['result'],
  durationSeconds: number,
  username?: string,
): AuthenticationEvent => ({
  type: 'request',
  request: request(),
  result,
  durationSeconds,
  warnings: [],
  annotations: {},
  ...(username !== undefined && { user: userInfo({ username }) }),
})

describe('metrics', () => {
  it('are in the Prometheus text format, with the names and buckets of kube-apiserver', () => {
    const { observer, render } = metrics()
    observer(event('success', 0.0015, 'jane'))
    observer(event('error', 100))
    const lines = render().split('\n')
    expect(lines.slice(0, 7)).toEqual([
      '# HELP authentication_attempts Counter of authenticated attempts.',
      '# TYPE authentication_attempts counter',
      'authentication_attempts{result="success"} 1',
      'authentication_attempts{result="error"} 1',
      '# HELP authenticated_user_requests Counter of authenticated requests broken out by username.',
      '# TYPE authenticated_user_requests counter',
      'authenticated_user_requests{username="other"} 1',
    ])
    const durations = lines.filter((line) => line.startsWith('authentication_duration_seconds'))
    expect(durations.slice(0, 18)).toEqual([
      ...[
        0.001,
        0.002,
        0.004,
        0.008,
        0.016,
        0.032,
        0.064,
        0.128,
        0.256,
        0.512,
        1.024,
        2.048,
        4.096,
        8.192,
        16.384,
        '+Inf',
      ].map(
        (bound) =>
          `authentication_duration_seconds_bucket{result="success",le="${bound}"} ${bound === 0.001 ? 0 : 1}`,
      ),
      'authentication_duration_seconds_sum{result="success"} 0.0015',
      'authentication_duration_seconds_count{result="success"} 1',
    ])
    expect(durations).toContain('authentication_duration_seconds_bucket{result="error",le="16.384"} 0')
    expect(durations).toContain('authentication_duration_seconds_bucket{result="error",le="+Inf"} 1')
    expect(render().endsWith('\n')).toBe(true)
    expect(render()).not.toContain('\n\n')
  })

  it('count the calls of token webhooks by what came back', () => {
    const { observer, render } = metrics()
    observer({ type: 'tokenReviewCall', status: 200, durationSeconds: 0.6 })
    observer({ type: 'tokenReviewCall', durationSeconds: 11 })
    const text = render()
    expect(text).toContain('apiserver_delegated_authn_request_total{code="200"} 1\n')
    expect(text).toContain('apiserver_delegated_authn_request_total{code="<error>"} 1\n')
    expect(text).toContain(
      'apiserver_delegated_authn_request_duration_seconds_bucket{code="200",le="0.7"} 1\n',
    )
    expect(text).toContain(
      'apiserver_delegated_authn_request_duration_seconds_bucket{code="<error>",le="10"} 0\n',
    )
  })

  it('has every metric, with nothing in it, before anything happened', () => {
    const text = metrics().render()
    expect(text.match(/^# TYPE .*$/gm)).toEqual([
      '# TYPE authentication_attempts counter',
      '# TYPE authenticated_user_requests counter',
      '# TYPE authentication_duration_seconds histogram',
      '# TYPE authentication_token_cache_request_total counter',
      '# TYPE authentication_token_cache_request_duration_seconds histogram',
      '# TYPE authentication_token_cache_fetch_total counter',
      '# TYPE authentication_token_cache_active_fetch_count gauge',
      '# TYPE serviceaccount_valid_tokens_total counter',
      '# TYPE serviceaccount_stale_tokens_total counter',
      '# TYPE apiserver_delegated_authn_request_total counter',
      '# TYPE apiserver_delegated_authn_request_duration_seconds histogram',
      '# TYPE apiserver_client_certificate_expiration_seconds histogram',
      '# TYPE apiserver_authentication_jwt_authenticator_latency_seconds histogram',
      '# TYPE apiserver_authentication_jwt_authenticator_jwks_fetch_last_timestamp_seconds gauge',
      '# TYPE apiserver_authentication_jwt_authenticator_jwks_fetch_last_key_set_info gauge',
      '# TYPE apiserver_authentication_config_controller_automatic_reloads_total counter',
      '# TYPE apiserver_authentication_config_controller_automatic_reload_last_timestamp_seconds gauge',
      '# TYPE apiserver_authentication_config_controller_last_config_info gauge',
    ])
    expect(text).toMatch(/^(#.*\n)*$/)
  })

  it('count requests by how they came out, and users who were known', async () => {
    const { observer, attempts, userRequests } = metrics()
    const ask = (authenticator: Parameters<typeof authenticateRequest>[0]) =>
      authenticateRequest(authenticator, { observer })(request())
    await ask(requests(knows(jane)))
    await ask(requests(knows(userInfo({ username: 'jane@example.com' }))))
    await ask(requests(noOpinion))
    await ask(requests(fails(unavailable('down'))))
    expect([attempts('success'), attempts('failure'), attempts('error')]).toEqual([2, 1, 1])
    expect([userRequests('other'), userRequests('email_id'), userRequests('jane')]).toEqual([1, 1, 0])
  })

  it('count what a token cache does, and end with nothing under way', async () => {
    const { observer, render } = metrics()
    const authenticate = authenticateRequest(bearerToken(cached(tokens(knows(jane)))), { observer })
    await authenticate(authorized('Bearer t'))
    await authenticate(authorized('Bearer t'))
    const failing = authenticateRequest(bearerToken(cached(tokens(fails(unavailable('down'))))), { observer })
    await failing(authorized('Bearer t'))
    await settled()
    const lines = render().split('\n')
    expect(lines).toContain('authentication_token_cache_request_total{status="miss"} 2')
    expect(lines).toContain('authentication_token_cache_request_total{status="hit"} 1')
    expect(lines).toContain('authentication_token_cache_request_duration_seconds_count{status="hit"} 1')
    expect(lines).toContain('authentication_token_cache_fetch_total{status="ok"} 1')
    expect(lines).toContain('authentication_token_cache_fetch_total{status="error"} 1')
    expect(lines).toContain('authentication_token_cache_active_fetch_count{status="in_flight"} 0')
    expect(lines).toContain('authentication_token_cache_active_fetch_count{status="blocked"} 0')
  })

  it('leave other events alone', () => {
    const { observer, render } = metrics()
    const before = render()
    observer({ type: 'consulting', authenticator: 'a' })
    observer({ type: 'reload', source: 'a', outcome: 'loaded' })
    expect(render()).toBe(before)
  })

  it('never tell who users are or what they sent', async () => {
    const { observer, render } = metrics()
    const authenticate = authenticateRequest(
      bearerToken(cached(tokens(knows(userInfo({ username: 'jane@corp' }))))),
      { observer },
    )
    await authenticate(authorized('Bearer c2VjcmV0'))
    expect(render()).not.toMatch(/jane|corp|c2VjcmV0/)
  })
})

describe('a series', () => {
  it('escapes what a label may not hold', () => {
    const counter = series('counter', { name: 'n', help: 'h', label: 'l' })
    counter.add('a"b\\c\nd')
    expect(counter.render()).toBe('# HELP n h\n# TYPE n counter\nn{l="a\\"b\\\\c\\nd"} 1\n')
  })

  it('keeps labels like properties apart from properties', () => {
    const counter = series('counter', { name: 'n', help: 'h', label: 'l' })
    counter.add('__proto__')
    expect([counter.get('__proto__'), counter.get('constructor')]).toEqual([1, 0])
  })

  it('goes down as well where it is a gauge', () => {
    const gauge = series('gauge', { name: 'n', help: 'h', label: 'l' })
    gauge.add('a', 2)
    gauge.add('a', -1)
    expect(gauge.get('a')).toBe(1)
  })
})

describe('a histogram', () => {
  it.each([
    [0, [1, 1, 1]],
    [1, [1, 1, 1]],
    [1.5, [0, 1, 1]],
    [2, [0, 1, 1]],
    [2.1, [0, 0, 1]],
  ])('counts %d in its bucket and all above', (value, counts) => {
    const measured = histogram({ name: 'n', help: 'h', label: 'l' }, [1, 2])
    measured.observe('a', value)
    expect(measured.render()).toBe(
      [
        '# HELP n h',
        '# TYPE n histogram',
        `n_bucket{l="a",le="1"} ${counts[0]}`,
        `n_bucket{l="a",le="2"} ${counts[1]}`,
        `n_bucket{l="a",le="+Inf"} ${counts[2]}`,
        `n_sum{l="a"} ${value}`,
        'n_count{l="a"} 1',
        '',
      ].join('\n'),
    )
  })
})

describe('usernameLabel', () => {
  it.each([
    ['admin', 'admin'],
    ['client', 'client'],
    ['kube_proxy', 'kube_proxy'],
    ['kubelet', 'kubelet'],
    ['system:serviceaccount:kube-system:default', 'system:serviceaccount:kube-system:default'],
    ['jane@example.com', 'email_id'],
    ['@', 'email_id'],
    ['system:anonymous', 'other'],
    ['Admin', 'other'],
    ['__proto__', 'other'],
    ['', 'other'],
  ])('of %j is %s', (username, label) => {
    expect(usernameLabel(username)).toBe(label)
  })
})
