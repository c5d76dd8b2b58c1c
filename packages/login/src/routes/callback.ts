import type { HttpAnswer } from '@kube-authn/core/adapter'
import { isAuthenticationError } from '@kube-authn/core/internal/shared'
import { LoginFailure } from '../login-failure.ts'
import { redirect } from '../pages/page.ts'
import { exchangedTokens } from '../provider/tokens.ts'
import { acceptedUser } from '../session/accepted-user.ts'
import { certificateOf } from '../session/client-certificate.ts'
import type { Transaction } from '../transaction/transaction.ts'
import type { Finished } from '../transaction/transactions.ts'
import type { LoginParts, Route, RouteRequest } from './route.ts'

/** A longer query is none of a provider. */
const MAX_QUERY = 8192

/**
 * Completes a login with what the provider sent by the browser, which must be the browser that began it.
 *
 * Source: OpenID Connect Core 1.0 section 3.1.2.5; RFC 9700 sections 2.1, 4.4 and 4.7 (mix-up, login CSRF).
 *
 * @param providerName the provider whose redirect URI it is: an answer counts for the provider that the login began at only.
 */
export function callbackRoute(parts: LoginParts, providerName: string): Route {
  return async (given) => {
    const { request, query, cookieHeader } = given
    if (request.query.length > MAX_QUERY) throw over('the query is too long')
    const [state, ...others] = query.getAll('state')
    if (state === undefined || others.length > 0) throw over('the answer has not one state')
    const { transaction, setCookies } = await finished(parts, cookieHeader, state)
    if (transaction === undefined) {
      throw over(
        'this browser has not begun a login with this state, or it took too long, or the state was used before',
      ).followedBy({ setCookies })
    }
    try {
      if (transaction.provider !== providerName) {
        throw new LoginFailure(
          'badAnswer',
          `the answer came to the redirect URI of ${providerName}, and the login began at ${transaction.provider}`,
        )
      }
      const answer = await completed(parts, given, transaction)
      return {
        ...answer,
        headers: {
          ...answer.headers,
          'set-cookie': [...listOf(answer.headers['set-cookie']), ...setCookies],
        },
      }
    } catch (error) {
      throw failureOf(error).followedBy({ returnTo: transaction.returnTo, setCookies })
    }
  }
}

/** While it is not known whether the state was used, the browser keeps its cookie. */
async function finished(
  { transactions }: LoginParts,
  cookieHeader: string,
  state: string,
): Promise<Finished> {
  try {
    return await transactions.finish(cookieHeader, state)
  } catch (error) {
    throw failureOf(error)
  }
}

async function completed(
  { providers, sessions, tokens, origin }: LoginParts,
  { request, query, cookieHeader }: RouteRequest,
  transaction: Transaction,
): Promise<HttpAnswer> {
  const provider = providers.get(transaction.provider)
  if (provider === undefined) throw over('there is no such provider any more')
  const received = await exchangedTokens(provider, query, transaction)
  const accepted = await acceptedUser(tokens, received.idToken)
  if ('refusal' in accepted)
    throw new LoginFailure('notAccepted', `the chain does not accept the id token: ${accepted.refusal}`)
  const certificate = await certificateOf(request)
  const before = await sessions.find(cookieHeader)
  const content = { provider: provider.name, username: accepted.username, ...received, ...bound(certificate) }
  const { setCookies } = await sessions.begin(content, before)
  return redirect(origin + transaction.returnTo, setCookies)
}

function bound(certificate: string | undefined): { readonly certificate?: string } {
  return certificate === undefined ? {} : { certificate }
}

function failureOf(error: unknown): LoginFailure {
  if (error instanceof LoginFailure) return error
  if (!isAuthenticationError(error)) throw error
  return new LoginFailure(error.code === 'unavailable' ? 'unavailable' : 'notAccepted', error.message)
}

function over(why: string): LoginFailure {
  return new LoginFailure('expired', why)
}

function listOf(value: string | string[] | undefined): readonly string[] {
  return typeof value === 'string' ? [value] : (value ?? [])
}
