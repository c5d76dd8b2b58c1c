import type { StatusError } from './status.ts'

const NO_USER = 'the request has no user'

/** The `cause` of the 500 for a request without a user, whose message is Kubernetes'. It explains the mistake in the app: observers receive it with the failure, and the log has it. */
export function noUser(): Error {
  return new Error(
    `${NO_USER}: put authentication(...) before impersonation(...), authorization(...) and reviews(...), or give them the option user`,
  )
}

/** Whether a request was refused since it has no user; then the message of its cause is that of {@link noUser}. */
export function isWithoutUser(failure: StatusError): failure is StatusError & { readonly cause: Error } {
  return failure.cause instanceof Error && failure.cause.message.startsWith(NO_USER)
}
