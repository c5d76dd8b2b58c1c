import type { ConfigurationProblem } from '../errors.ts'

/** Where Identity v3 is, without a slash at the end: `https://keystone.example.com:5000/v3`. */
export function identityUrl(url: string): string {
  const base = new URL(url).href.replace(/\/+$/, '')
  return base.endsWith('/v3') ? base : `${base}/v3`
}

/**
 * What is wrong with the URL of a Keystone.
 *
 * Source: release-1.6 `plugin/pkg/authenticator/password/keystone` NewKeystoneAuthenticator has the message.
 */
export function urlProblems(url: string): readonly ConfigurationProblem[] {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  const messages = []
  if (parsed?.protocol !== 'https:') messages.push('Auth URL should be secure and start with https')
  else {
    if (parsed.username !== '' || parsed.password !== '') messages.push('must not have credentials in it')
    if (url.includes('?') || url.includes('#')) messages.push('must not have a query or a fragment')
    if (/\/v2\.0\/*$/.test(parsed.pathname))
      messages.push('must be of Identity v3: there is no v2.0 any more')
  }
  return messages.map((message) => ({ path: 'url', message }))
}
