import { memberOf } from '../../internal/objects.ts'

/*
 * The messages between a worker and the thread that started it. Both sides validate them: in a bundle, another file may be at the path of
 * the worker, and it must not receive a password.
 */

/** The first message of a worker. */
export const READY = 'kube-authn password worker 1'

export interface Question {
  readonly id: number
  /** The hash as in the password file. */
  readonly hash: string
  readonly password: string
}

/** The result of a check; without `isRight` if the check failed. */
export interface Answer {
  readonly id: number
  readonly isRight?: boolean
}

export function isAnswer(message: unknown): message is Answer {
  return typeof memberOf(message, 'id') === 'number'
}

export function isQuestion(message: unknown): message is Question {
  const isText = (name: string): boolean => typeof memberOf(message, name) === 'string'
  return isAnswer(message) && isText('hash') && isText('password')
}
