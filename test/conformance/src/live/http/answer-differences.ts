import { type Difference, differencesOf } from '../difference.ts'
import type { HttpAnswer } from './http-client.ts'

const HEADERS = ['content-type', 'x-content-type-options', 'cache-control', 'www-authenticate', 'warning']

/**
 * How two responses differ: the status; or else the body, as JSON if both are JSON, then its `bytes` if only they differ; and headers.
 */
export function answerDifferences(there: HttpAnswer, here: HttpAnswer): readonly Difference[] {
  if (there.status !== here.status) {
    return [{ at: 'status', there: `${there.status} ${there.body}`, here: `${here.status} ${here.body}` }]
  }
  return [...bodyDifferences(there.body, here.body), ...headerDifferences(there, here)]
}

function bodyDifferences(there: string, here: string): readonly Difference[] {
  if (there === here) return []
  const [said, says] = [json(there), json(here)]
  if (said === undefined || says === undefined) return [{ at: 'body', there, here }]
  const found = differencesOf(said, says, 'body')
  return found.length > 0 ? found : [{ at: 'bytes', there, here }]
}

function headerDifferences(there: HttpAnswer, here: HttpAnswer): readonly Difference[] {
  return HEADERS.flatMap((name) => {
    // Repeated headers are one list: RFC 9110 section 5.3.
    const of = ({ headers }: HttpAnswer): string =>
      headers
        .filter(([each]) => each === name)
        .map(([, value]) => value)
        .join(', ')
    const [said, says] = [of(there), of(here)]
    return said === says ? [] : [{ at: `header ${name}`, there: said, here: says }]
  })
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
