import type { ConfigurationProblem } from '@kube-authn/core'
import type { ClientAuthenticationOptions } from '@kube-authn/core/oidc'

/** Problems beyond types. */
export function clientAuthenticationProblems({
  clientSecret,
  clientAuthentication,
  clientAssertion,
}: Partial<ClientAuthenticationOptions>): readonly ConfigurationProblem[] {
  if (clientSecret === undefined && clientAssertion === undefined) {
    return [{ path: 'clientSecret', message: 'is required, or clientAssertion' }]
  }
  if (clientAssertion === undefined) return []
  if (clientSecret !== undefined) {
    return [{ path: 'clientAssertion', message: 'cannot be set together with clientSecret' }]
  }
  if (clientAuthentication === undefined) return []
  return [{ path: 'clientAuthentication', message: 'is for clientSecret only' }]
}

/** A request to the introspection endpoint. */
export interface ClientRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What must not be in any message. */
  readonly secrets: readonly string[]
}

/**
 * Adds the authentication of the client to a form.
 *
 * Source: RFC 7662 section 2.1, RFC 6749 section 2.3.1 (Basic with form encoding, or the body), RFC 7523 section 2.2.
 */
export async function authenticatedForm(
  form: Readonly<Record<string, string>>,
  { clientId, clientSecret, clientAuthentication = 'basic', clientAssertion }: ClientAuthenticationOptions,
): Promise<ClientRequest> {
  if (clientAssertion !== undefined) {
    const assertion = await clientAssertion()
    const own = { client_id: clientId, client_assertion_type: JWT_BEARER, client_assertion: assertion }
    return requestOf({ ...form, ...own }, {}, [assertion])
  }
  const secret = (typeof clientSecret === 'function' ? await clientSecret() : clientSecret) ?? ''
  if (clientAuthentication === 'post') {
    return requestOf({ ...form, client_id: clientId, client_secret: secret }, {}, [secret])
  }
  const credentials = btoa(`${formEncoded(clientId)}:${formEncoded(secret)}`)
  return requestOf(form, { authorization: `Basic ${credentials}` }, [secret, credentials])
}

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

function requestOf(
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
): ClientRequest {
  return { headers, body: String(new URLSearchParams(form)), secrets: spelled(secrets) }
}

/** Secrets as they are, and as a form contains them. */
export function spelled(secrets: readonly string[]): readonly string[] {
  return secrets.flatMap((secret) => [secret, formEncoded(secret)])
}

/** A form with one name and no value is `NAME=`. */
function formEncoded(text: string): string {
  return String(new URLSearchParams([[text, '']])).slice(0, -1)
}
