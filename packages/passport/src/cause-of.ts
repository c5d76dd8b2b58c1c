/** How many nested causes are kept. */
const DEPTH = 3

/**
 * The safe part of a strategy's error: its type, its code, its stack frames, and the same of its causes.
 *
 * Neither its message nor its other properties. `JSON.parse` quotes its input, `new URL` keeps it, and the error of an HTTP client contains the whole
 * request with the token that the strategy passed on.
 */
export function causeOf(error: Error, depth: number = DEPTH): Error {
  const inner = error.cause instanceof Error && depth > 1 ? { cause: causeOf(error.cause, depth - 1) } : {}
  const cause = new Error(codeOf(error) ?? 'the message is not shown, as it may quote the credential', inner)
  cause.name = NAME.test(error.name) ? error.name : 'Error'
  cause.stack = `${cause.name}: ${cause.message}${framesOf(error)}`
  return cause
}

const NAME = /^[A-Za-z]\w{0,63}$/

/** For example `ECONNREFUSED`, or a number in LDAP. */
function codeOf(error: Error): string | undefined {
  const code: unknown = 'code' in error ? error.code : undefined
  if (typeof code === 'number') return `code ${code}`
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : undefined
}

/** The frames of a stack, which follow the message. */
function framesOf({ message, stack = '' }: Error): string {
  const start = stack.indexOf(message)
  if (start === -1) return ''
  const lines = stack.slice(start + message.length).split('\n')
  return lines
    .filter((line) => /^\s+at /.test(line))
    .map((line) => `\n${line}`)
    .join('')
}
