import type { ConfigurationProblem } from '@kube-authn/core'

/** What is wrong with the URL of a member. The URL is not repeated: it may have a password. */
export function endpointProblem(
  endpoint: string,
  index: number,
  allowInsecureHttp: boolean,
): readonly ConfigurationProblem[] {
  const path = `endpoints[${index}]`
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined) return [{ path, message: 'must be a URL' }]
  if (url.protocol !== 'https:' && !(allowInsecureHttp && url.protocol === 'http:')) {
    return [{ path, message: 'must be an https URL' }]
  }
  if (url.username !== '' || url.password !== '') {
    return [{ path, message: 'must not have credentials in it; use username and password' }]
  }
  if (url.search !== '' || url.hash !== '') return [{ path, message: 'must not have a query or a fragment' }]
  return []
}
