import type { RequestHeaders } from '../request.ts'
import { ExactHeaders } from './exact.ts'

/**
 * The wanted headers, as in `entries()`. The values of other headers are not decoded.
 *
 * @param isWanted receives a name in any case.
 */
export function selectedHeaders(
  headers: RequestHeaders,
  isWanted: (name: string) => boolean,
): Iterable<readonly [name: string, value: string]> {
  return headers instanceof ExactHeaders ? headers.selected(isWanted) : selectedOf(headers, isWanted)
}

function* selectedOf(
  headers: RequestHeaders,
  isWanted: (name: string) => boolean,
): Iterable<readonly [name: string, value: string]> {
  for (const entry of headers.entries()) if (isWanted(entry[0])) yield entry
}
