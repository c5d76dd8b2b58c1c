import type { Explanation } from '../live-area.ts'
import { bytesOfJson } from './explained-bytes.ts'
import { isSaidInOtherWords } from './explained-words.ts'
import type { RecordedImpersonation } from './impersonation.ts'

/** Why impersonation messages differ. */
export const explainedImpersonation: readonly Explanation<RecordedImpersonation>[] = [
  bytesOfJson,
  {
    row: 'words of refusals',
    explains: (difference) =>
      (difference.at === 'body.message' || difference.at === 'event.responseStatus.message') &&
      isSaidInOtherWords(difference),
  },
  {
    row: 'reviews about oneself',
    explains: ({ at, there, here }, { target }) =>
      target.includes('/selfsubject') &&
      here === undefined &&
      ((at === 'event.annotations.authorization.k8s.io/decision' && there === 'allow') ||
        (at === 'event.annotations.authorization.k8s.io/reason' &&
          /^$|^RBAC: allowed by /.test(String(there)))),
  },
  {
    row: 'order of extra fields',
    explains: ({ at, there, here }, { headers }) =>
      (/^(?:body|event\.responseStatus)\.message$/.test(at) && isAboutExtra(there) && isAboutExtra(here)) ||
      (/^(?:body|event\.responseStatus)\.details\.name$/.test(at) &&
        [there, here].every((name) => extraValues(headers).includes(String(name)))),
  },
  {
    row: 'invalid UTF-8',
    explains: ({ at }) => /^(?:event\.impersonatedUser|user)\.extra\..*[\u{fffd}\u{dc80}-\u{dcff}]/u.test(at),
  },
]

function isAboutExtra(message: unknown): boolean {
  return /^userextras\.authentication\.k8s\.io .* resource "userextras\//.test(String(message))
}

function extraValues(headers: readonly (readonly [string, string])[] = []): readonly string[] {
  return headers.flatMap(([name, value]) => (/^impersonate-extra-/i.test(name) ? [value] : []))
}
