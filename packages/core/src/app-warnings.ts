import type { FileNoticeEvent } from './events.ts'

/** The part of Node's `process` that warnings go through, where there is one. Deno and Bun have it too. */
interface MaybeProcess {
  readonly process?: {
    emitWarning?(message: string, options: { readonly type: string; readonly code: string }): void
  }
}

const given = new Set<string>()

/**
 * Tells the author of an app of a mistake in it, which a request has shown: once in the life of the process, whoever observes. Through
 * `process.emitWarning`, so that `--trace-warnings` shows where, and `--disable-warning=CODE` or a listener of `warning` silences it; as
 * `console.warn` where there is none.
 *
 * Nothing of a request belongs into the message: a stranger chooses what is in there.
 *
 * @param about where the same is told of several things: which one.
 */
function warnOnce(code: string, message: string, about = ''): void {
  const key = `${code} ${about}`
  if (given.has(key)) return
  given.add(key)
  const { process } = globalThis as MaybeProcess
  if (process?.emitWarning === undefined) {
    // oxlint-disable-next-line no-console -- nothing else is there to tell it by
    console.warn(`[${code}] ${message}`)
  } else process.emitWarning(message, { type: 'KubeAuthnWarning', code })
}

/** Something in a file deserves a look, and there is no observer to be told. */
export function warnFileNotice({ file, notice: { code, message } }: FileNoticeEvent): void {
  warnOnce('KUBE_AUTHN_NOTICE', `${file}: ${message}`, `${file} ${code}`)
}

/** A middleware that needs a user was reached by a request that nobody authenticated. */
export function warnNoUser(): void {
  warnOnce(
    'KUBE_AUTHN_NO_USER',
    'a request came to impersonation(...), authorization(...) or reviews(...) without a user: put authentication(...) before them, ' +
      'or let their option user tell who it is',
  )
}

/**
 * Another middleware had set a user, and it is no longer seen.
 *
 * @param where the app finds it, such as `req.user`.
 */
export function warnReplacedUser(where: string): void {
  warnOnce(
    'KUBE_AUTHN_USER_REPLACED',
    `authentication(...) has put its own user in the place of the ${where} that an earlier middleware, such as passport.session(), had set: ` +
      'use one of them on a route, or put fromPassport(...) into the chain, so that both are asked',
  )
}

/** A browser asked whether it may send a request, and got a 401. */
export function warnPreflight(): void {
  warnOnce(
    'KUBE_AUTHN_PREFLIGHT',
    'authentication(...) has answered a CORS preflight with 401, since browsers send no credential with it: if pages of other origins are ' +
      'to use this app, put the middleware for CORS before authentication(...)',
  )
}
