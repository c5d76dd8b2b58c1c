import type { Difference } from '../difference.ts'
import type { Explanation } from '../live-area.ts'
import type { RecordedConfiguration } from './configurations.ts'

/** Messages of other YAML and JSON parsers for malformed input or a wrong type. */
const READER =
  /^decoder (?:yaml: |couldn't get version|Object 'Kind' is missing|strict decoding error: yaml: )/
const OUR_READER = /^decoder file: (?:A |An |Unresolved tag|.*: Invalid value: must be an? )/

/** Why a configuration is accepted on one side only, or refused with different errors. */
export const explainedConfigurations: readonly Explanation<RecordedConfiguration>[] = [
  {
    row: 'authentication configuration',
    explains: ({ at, there, here }) =>
      (at === 'verdict' && there === 'taken' && here === 'decoder file: must be one document') ||
      (at === 'verdict' &&
        there === 'taken' &&
        /\banonymous\.conditions\[\d+\]\.path: Required value/.test(String(here))) ||
      (/^anonymous\.conditions\[\d+\]\.path$/.test(at) &&
        there === undefined &&
        String(here).endsWith(': Required value')),
  },
  {
    row: 'issuer URLs',
    explains: ({ at, there, here }) =>
      (at === 'verdict' &&
        there === 'taken' &&
        /^validation \S+: Invalid value: .*URL must have a valid host$/.test(String(here))) ||
      (/\.issuer\.(?:url|discoveryURL)$/.test(at) &&
        /URL must have a valid host|<omitted>/.test(String(here))),
  },
  {
    row: 'YAML of configurations',
    explains: ({ at, there, here }) =>
      (at === 'verdict' && here === 'taken' && READER.test(String(there))) ||
      (at === 'verdict' && there === 'taken' && OUR_READER.test(String(here))),
  },
  {
    row: 'YAML of configurations',
    explains: ({ at, there, here }) =>
      at === 'refused by' && (READER.test(String(there)) || OUR_READER.test(String(here))),
  },
  {
    // Both refuse an expression: after a syntax error, kube-apiserver may report others.
    row: 'CEL syntax errors',
    explains: ({ at, there, here }) => isExpression(at) && isUncompiled(there) && isUncompiled(here),
  },
  {
    row: 'CEL ranges',
    explains: (difference) => isCompiledHereOnly(difference, / cannot be range of a comprehension /),
  },
  {
    row: 'CEL messages',
    explains: ({ at, there, here }) =>
      (isExpression(at) || (at === 'verdict' && there === 'taken')) &&
      /: a message such as '[\w.]+' cannot be constructed/.test(String(here)),
  },
  {
    row: 'words of configuration errors',
    explains: ({ at, there, here }) =>
      there !== undefined &&
      here !== undefined &&
      /\.(?:certificateAuthority|audienceMatchPolicy|egressSelectorType)$/.test(at),
  },
  {
    // Lists of the same errors.
    row: 'words of configuration errors',
    explains: ({ at, there, here }) => at === 'order' && sorted(there) === sorted(here),
  },
]

function isExpression(at: string): boolean {
  return /\.(?:expression|valueExpression)$/.test(at)
}

function isUncompiled(errors: unknown): boolean {
  return String(errors).includes(': compilation failed: ')
}

/** Whether an expression compiles here, or the configuration is accepted, because this issue is not checked. */
function isCompiledHereOnly({ at, there, here }: Difference, issue: RegExp): boolean {
  const isOnly = isExpression(at) ? !isUncompiled(here) : at === 'verdict' && here === 'taken'
  return isOnly && isUncompiled(there) && issue.test(String(there))
}

function sorted(errors: unknown): string {
  return Array.isArray(errors) ? errors.map(String).toSorted().join('\n') : ''
}
