import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../testing/test/fakes.ts'
import type { AuthenticationEvent } from '@kube-authn/core'
import { metrics } from './metrics.ts'

const hash = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

/** The lines, without the names that all of them begin with, after these events, a second apart. */
function linesAfter(...events: readonly AuthenticationEvent[]): readonly string[] {
  const clock = fixedClock(1_000_000)
  const { observer, render } = metrics({ clock })
  for (const event of events) {
    observer(event)
    clock.advance(1000)
  }
  return [...render().matchAll(/^apiserver_authentication_(?!client)(\S+ .*)$/gm)].map(
    ([, line = '']) => line,
  )
}

const issuer = 'https://issuer.example.com'

describe('metrics of tokens from issuers', () => {
  it('tell how long each took, by result and issuer', () => {
    const lines = linesAfter(
      { type: 'jwtAuthenticator', issuer, result: 'success', durationSeconds: 0.002 },
      { type: 'jwtAuthenticator', issuer, result: 'failure', durationSeconds: 20 },
    )
    const label = `jwt_issuer_hash="${hash(issuer)}"`
    expect(lines).toContain(
      `jwt_authenticator_latency_seconds_bucket{result="success",${label},le="0.001"} 0`,
    )
    expect(lines).toContain(
      `jwt_authenticator_latency_seconds_bucket{result="success",${label},le="0.005"} 1`,
    )
    expect(lines).toContain(`jwt_authenticator_latency_seconds_bucket{result="failure",${label},le="10"} 0`)
    expect(lines).toContain(`jwt_authenticator_latency_seconds_bucket{result="failure",${label},le="+Inf"} 1`)
    expect(lines).toContain(`jwt_authenticator_latency_seconds_sum{result="failure",${label}} 20`)
    expect(lines.join('\n')).not.toContain(issuer)
  })

  it('tell when keys were fetched last, and which they are now', () => {
    expect(
      linesAfter(
        { type: 'jwksFetch', issuer, jwks: 'old' },
        { type: 'jwksFetch', issuer, jwks: 'new' },
        { type: 'jwksFetch', issuer, error: new Error('down') },
        { type: 'jwksFetch', issuer: '', jwks: 'x' },
      ),
    ).toEqual([
      `jwt_authenticator_jwks_fetch_last_timestamp_seconds{result="success",jwt_issuer_hash="${hash(issuer)}"} 1001`,
      `jwt_authenticator_jwks_fetch_last_timestamp_seconds{result="failure",jwt_issuer_hash="${hash(issuer)}"} 1002`,
      'jwt_authenticator_jwks_fetch_last_timestamp_seconds{result="success",jwt_issuer_hash=""} 1003',
      `jwt_authenticator_jwks_fetch_last_key_set_info{jwt_issuer_hash="${hash(issuer)}",hash="${hash('new')}"} 1`,
      `jwt_authenticator_jwks_fetch_last_key_set_info{jwt_issuer_hash="",hash="${hash('x')}"} 1`,
    ])
  })

  it('tell of reloads of the configuration, and of no other file', () => {
    const kind = 'authenticationConfiguration'
    const reload = { type: 'reload', source: 'file' } as const
    expect(
      linesAfter(
        { ...reload, outcome: 'loaded' },
        { ...reload, kind, content: 'one', outcome: 'loaded' },
        { ...reload, kind, content: 'bad', outcome: 'failed', error: new Error('bad') },
        { ...reload, kind, content: 'two', outcome: 'loaded' },
      ),
    ).toEqual([
      'config_controller_automatic_reloads_total{status="success"} 2',
      'config_controller_automatic_reloads_total{status="failure"} 1',
      'config_controller_automatic_reload_last_timestamp_seconds{status="success"} 1003',
      'config_controller_automatic_reload_last_timestamp_seconds{status="failure"} 1002',
      `config_controller_last_config_info{hash="${hash('two')}"} 1`,
    ])
  })

  it('have the hash of the first version of the configuration, which is no reload', () => {
    const kind = 'authenticationConfiguration'
    expect(linesAfter({ type: 'reload', source: 'file', kind, content: 'one', outcome: 'initial' })).toEqual([
      `config_controller_last_config_info{hash="${hash('one')}"} 1`,
    ])
  })
})
