import { percentDecoded } from './percent.ts'

/** The first value of each query parameter, read as Go's `url.ParseQuery` does: a pair with a semicolon or a malformed escape is ignored. */
export function firstValues(query: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  if (query === '') return values
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const equals = pair.indexOf('=')
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals))
    const value = decoded(equals === -1 ? '' : pair.slice(equals + 1))
    if (name !== undefined && value !== undefined && !values.has(name)) values.set(name, value)
  }
  return values
}

function decoded(text: string): string | undefined {
  return percentDecoded(text.replaceAll('+', ' '))
}
