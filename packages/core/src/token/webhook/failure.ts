import { isObject } from '../../internal/objects.ts'
import { type AuthenticationError, rejected, unavailable } from '../../authenticator/errors.ts'
import { withFault } from '../../internal/http/fault.ts'
import { parsed } from '../../internal/webhook-call/read-review.ts'
import { type Refusal, WebhookCallError } from '../../internal/webhook-call/webhook-call-error.ts'
import { shownText } from '../../internal/shown-text.ts'
import { readTokenReview, TITLE } from './token-review.ts'

/**
 * Converts a failed call to an authentication error. It is usually an outage. A 401 or 403 with a TokenReview that does not authenticate
 * the token is a refusal of the token.
 *
 * The message is that of the webhook, if it sent one, as in kube-apiserver. There is no `cause`: an error of `fetch` may contain the request.
 *
 * Deviation: kube-apiserver treats every error status as an outage (`docs/deviations.md`, token webhooks).
 *
 * @param secrets strings to remove from the message.
 */
export async function failureOf(thrown: unknown, secrets: readonly string[]): Promise<AuthenticationError> {
  if (!(thrown instanceof WebhookCallError)) return unavailable(`${TITLE} could not be called`)
  const { message, refusal, cause, busySeconds } = thrown
  if (busySeconds !== undefined) return unavailable(message, { retryAfterSeconds: busySeconds })
  if (refusal === undefined) {
    return unavailable(cause === undefined ? message : withFault(message, cause, secrets))
  }
  const refusalOfToken = await refusedToken(refusal)
  const whatIsMeant = refusal.status === 401 ? `${message}: ${ASKS_FOR_CREDENTIALS}` : message
  if (refusalOfToken !== undefined) return rejected(shownText(refusalOfToken, secrets) || whatIsMeant)
  return unavailable(shownText(textOf(refusal), secrets) || whatIsMeant)
}

/** Source: apimachinery `pkg/api/errors/errors.go` NewGenericServerResponse. */
const ASKS_FOR_CREDENTIALS = 'the server has asked for the client to provide credentials'

/** The error in a TokenReview that refuses the token, from an error response; `undefined` if there is no such review. */
async function refusedToken({ status, text }: Refusal): Promise<string | undefined> {
  if (status !== 401 && status !== 403) return undefined
  const review = await parsed(text)
  if (!isObject(review) || review['kind'] !== 'TokenReview' || !isObject(review['status'])) return undefined
  try {
    const { authenticated, error } = await readTokenReview(text)
    return authenticated ? undefined : error
  } catch {
    return undefined
  }
}

/**
 * The message of a `Status`, or a plain text body.
 *
 * Source: client-go `rest/request.go` Result.Error, newUnstructuredResponseError.
 */
function textOf({ contentType, text, explanation }: Refusal): string {
  const isPlain = contentType === '' || /^text\/plain\b/i.test(contentType)
  return explanation ?? (isPlain ? text : '')
}
