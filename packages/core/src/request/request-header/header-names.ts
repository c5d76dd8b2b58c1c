import { dashed } from '../headers/dashed.ts'
import { trimAscii } from '../bearer-token/read.ts'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import { aString, listOf, type OptionsShape, required } from '../../internal/options/index.ts'

/** Which headers say who the caller is. Names are of any case. */
export interface RequestHeaderNames {
  /** The first that is there and not empty says the user (`--requestheader-username-headers`). */
  readonly usernameHeaders: readonly string[]
  /** The first that is there and not empty says the uid (`--requestheader-uid-headers`). Default: none. */
  readonly uidHeaders?: readonly string[]
  /** All values of all of them are groups (`--requestheader-group-headers`). Default: none. */
  readonly groupHeaders?: readonly string[]
  /** What starts with one of these is `extra`, under the rest of its name (`--requestheader-extra-headers-prefix`). Default: none. */
  readonly extraHeaderPrefixes?: readonly string[]
}

const headerNames = listOf(aString)

/** The checks of {@link RequestHeaderNames}, for packages whose options have more. */
export const requestHeaderNamesShape: OptionsShape<RequestHeaderNames> = {
  usernameHeaders: required(headerNames),
  uidHeaders: headerNames,
  groupHeaders: headerNames,
  extraHeaderPrefixes: headerNames,
}

/** The same names, trimmed and in lower case. */
export type LowerCaseNames = Readonly<Record<keyof RequestHeaderNames, readonly string[]>>

const LISTS = ['usernameHeaders', 'uidHeaders', 'groupHeaders', 'extraHeaderPrefixes'] as const

/** As {@link trimAscii} leaves them, all in lower case. */
export function lowerCaseNames(names: Partial<RequestHeaderNames>): LowerCaseNames {
  const list = (key: keyof RequestHeaderNames): readonly string[] =>
    (names[key] ?? []).map((name) => trimAscii(name).toLowerCase())
  return {
    usernameHeaders: list('usernameHeaders'),
    uidHeaders: list('uidHeaders'),
    groupHeaders: list('groupHeaders'),
    extraHeaderPrefixes: list('extraHeaderPrefixes'),
  }
}

/**
 * What is wrong with header names: blank ones, ones that no header can have, and ones that would make one header say two
 * things. Two names that differ in `-` and `_` only count as one, since some servers take them for the same.
 */
export function validateHeaderNames(names: LowerCaseNames): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = []
  const seen: (ConfiguredName & { readonly path: string })[] = []
  for (const key of LISTS) {
    for (const [index, name] of names[key].entries()) {
      const entry = { path: `${key}[${index}]`, list: key, name: dashed(name) }
      const other = seen.find((each) => isAmbiguous(each, entry))
      if (!/^[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(name)) {
        problems.push({ path: entry.path, message: name === '' ? 'empty header ""' : 'not a header name' })
      } else if (other !== undefined) {
        problems.push({ path: entry.path, message: `covers the same header as ${other.path}` })
      }
      seen.push(entry)
    }
  }
  return problems
}

interface ConfiguredName {
  readonly list: (typeof LISTS)[number]
  readonly name: string
}

/** Whether a header could say two things. The same name again in the same list only says the same again, as in Kubernetes. */
function isAmbiguous(one: ConfiguredName, other: ConfiguredName): boolean {
  if (one.name === other.name) return one.list !== other.list || isPrefix(one)
  return (
    (isPrefix(one) && other.name.startsWith(one.name)) || (isPrefix(other) && one.name.startsWith(other.name))
  )
}

function isPrefix({ list }: ConfiguredName): boolean {
  return list === 'extraHeaderPrefixes'
}
