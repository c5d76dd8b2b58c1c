import { basic, bearerToken, type PasswordAuthenticator, webSocketProtocol } from '@kube-authn/core'
import { type AnyBehaviour, type Behaviour, combined, outcomeOf, scripted } from '../behaviour.ts'
import { headersAfter, requestOf } from '../requests.ts'
import { DEVIATES_AS_DOCUMENTED, type Given, type HeaderPair, type UnitRunner } from '../vector.ts'
import { BEHAVIOUR, BEHAVIOURS, ERROR, reading, USER } from '../reading.ts'

/** Area C: extraction of credentials from requests. */
export const extraction: Readonly<Record<string, UnitRunner>> = {
  bearer: reading(
    {
      given: ['headers', { token_authenticator: BEHAVIOURS }],
      expect: [
        'outcome audiences headers_after token_seen token_authenticator_called warning_contains warnings',
        { user: USER, error: ERROR },
      ],
    },
    async ({ given }) => {
      const { tokens, calls } = combined(given['token_authenticator'] as AnyBehaviour)
      const run = await extract(given, bearerToken(tokens).authenticate)
      return { ...run, token_seen: calls()[0]?.credential[0], token_authenticator_called: calls().length > 0 }
    },
  ),

  websocket: reading(
    {
      given: ['headers', { token_authenticator: BEHAVIOURS }],
      expect: [
        'outcome audiences headers_after protocol_header_after token_seen token_authenticator_called warning_contains warnings',
        { user: USER, error: ERROR },
      ],
    },
    async ({ given }) => {
      const { tokens, calls } = combined(given['token_authenticator'] as AnyBehaviour)
      const run = await extract(given, webSocketProtocol(tokens).authenticate)
      const protocols = (run['headers_after'] as readonly HeaderPair[])
        .filter(([name]) => name.toLowerCase() === 'sec-websocket-protocol')
        .map(([, value]) => value)
      return {
        ...run,
        protocol_header_after: protocols,
        token_seen: calls()[0]?.credential[0],
        token_authenticator_called: calls().length > 0,
      }
    },
  ),

  basic: reading(
    {
      given: ['headers', { password_authenticator: BEHAVIOUR }],
      expect: [
        'outcome audiences headers_after username_seen password_seen password_authenticator_called warning_contains warnings',
        { user: USER, error: ERROR },
      ],
    },
    async ({ given }) => {
      const passwords = scripted(given['password_authenticator'] as Behaviour)
      const authenticator: PasswordAuthenticator = {
        name: 'scripted',
        authenticatePassword: passwords.authenticatePassword,
      }
      const run = await extract(given, basic(authenticator).authenticate)
      const [call] = passwords.calls
      const seen = {
        username_seen: call?.credential[0],
        password_seen: call?.credential[1],
        password_authenticator_called: call !== undefined,
      }
      // Deviation L.8: in 1.6 a wrong password was no opinion, and so anonymous; here it is an error.
      if (given.deviation === 'L.8' && run['error'] === 'invalid username/password combination') {
        return DEVIATES_AS_DOCUMENTED
      }
      return { ...run, ...seen }
    },
  ),
}

async function extract(
  given: Given,
  authenticate: ReturnType<typeof bearerToken>['authenticate'],
): Promise<Record<string, unknown>> {
  const headers = given['headers'] as readonly HeaderPair[]
  const warnings: string[] = []
  const outcome = await outcomeOf(() =>
    authenticate(requestOf({ headers }), { warn: (text) => warnings.push(text) }),
  )
  return {
    ...outcome,
    headers_after: headersAfter(headers, outcome.authentication?.consumed),
    warning_contains: warnings.join('\n'),
    warnings: warnings.length,
  }
}
