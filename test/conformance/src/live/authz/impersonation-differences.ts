import { type Difference, differencesOf, isObject } from '../difference.ts'
import { answerDifferences } from '../http/answer-differences.ts'
import type { HttpAnswer } from '../http/http-client.ts'
import { isRefusal } from './requests.ts'

/** How a response differs from the closest of several valid ones. */
export function impersonationDifferences(
  there: readonly HttpAnswer[],
  here: HttpAnswer,
): readonly Difference[] {
  const all = there.map((each) => differencesOfOne(each, here))
  const count = (differences: readonly Difference[]): number =>
    differences.filter(({ at }) => at !== 'bytes').length
  return all.toSorted((a, b) => count(a) - count(b))[0] ?? []
}

/** A SelfSubjectReview returns the impersonated user. Other responses to allowed requests are compared elsewhere. */
function differencesOfOne(there: HttpAnswer, here: HttpAnswer): readonly Difference[] {
  if (there.status === 201 && here.status === 201) return differencesOf(userIn(there), userIn(here), 'user')
  if (!isRefusal(there) && !isRefusal(here)) return []
  // An invalid review body is only an error if it is parsed.
  const isOfHandler = there.status === 400 && !there.body.includes('without impersonating a user name')
  return isOfHandler && here.status === 200 ? [] : answerDifferences(there, here)
}

function userIn({ body }: HttpAnswer): unknown {
  const review: unknown = JSON.parse(body)
  return isObject(review) && isObject(review['status']) ? review['status']['userInfo'] : undefined
}
