import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import { problemOf } from '../../internal/options/index.ts'

/** Where Identity v3 is, without a slash at the end: `https://keystone.example.com:5000/v3`. */
export function identityUrl(url: string): string {
  const base = new URL(url).href.replace(/\/+$/, '')
  return base.endsWith('/v3') ? base : `${base}/v3`
}

/**
 * The check of the URL of a Keystone.
 *
 * Source: release-1.6 `plugin/pkg/authenticator/password/keystone` NewKeystoneAuthenticator has the message.
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
      messages.push('must be of Identity v3: there is no v2.0 any more')
  }
  return messages.map((message) => ({ path, message }))
}
