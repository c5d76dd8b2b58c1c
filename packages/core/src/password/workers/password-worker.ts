/*
 * The entry of a worker thread, which checks passwords one at a time.
 */
import { parsePasswordHash } from '../file/parse-password-hash.ts'
import { type Answer, isQuestion, READY } from './worker-protocol.ts'
import { parentPort as parent } from '#password-platform'

async function isRight(text: string, password: string): Promise<boolean | undefined> {
  const hash = parsePasswordHash(text)
  if (hash === undefined || typeof hash === 'string') return undefined
  try {
    return await hash.matches(password)
  } catch {
    // The error may reveal something about the password.
    return undefined
  }
}

parent?.on('message', (message) => {
  if (!isQuestion(message)) return
  const { id, hash, password } = message
  void isRight(hash, password).then((verdict) =>
    tell(verdict === undefined ? { id } : { id, isRight: verdict }),
  )
})
tell(READY)

function tell(message: Answer | typeof READY): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin.
  parent?.postMessage(message)
}
