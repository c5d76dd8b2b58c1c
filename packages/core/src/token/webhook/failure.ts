import { type AuthenticationError, rejected, unavailable } from '../../authenticator/errors.ts'
import { withFault } from '../../internal/http/fault.ts'
import { isFields, parsed } from '../../internal/webhook-call/read-review.ts'
import { type Refusal, WebhookCallError } from '../../internal/webhook-call/webhook-call-error.ts'
import { shownText } from '../../internal/shown-text.ts'
import { readTokenReview, TITLE } from './token-review.ts'

/**
 * What a failed call says about the token. As a rule, nothing: the webhook is out of order. Some webhooks refuse a token by HTTP
 * status 401 or 403 with a TokenReview that says so, and that is a refusal.
 *
 * The text is the webhook's own, where it gave one, as with kube-apiserver. There is no cause: whatever `fetch` threw may hold what
 * it was given.
 *
 * Deviation: to kube-apiserver every refusal by HTTP status is an outage (`docs/deviations.md`, token webhooks).
 *
 * @param secrets what must not be in the text.
 */
export async function failureOf(thrown: unknown, secrets: readonly string[]): Promise<AuthenticationError> {
  if (!(thrown instanceof WebhookCallError)) return unavailable(`${TITLE} could not be asked`)
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

/** What a TokenReview says that came with a refusal and does not know the token; `undefined` when there is none. */
async function refusedToken({ status, text }: Refusal): Promise<string | undefined> {
  if (status !== 401 && status !== 403) return undefined
  const review = await parsed(text)
  if (!isFields(review) || review['kind'] !== 'TokenReview' || !isFields(review['status'])) return undefined
  try {
    const { authenticated, error } = await readTokenReview(text)
    return authenticated ? undefined : error
  } catch {
    return undefined
  }
}

/**
 * The message of a Status, or a plain text.
 *
 * Source: client-go `rest/request.go` Result.Error, newUnstructuredResponseError.
 */
function textOf({ contentType, text, explanation }: Refusal): string {
  const isPlain = contentType === '' || /^text\/plain\b/i.test(contentType)
  return explanation ?? (isPlain ? text : '')
}
