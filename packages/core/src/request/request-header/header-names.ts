import { dashed } from '../headers/changes.ts'
import { trimAscii } from '../bearer-token.ts'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import { aString, listOf, type OptionsShape, required } from '../../internal/options/index.ts'

/** The headers with the identity of the user. Names are case-insensitive. */
export interface RequestHeaderNames {
  /** The first one that is present and not empty is the username (`--requestheader-username-headers`). */
  readonly usernameHeaders: readonly string[]
  /** The first one that is present and not empty is the uid (`--requestheader-uid-headers`). Default: none. */
  readonly uidHeaders?: readonly string[]
  /** All their values are groups (`--requestheader-group-headers`). Default: none. */
  readonly groupHeaders?: readonly string[]
  /** Headers with one of these prefixes are `extra`, with the rest of the name as the key (`--requestheader-extra-headers-prefix`). Default: none. */
  readonly extraHeaderPrefixes?: readonly string[]
}

const headerNames = listOf(aString)

/** The checks of {@link RequestHeaderNames}, for packages that extend these options. */
export const requestHeaderNamesShape: OptionsShape<RequestHeaderNames> = {
  usernameHeaders: required(headerNames),
  uidHeaders: headerNames,
  groupHeaders: headerNames,
  extraHeaderPrefixes: headerNames,
}

/** The same names, trimmed and in lower case. */
export type LowerCaseNames = Readonly<Record<keyof RequestHeaderNames, readonly string[]>>

const LISTS = ['usernameHeaders', 'uidHeaders', 'groupHeaders', 'extraHeaderPrefixes'] as const

/** Trims the names and converts them to lower case. */
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
 * The problems of header names: blank or invalid names, and names that give one header two meanings. Names that differ only in `-` and
 * `_` count as equal, since some servers do not distinguish them.
 */
export function validateHeaderNames(names: LowerCaseNames): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = []
  const seen: (ConfiguredName & { readonly path: string })[] = []
  for (const key of LISTS) {
    for (const [index, name] of names[key].entries()) {
      const entry = { path: `${key}[${index}]`, list: key, name: dashed(name) }
      const other = seen.find((each) => isAmbiguous(each, entry))
      if (!/^[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(name)) {
        problems.push({
          path: entry.path,
          message: name === '' ? 'empty header ""' : 'must be the name of a header',
        })
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

/** Whether a header could have two meanings. A repeated name in one list is harmless, as in Kubernetes. */
function isAmbiguous(one: ConfiguredName, other: ConfiguredName): boolean {
  if (one.name === other.name) return one.list !== other.list || isPrefix(one)
  return (
    (isPrefix(one) && other.name.startsWith(one.name)) || (isPrefix(other) && one.name.startsWith(other.name))
  )
}

function isPrefix({ list }: ConfiguredName): boolean {
  return list === 'extraHeaderPrefixes'
}
