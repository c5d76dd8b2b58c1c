import type { ErrorList } from '../../../internal/field/errors.ts'
import type { FieldPath } from '../../../internal/field/path.ts'
import type { Issuer } from './config.ts'
import { checkFragment, splitOnce, splitUrl, UrlProblem } from '@kube-authn/internal/go-url'
import { quoted } from '@kube-authn/internal/quote'

/**
 * Validates an issuer, except for its certificate authority.
 *
 * Deviation: URLs must have a host, and errors never show a password in a URL (`docs/deviations.md`, issuer URLs).
 */
export function validateIssuer(
  issuer: Issuer,
  disallowed: ReadonlySet<string>,
  path: FieldPath,
  errors: ErrorList,
): void {
  const { url, discoveryURL } = issuer
  if (url === '') errors.required(path.child('url'))
  else validateUrl(url, disallowed, path.child('url'), errors)
  if (discoveryURL !== '') {
    const field = path.child('discoveryURL')
    if (url !== '' && withoutTrailingSlashes(url) === withoutTrailingSlashes(discoveryURL)) {
      errors.invalid(field, withoutUserinfo(discoveryURL), 'discoveryURL must be different from URL')
    }
    validateUrl(discoveryURL, new Set(), field, errors)
  }
  validateAudiences(issuer, path, errors)
  if (!['', 'controlplane', 'cluster'].includes(issuer.egressSelectorType)) {
    const detail = 'egress selector must be either controlplane or cluster'
    errors.invalid(path.child('egressSelectorType'), issuer.egressSelectorType, detail)
  }
}

function withoutTrailingSlashes(url: string): string {
  let end = url.length
  while (url[end - 1] === '/') end--
  return url.slice(0, end)
}

function validateUrl(url: string, disallowed: ReadonlySet<string>, path: FieldPath, errors: ErrorList): void {
  // Never repeat what may be a password.
  const shown = withoutUserinfo(url)
  if (disallowed.has(url)) {
    const all = [...disallowed].toSorted().join(' ')
    errors.invalid(path, shown, `URL must not overlap with disallowed issuers: [${all}]`)
  }
  try {
    const [beforeFragment = '', fragment = ''] = splitOnce(url, '#')
    const { scheme, userinfo, host, query = '' } = splitUrl(beforeFragment, false)
    checkFragment(fragment)
    const hasHost = !/^(?::|$)/.test(host) && URL.canParse(url)
    if (scheme !== 'https') errors.invalid(path, shown, 'URL scheme must be https')
    else if (!hasHost) errors.invalid(path, shown, 'URL must have a valid host')
    if (userinfo !== undefined) errors.invalid(path, shown, 'URL must not contain a username or password')
    if (query !== '') errors.invalid(path, shown, 'URL must not contain a query')
    if (fragment !== '') errors.invalid(path, shown, 'URL must not contain a fragment')
  } catch (error) {
    if (!(error instanceof UrlProblem)) throw error
    // Hide the offending part if it may be of a password.
    const mayTell = isMisplaced(url) || (url.includes('@') && error.message.startsWith('invalid URL escape'))
    const reason = mayTell ? error.message.replace(/ ".*"/s, '') : error.message
    errors.invalid(path, shown, `parse ${quoted(shown)}: ${reason}`)
  }
}

function validateAudiences(
  { audiences, audienceMatchPolicy }: Issuer,
  path: FieldPath,
  errors: ErrorList,
): void {
  const audiencesPath = path.child('audiences')
  if (audiences.length === 0) {
    errors.required(audiencesPath, `at least one ${String(audiencesPath)} is required`)
    return
  }
  const seen = new Set<string>()
  for (const [index, audience] of audiences.entries()) {
    if (audience === '') errors.required(audiencesPath.index(index))
    if (seen.has(audience)) errors.duplicate(audiencesPath.index(index), audience)
    seen.add(audience)
  }
  const policy = path.child('audienceMatchPolicy')
  if (audiences.length > 1 && audienceMatchPolicy !== 'MatchAny') {
    errors.invalid(policy, audienceMatchPolicy, 'audienceMatchPolicy must be MatchAny for multiple audiences')
  }
  if (audiences.length === 1 && audienceMatchPolicy !== '' && audienceMatchPolicy !== 'MatchAny') {
    const detail = 'audienceMatchPolicy must be empty or MatchAny for single audience'
    errors.invalid(policy, audienceMatchPolicy, detail)
  }
}

/** The URL with everything before its `@` omitted, fit for error messages. */
export function withoutUserinfo(url: string): string {
  return url.replace(isMisplaced(url) ? USERINFO_ANYWHERE : USERINFO_IN_PLACE, '$1<omitted>@')
}

const USERINFO_IN_PLACE = /^((?:[a-z][a-z0-9+.-]*:)?[/\\]*)[^/?#]*@/i
const USERINFO_ANYWHERE = /^((?:[a-z][a-z0-9+.-]*:)?[/\\]*).*@/is

/** Whether the URL has an `@` after the authority, as with an unescaped slash in a password. */
function isMisplaced(url: string): boolean {
  return url.includes('@') && !USERINFO_IN_PLACE.test(url)
}
