import { memberOf } from '@kube-authn/core/internal'
import type { Difference } from '../difference.ts'
import { APP_ANSWER } from '../http/framework-apps.ts'
import type { Explanation } from '../live-area.ts'
import { bytesOfJson } from './explained-bytes.ts'
import { kindOf422 } from './explained-422.ts'
import { isSaidInOtherWords } from './explained-words.ts'
import type { RecordedReviewForm } from './reviews.ts'
import { areRepeatedRules } from './rules-order.ts'

/** Why responses to malformed or unusual reviews differ. */
export const explainedReviews: readonly Explanation<RecordedReviewForm>[] = [
  bytesOfJson,
  kindOf422,
  {
    row: 'rules of system:masters',
    explains: (each, { groups }) => isMaster(groups) && areRepeatedRules(each),
  },
  {
    row: 'words of refusals',
    explains: (difference, { answer }) =>
      [400, 406, 415].includes(answer.status) &&
      (difference.at === 'body.message'
        ? isSaidInOtherWords(difference)
        : difference.at === 'body.details' &&
          JSON.stringify(difference.there) === '{}' &&
          difference.here === undefined),
  },
  {
    row: 'reviews',
    explains: (each, { target }) => target.includes('/v1beta1/') && turned(each, [404], [201, 400]),
  },
  {
    row: 'lists in reviews',
    explains: ({ at, there, here }) =>
      at.startsWith('body.spec.extra.') && there === null && Array.isArray(here) && here.length === 0,
  },
  {
    row: 'options of reviews',
    explains: (each, { target }) =>
      (/[?&](?:dryRun|fieldManager|fieldValidation)=/.test(target) && turned(each, [422], [201])) ||
      (/[?&]timeout=/.test(target) && turned(each, [400], [201])),
  },
  {
    row: 'paths of reviews',
    explains: ({ at, there, here }, { target }) =>
      at === 'status' &&
      target.endsWith('/') &&
      String(there).startsWith('201 ') &&
      here === `200 ${APP_ANSWER}`,
  },
  {
    row: 'content of reviews',
    explains: (each, { headers = [] }) =>
      headers.some(([name]) => name === 'Accept') &&
      (turned(each, [201], [406]) || turned(each, [406], [201]) || isProtobuf(each)),
  },
  {
    row: 'content of reviews',
    explains: (each, { headers = [] }) =>
      headers.some(([name, value]) => name === 'Content-Type' && value.includes('yaml')) &&
      turned(each, [201], [415]),
  },
  {
    row: 'content of reviews',
    explains: (each, { about }) =>
      /: (?:null|not UTF-8|lone surrogate)$/.test(about) &&
      (turned(each, [201, 422], [400]) || (each.at === 'header warning' && each.here === '')),
  },
  {
    row: 'metadata of reviews',
    explains: ({ at, here }, { target }) =>
      target.includes('/tokenreviews') && at.startsWith('body.metadata.') && here === undefined,
  },
  {
    row: 'metadata of reviews',
    explains: ({ at, there }, { answer }) =>
      answer.status === 422 &&
      (at === 'body.message' || at === 'body.details.causes') &&
      JSON.stringify(there).includes('managedFields'),
  },
  {
    row: 'TokenReview',
    explains: ({ at, here }) => at === 'body.spec.token' && here === undefined,
  },
  {
    row: 'TokenReview',
    explains: ({ at, there, here }) =>
      at === 'body.status.authenticated' && there === undefined && here === false,
  },
  {
    row: 'tokens of TokenReviews',
    explains: (difference, { about, body, target }) =>
      target.includes('/tokenreviews') &&
      difference.at.startsWith('body.status') &&
      (about.includes('status of the client') || isOfWhiteSpace(difference, tokenIn(body))),
  },
]

/** Whether a token has white space, and nobody is authenticated here only but by the token of the file that has a space. */
function isOfWhiteSpace({ at, here }: Difference, token: string): boolean {
  return /\s/.test(token) && (at !== 'body.status.authenticated' || here !== true || token === WITH_SPACES)
}

/** A token of the recorded token file. */
const WITH_SPACES = 'spaces in token'

/** The token that a TokenReview asks about. */
function tokenIn(body: RecordedReviewForm['body']): string {
  if (typeof body !== 'string') return ''
  try {
    const token = memberOf(memberOf(JSON.parse(body), 'spec'), 'token')
    return typeof token === 'string' ? token : ''
  } catch {
    return ''
  }
}

function isMaster(groups: readonly string[] = []): boolean {
  return groups.includes('system:masters')
}

/** Whether the status differs, with these values there and here. */
function turned({ at, there, here }: Difference, from: readonly number[], to: readonly number[]): boolean {
  const isOneOf = (answer: unknown, all: readonly number[]): boolean =>
    all.includes(Number(String(answer).slice(0, 3)))
  return at === 'status' && isOneOf(there, from) && isOneOf(here, to)
}

/** A JSON response to a client that accepts protobuf and JSON. */
function isProtobuf({ at, there, here }: Difference): boolean {
  if (at === 'body') return String(there).startsWith('k8s\0') && String(here).startsWith('{')
  return at === 'header content-type' && there === 'application/vnd.kubernetes.protobuf'
}
