import type { ConfigurationProblem } from '@kube-authn/core'
import { problemOf } from '@kube-authn/core/internal'

/** The base URL of Identity v3, without a trailing slash: `https://keystone.example.com:5000/v3`. */
export function identityUrl(url: string): string {
  const base = new URL(url).href.replace(/\/+$/, '')
  return base.endsWith('/v3') ? base : `${base}/v3`
}

/**
 * Checks the URL of Keystone.
 *
 * Source: release-1.6 `plugin/pkg/authenticator/password/keystone` NewKeystoneAuthenticator, for the message.
 */
export function aKeystoneUrl(url: unknown, path: string): readonly ConfigurationProblem[] {
  if (typeof url !== 'string') return problemOf(url, path, 'must be a URL')
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const messages = []
  if (parsed?.protocol !== 'https:') messages.push('Auth URL should be secure and start with https')
  else {
    if (parsed.username !== '' || parsed.password !== '') messages.push('must not have credentials in it')
    if (url.includes('?') || url.includes('#')) messages.push('must not have a query or a fragment')
    if (/\/v2\.0\/*$/.test(parsed.pathname))
      messages.push('must be an Identity v3 URL: v2.0 no longer exists')
  }
  return messages.map((message) => ({ path, message }))
}
