import type { Authenticator } from '../src/authenticator/authenticator.ts'
import { emptyContext } from '../src/authenticator/context.ts'
import { AuthenticationError } from '../src/authenticator/errors.ts'
import type { AuthenticationRequest } from '../src/request/request.ts'

/** The user, nothing, or the message of the error. */
export async function ask(authenticator: Authenticator, request: AuthenticationRequest): Promise<unknown> {
  try {
    const answer = await authenticator.authenticate(request, emptyContext)
    if (answer === undefined) return undefined
    const { username, uid, groups, extra } = answer.user
    return { username, uid, groups, extra: { ...extra } }
  } catch (error) {
    return error instanceof AuthenticationError ? error.message : error
  }
}
