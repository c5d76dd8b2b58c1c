import type { Difference } from '../difference.ts'
import type { Explanation } from '../live-area.ts'
import type { RecordedConfiguration } from './configurations.ts'

/** How other readers of YAML and JSON say that a text is malformed, or has a value of another type. */
const READER =
  /^decoder (?:yaml: |couldn't get version|Object 'Kind' is missing|strict decoding error: yaml: )/
const OUR_READER = /^decoder file: (?:A |An |Unresolved tag|.*: Invalid value: must be an? )/

/** Why a configuration is taken on one side only, or refused with other errors. */
export const explainedConfigurations: readonly Explanation<RecordedConfiguration>[] = [
  {
    row: 'authentication configuration',
    explains: ({ at, there, here }) =>
      (at === 'verdict' && there === 'taken' && here === 'decoder file: must be one document') ||
      (at === 'verdict' &&
        there === 'taken' &&
        /^validation anonymous\.conditions\[\d+\]\.path: Required value$/.test(String(here))),
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
    row: 'CEL expressions',
    explains: (difference) =>
      isExpression(difference) ||
      (difference.at === 'verdict' && String(difference.there).includes(': compilation failed: ')),
  },
  {
    row: 'words of configuration errors',
    explains: ({ at, there, here }) =>
      there !== undefined &&
      here !== undefined &&
      /\.(?:certificateAuthority|audienceMatchPolicy|egressSelectorType)$/.test(at),
  },
  { row: 'words of configuration errors', explains: ({ at }) => at === 'order' },
]

function isExpression({ at, there, here }: Difference): boolean {
  return at.endsWith('.expression') && `${String(there)}${String(here)}`.includes(': compilation failed: ')
}
