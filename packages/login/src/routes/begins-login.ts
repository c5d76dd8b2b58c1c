import type { AuthenticationRequest } from '@kube-authn/core'

/** What a page of any site can embed is no navigation of the person. */
const NAVIGATIONS: ReadonlySet<string | undefined> = new Set([undefined, 'document', 'empty'])

/**
 * Whether a request may begin a login. An image or a frame of another site would only fill up the browser with cookies of attempts.
 *
 * Source: W3C Fetch Metadata sections 2.1 and 2.2. Clients without them are let through.
 */
export function beginsLogin({ headers }: AuthenticationRequest): boolean {
  return headers.first('sec-fetch-mode') !== 'no-cors' && NAVIGATIONS.has(headers.first('sec-fetch-dest'))
}
