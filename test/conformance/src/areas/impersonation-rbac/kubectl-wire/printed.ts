import { memberOf } from '@kube-authn/core/internal'
import type { Command } from './body.ts'

/** What kubectl prints, and its exit code. */
export interface Printed {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** What kubectl makes of the last answer: it prints parts of it. */
export function printedFor({ words }: Command, status: number, body: unknown): Printed {
  const [verb, noun] = words
  const isWhoami = verb === 'auth' && noun === 'whoami'
  if (status >= 400) return { stdout: '', stderr: problemIn(body, isWhoami), exitCode: 1 }
  if (verb === 'auth' && noun === 'can-i') {
    const review = memberOf(body, 'status')
    const isAllowed = memberOf(review, 'allowed') === true
    const reason = memberOf(review, 'reason')
    const why = typeof reason === 'string' && reason !== '' ? ` - ${reason}` : ''
    return { stdout: `${isAllowed ? 'yes' : 'no'}${why}\n`, stderr: '', exitCode: isAllowed ? 0 : 1 }
  }
  if (verb === 'certificate') {
    const group = String(memberOf(body, 'apiVersion')).split('/', 1)[0] ?? ''
    const conditions = memberOf(memberOf(body, 'status'), 'conditions')
    const last: unknown = Array.isArray(conditions) ? conditions.at(-1) : undefined
    const decision = String(memberOf(last, 'type')).toLowerCase()
    const what = `${kindOf(body)}.${group}/${nameOf(body)}`
    return { stdout: `${what} ${decision}\n`, stderr: '', exitCode: 0 }
  }
  const name = `${kindOf(body)}/${nameOf(body)}`
  return { stdout: verb === 'create' ? `${name} created\n` : '', stderr: '', exitCode: 0 }
}

function kindOf(body: unknown): string {
  return String(memberOf(body, 'kind')).toLowerCase()
}

function nameOf(body: unknown): string {
  return String(memberOf(memberOf(body, 'metadata'), 'name'))
}

function problemIn(body: unknown, isWhoami: boolean): string {
  const [kind, reason, message] = ['kind', 'reason', 'message'].map((each) => memberOf(body, each))
  if (kind !== 'Status') return 'error: the answer is no Status'
  if (reason === 'Unauthorized') return 'error: You must be logged in to the server (Unauthorized)'
  return isWhoami && reason === 'Forbidden'
    ? 'error: the selfsubjectreviews API is not enabled in the cluster or you do not have permission to call it'
    : `Error from server (${String(reason)}): ${String(message)}`
}
