import { notify, type Observer } from '../../authenticator/events.ts'
import type { CallReport } from '../../internal/webhook-call/call-report.ts'

/** Which authorizer tells. */
export interface CallTellingOptions {
  readonly name: string
  readonly delegated: boolean
}

/** Tells an observer of one question to a webhook. */
export interface CallTelling {
  /** A call is over. One that succeeded is told of once it is known whether its answer can be used. */
  readonly onCall: (report: CallReport) => void
  onUsable(): void
  /** The last answer cannot be used, or there was none. */
  onUnusable(): void
  /** What there is no decision of counts as no opinion. */
  onFailOpen(result: 'error' | 'timeout'): void
}

/** Returns what tells observers of questions to the webhook of an authorizer. */
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
