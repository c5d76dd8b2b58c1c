import { ConfigurationError, emptyContext } from '@kube-authn/core'
import { requestHeader } from '@kube-authn/core/client-certificate'
import { outcomeOf } from '../behaviour.ts'
import { headersAfter, requestOf } from '../requests.ts'
import { DEVIATES_AS_DOCUMENTED, type HeaderPair, type UnitRunner } from '../vector.ts'
import { ERROR, reading, USER } from '../reading.ts'

/** Area F: headers of a proxy. This unit assumes the proxy is verified; the chains verify it by certificates. */
export const requestHeaderRunners: Readonly<Record<string, UnitRunner>> = {
  'request-header': reading(
    {
      given: 'headers username_headers uid_headers group_headers extra_prefixes',
      expect: ['outcome headers_after text_contains', { user: USER, error: ERROR }],
    },
    async ({ given }) => {
      const headers = given['headers'] as readonly HeaderPair[]
      const names = (field: string): readonly string[] => (given[field] ?? []) as readonly string[]
      let authenticator
      try {
        authenticator = requestHeader({
          usernameHeaders: names('username_headers'),
          uidHeaders: names('uid_headers'),
          groupHeaders: names('group_headers'),
          extraHeaderPrefixes: names('extra_prefixes'),
          trusts: () => true,
        })
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        // Deviation L.5: configurations that use one header for two purposes are refused.
        return given.deviation === 'L.5'
          ? DEVIATES_AS_DOCUMENTED
          : { outcome: 'load-error', text_contains: error.message }
      }
      const outcome = await outcomeOf(() => authenticator.authenticate(requestOf({ headers }), emptyContext))
      return { ...outcome, headers_after: headersAfter(headers, outcome.authentication?.consumed) }
    },
  ),
}
