import { notify } from '../../authenticator/notify.ts'
import type { Observer } from '../../authenticator/events.ts'
import type { CallReport } from '../../internal/webhook-call/webhook-call.ts'

/** The authorizer that reports. */
export interface CallTellingOptions {
  readonly name: string
  readonly delegated: boolean
}

/** Reports the calls of one review to an observer. */
export interface CallTelling {
  /** A call has ended. A successful call is reported once it is known whether its answer is valid. */
  readonly onCall: (report: CallReport) => void
  onUsable(): void
  /** The last answer is invalid, or there was none. */
  onUnusable(): void
  /** The missing decision counts as no opinion. */
  onFailOpen(result: 'error' | 'timeout'): void
}

/** Reports the reviews of one webhook authorizer to observers. */
export function callTelling({ name, delegated }: CallTellingOptions): (observer: Observer) => CallTelling {
  const origin = { authorizer: name, ...(delegated && { delegated }) }

  return (observer) => {
    let succeeded: CallReport | undefined
    const tellOf = ({ certificateProblem: problem, ...report }: CallReport): void => {
      notify(observer, { type: 'accessReviewCall', ...origin, ...report })
      if (problem !== undefined && !delegated) notify(observer, { type: 'serverCertificate', problem })
    }
    return {
      onCall(report) {
        if (report.result === 'success') succeeded = report
        else tellOf(report)
      },
      onUsable() {
        if (succeeded !== undefined) tellOf(succeeded)
      },
      onUnusable() {
        if (succeeded !== undefined) tellOf({ ...succeeded, result: 'error' })
      },
      onFailOpen: (result) => notify(observer, { type: 'accessReviewFailOpen', ...origin, result }),
    }
  }
}
