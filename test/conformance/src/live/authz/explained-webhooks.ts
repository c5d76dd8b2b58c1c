import type { Difference } from '../difference.ts'
import type { Explanation } from '../live-area.ts'
import type { RecordedWebhookReview } from './authorization-webhooks.ts'

const ERROR = 'body.status.evaluationError'
/** How our errors about an answer begin. */
const UNUSABLE = String.raw`the authorization webhook gave no usable answer: `
const STATUS = 'the authorization webhook answered with HTTP status'

/** What Kubernetes says about an answer that it cannot use, and what we say: neither the URL nor Go's types. */
const words: readonly (readonly [there: RegExp, here: RegExp])[] = [
  [
    /^converting \(\w+\.SubjectAccessReview\) to \(\w+\.SubjectAccessReview\): unknown conversion/,
    new RegExp(`^${UNUSABLE}its API version must be authorization.k8s.io/`),
  ],
  [
    /^no kind "SubjectAccessReview" is registered for version /,
    new RegExp(`^${UNUSABLE}its API version must be authorization.k8s.io/`),
  ],
  [
    /^(?:converting \(\w+\.\w+\) to \(\w+\.SubjectAccessReview\): unknown conversion|no kind "\w+" is registered for version )/,
    new RegExp(`^${UNUSABLE}its kind must be SubjectAccessReview`),
  ],
  [
    /^json: cannot unmarshal \w+ into Go struct field SubjectAccessReviewStatus\.status\.\w+ of type (?:bool|string)/,
    new RegExp(`^${UNUSABLE}status\\.\\w+ must be (?:true or false|a string)`),
  ],
  [
    /^couldn't get version\/kind; json parse error: /,
    new RegExp(`^${UNUSABLE}it must be an object in JSON or YAML`),
  ],
  [/^0-length response with status code: /, new RegExp(`^${UNUSABLE}0-length response`)],
  [/^the server rejected our request for an unknown reason/, new RegExp(`^${STATUS} 400`)],
  [/^the server has asked for the client to provide credentials/, new RegExp(`^${STATUS} 401`)],
  [/^unknown/, new RegExp(`^${STATUS} 403`)],
  [/^the server could not find the requested resource/, new RegExp(`^${STATUS} 404`)],
  [/^the server is currently unable to handle the request/, new RegExp(`^${STATUS} 503`)],
  [
    /^an error on the server \(".*"\) has prevented the request from succeeding/s,
    new RegExp(`^${STATUS} 5\\d\\d`),
  ],
  [/^Post "https:[^"]*": EOF/, /^the authorization webhook could not be reached/],
  [/^Post "https:[^"]*": /, /^the authorization webhook did not answer in time/],
]

/** Why webhooks are asked and answer differently. */
export const explainedWebhooks: readonly Explanation<RecordedWebhookReview>[] = [
  {
    row: 'webhooks',
    about: 'errors name no URL and no types',
    explains: ({ at, there, here }) =>
      at === ERROR &&
      words.some(([said, says]) => said.test(String(there)) && says.test(String(here))) &&
      endOf(there) === endOf(here),
  },
  {
    row: 'webhooks',
    about: 'a redirect is not followed',
    explains: (difference, { spec }) =>
      isAsked(spec, 's301') &&
      isError(
        difference,
        /^the authorization webhook answered with HTTP status 301, a redirect, which is not followed/,
      ),
  },
  {
    row: 'webhooks',
    about: 'an answer without a status is an error',
    explains: (difference, { spec }) =>
      isAsked(spec, 'nostatus', 'nullstatus', 'casing') &&
      isError(difference, new RegExp(`^${UNUSABLE}it has no status`)),
  },
  {
    row: 'webhooks',
    about: 'an answer with a repeated member denies',
    explains: (difference, { spec }) =>
      isAsked(spec, 'dup', 'dupstatus') &&
      ((difference.at === 'body.status.allowed' && difference.here === false) ||
        isError(difference, /^webhook subject access review repeats a member/)),
  },
]

/** What `handleReviews` says about the review itself, after an error of the webhook. */
function endOf(error: unknown): string {
  return /(?:; spec\..*)?$/.exec(String(error))?.[0] ?? ''
}

function isAsked({ user }: RecordedWebhookReview['spec'], ...hows: readonly string[]): boolean {
  return hows.includes(user?.split(':')[1] ?? '')
}

/** Whether it differs by an error here only: as such a denial if the policy says so, and not cached. */
function isError({ at, there, here }: Difference, error: RegExp): boolean {
  if (at === ERROR) return error.test(String(here))
  if (at === 'body.status.denied') return there === undefined && here === true
  return at === 'calls' && Number(here) > Number(there)
}
