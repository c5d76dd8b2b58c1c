/** Errors have causes that have causes; more of them say nothing more. */
const DEPTH = 3

/**
 * What may be known of an error of a strategy: its kind, its code, where it was thrown, and the same of its causes.
 *
 * Not its text, nor what else it carries. `JSON.parse` quotes what it was given, `new URL` keeps it, and the error of an HTTP client
 * has the whole request, with the token that the strategy passed on.
 */
export function causeOf(error: Error, depth: number = DEPTH): Error {
  const inner = error.cause instanceof Error && depth > 1 ? { cause: causeOf(error.cause, depth - 1) } : {}
  const cause = new Error(codeOf(error) ?? 'what it says is not shown, as it may quote the credential', inner)
  cause.name = NAME.test(error.name) ? error.name : 'Error'
  cause.stack = `${cause.name}: ${cause.message}${framesOf(error)}`
  return cause
}

const NAME = /^[A-Za-z]\w{0,63}$/

/** As in `ECONNREFUSED`, or a number as LDAP has it. */
function codeOf(error: Error): string | undefined {
  const code: unknown = 'code' in error ? error.code : undefined
  if (typeof code === 'number') return `code ${code}`
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : undefined
}

/** The lines of a stack that say where, which follow the text. */
function framesOf({ message, stack = '' }: Error): string {
  const start = stack.indexOf(message)
  if (start === -1) return ''
  const lines = stack.slice(start + message.length).split('\n')
  return lines
    .filter((line) => /^\s+at /.test(line))
    .map((line) => `\n${line}`)
    .join('')
}
