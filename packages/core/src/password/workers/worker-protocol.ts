/*
 * What a worker and the thread that started it say to each other. Both sides check it: a bundle may have another file in the place of
 * the worker's, and that must not be sent a password.
 */

/** What a worker says first. */
export const READY = 'kube-authn password worker 1'

/** A question. The password goes to the worker and nowhere else. */
export interface Question {
  readonly id: number
  /** As the password file has it. */
  readonly hash: string
  readonly password: string
}

/** An answer; without `isRight` where the check failed. */
export interface Answer {
  readonly id: number
  readonly isRight?: boolean
}

/** Whether a message is an answer. */
export function isAnswer(message: unknown): message is Answer {
  if (typeof message !== 'object' || message === null || !('id' in message)) return false
  return typeof message.id === 'number'
}

/** Whether a message is a question. */
export function isQuestion(message: unknown): message is Question {
  return (
    isAnswer(message) &&
    'hash' in message &&
    typeof message.hash === 'string' &&
    'password' in message &&
    typeof message.password === 'string'
  )
}
