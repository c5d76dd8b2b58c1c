import { type Difference, differencesOf, isObject } from '../difference.ts'
import { answerDifferences } from '../http/answer-differences.ts'
import type { HttpAnswer } from '../http/http-client.ts'
import { isRefusal } from './requests.ts'

/** How an answer differs from the one of several right ones that it is most like. */
export function impersonationDifferences(
  there: readonly HttpAnswer[],
  here: HttpAnswer,
): readonly Difference[] {
  const all = there.map((each) => differencesOfOne(each, here))
  const count = (differences: readonly Difference[]): number =>
    differences.filter(({ at }) => at !== 'bytes').length
  return all.toSorted((a, b) => count(a) - count(b))[0] ?? []
}

/** A SelfSubjectReview tells whom the caller acts as. What else is answered to what is allowed is for others to say. */
function differencesOfOne(there: HttpAnswer, here: HttpAnswer): readonly Difference[] {
  if (there.status === 201 && here.status === 201) return differencesOf(userIn(there), userIn(here), 'user')
  if (!isRefusal(there) && !isRefusal(here)) return []
  // A body that is no review is malformed only where there is somebody to read it.
  const isOfHandler = there.status === 400 && !there.body.includes('without impersonating a user name')
  return isOfHandler && here.status === 200 ? [] : answerDifferences(there, here)
}

function userIn({ body }: HttpAnswer): unknown {
  const review: unknown = JSON.parse(body)
  return isObject(review) && isObject(review['status']) ? review['status']['userInfo'] : undefined
}
