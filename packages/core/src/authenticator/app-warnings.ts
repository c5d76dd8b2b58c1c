/** The part of Node's `process` that emits warnings, if the runtime has one. Deno and Bun have it too. */
interface MaybeProcess {
  readonly process?: {
    emitWarning?(message: string, options: { readonly type: string; readonly code: string }): void
  }
}

const given = new Set<string>()

/**
 * Warns the author of an app about a mistake that a request revealed: once per process, with or without an observer. Uses
 * `process.emitWarning`, so that `--trace-warnings` shows the location and `--disable-warning=CODE` silences it, or `console.warn` in
 * runtimes without it.
 *
 * Messages contain nothing from the request, which an attacker may control.
 *
 * @param about distinguishes warnings with the same code, such as the name of a file.
 */
function warnOnce(code: string, message: string, about = ''): void {
  const key = `${code} ${about}`
  if (given.has(key)) return
  given.add(key)
  const { process } = globalThis as MaybeProcess
  if (process?.emitWarning === undefined) {
    // oxlint-disable-next-line no-console -- the runtime has no other way to warn
    console.warn(`[${code}] ${message}`)
  } else process.emitWarning(message, { type: 'KubeAuthnWarning', code })
}

/** Reports a notice about a file when no observer is configured. */
export function warnFileNotice({
  file,
  notice: { code, message },
}: {
  readonly file: string
  readonly notice: { readonly code: string; readonly message: string }
}): void {
  warnOnce('KUBE_AUTHN_NOTICE', `${file}: ${message}`, `${file} ${code}`)
}

/** A middleware that needs a user received an unauthenticated request. */
export function warnNoUser(): void {
  warnOnce(
    'KUBE_AUTHN_NO_USER',
    'impersonation(...), authorization(...) or reviews(...) received a request without a user: put authentication(...) before them, ' +
      'or set their option user',
  )
}

/**
 * A user that an earlier middleware had set was replaced.
 *
 * @param where the property, such as `req.user`.
 */
export function warnReplacedUser(where: string): void {
  warnOnce(
    'KUBE_AUTHN_USER_REPLACED',
    `authentication(...) replaced the ${where} that an earlier middleware, such as passport.session(), had set: ` +
      'use one of them per route, or add fromPassport(...) to the chain to use both',
  )
}

/** A CORS preflight request was answered with 401. */
export function warnPreflight(): void {
  warnOnce(
    'KUBE_AUTHN_PREFLIGHT',
    'authentication(...) answered a CORS preflight with 401, since browsers send no credentials with it: to allow other origins, put the ' +
      'CORS middleware before authentication(...)',
  )
}
