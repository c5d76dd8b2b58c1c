import type { Explanation } from '../live-area.ts'
import type { RecordedImpersonation } from './impersonation.ts'

/** Why who may act as whom is told in another way. */
export const explainedImpersonation: readonly Explanation<RecordedImpersonation>[] = [
  { row: 'bytes of JSON', explains: ({ at }) => at === 'bytes' },
  {
    row: 'words of refusals',
    explains: ({ at, there }) =>
      (at === 'body.message' || at === 'event.responseStatus.message') &&
      /^requested (?:&user\.DefaultInfo\{|\[\{).* without impersonating a user(?: name)?$/.test(
        String(there),
      ),
  },
  {
    row: 'reviews about oneself',
    explains: ({ at, there, here }, { target }) =>
      target.includes('/selfsubject') &&
      here === undefined &&
      ((at === 'event.annotations.authorization.k8s.io/decision' && there === 'allow') ||
        (at === 'event.annotations.authorization.k8s.io/reason' &&
          /^$|"system:basic-user"/.test(String(there)))),
  },
  {
    row: 'invalid UTF-8',
    explains: ({ at }) => /^(?:event\.impersonatedUser|user)\.extra\..*[\u{fffd}\u{dc80}-\u{dcff}]/u.test(at),
  },
]
