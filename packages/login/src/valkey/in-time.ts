import { deadlineAfter, systemClock } from '@kube-authn/core/internal'

/** The result of work, unless it takes longer than this. What the work does then is not waited for. */
export async function inTime<T>(
  work: Promise<T>,
  milliseconds: number,
  onLate: () => void = () => undefined,
): Promise<T> {
  const timeUp = (): Error => {
    onLate()
    return new Error(`there was no answer within ${milliseconds} ms`)
  }
  const deadline = deadlineAfter({ milliseconds, clock: systemClock, caller: undefined, timeUp })
  try {
    return await deadline.race(() => work)
  } finally {
    deadline.end()
  }
}
