import type { KubernetesVersion } from '@kube-authn/core'
import { isConfigurationError } from '@kube-authn/core/internal'
import {
  decodeAuthenticationConfiguration,
  validateAuthenticationConfiguration,
} from '@kube-authn/core/configuration'
import { type Difference, differencesOf } from '../difference.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import { explainedConfigurations } from './explained-configurations.ts'

/** The errors of the decoder, or of the validation with paths. */
export interface Verdict {
  readonly load?: string
  readonly errors?: readonly string[]
}

export interface RecordedConfiguration {
  readonly id: string
  readonly text: string
  /** Issuers that must not be configured. */
  readonly disallowed?: readonly string[]
  readonly real: Verdict
}

const CONFIGURATIONS = 'tokens/records/config.ndjson'

/** Authentication configurations, most of them invalid. */
export const configurations: LiveArea = liveArea<RecordedConfiguration>({
  name: 'live-config',
  files: [CONFIGURATIONS],
  explanations: explainedConfigurations,
  releases: ['1.35', '1.36', '1.37'],
  others: {
    '1.37': [
      {
        row: 'expressions of 1.37',
        explains: ({ there }) => JSON.stringify(there).includes("unsupported syntax: '`'"),
      },
    ],
  },
  *compare(recordings, kubernetesVersion) {
    for (const asked of recordings.lines(CONFIGURATIONS) as readonly RecordedConfiguration[]) {
      const { id, text, disallowed, real } = asked
      yield {
        id,
        asked,
        differences: verdictDifferences(real, verdictOn(text, kubernetesVersion, disallowed)),
      }
    }
  },
})

function verdictOn(
  text: string,
  kubernetesVersion: KubernetesVersion,
  disallowedIssuers: readonly string[] = [],
): Verdict {
  try {
    const configuration = decodeAuthenticationConfiguration(text, 'file')
    const { errors } = validateAuthenticationConfiguration(configuration, {
      disallowedIssuers,
      kubernetesVersion,
    })
    return { errors: errors.map(({ path, message }) => `${path}: ${message}`) }
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return { load: error.message }
  }
}

/** Whether it is accepted; if both refuse it, the validation errors. Decoder messages are not compared. */
function verdictDifferences(there: Verdict, here: Verdict): readonly Difference[] {
  if (isTaken(there) !== isTaken(here)) return [{ at: 'verdict', there: shown(there), here: shown(here) }]
  if (there.load !== undefined && here.load !== undefined) return []
  if (there.load !== undefined || here.load !== undefined) {
    return [{ at: 'refused by', there: shown(there), here: shown(here) }]
  }
  return errorDifferences(there.errors ?? [], here.errors ?? [])
}

/** The errors of only one side, paired by field; or else their order. */
function errorDifferences(there: readonly string[], here: readonly string[]): readonly Difference[] {
  const onlyThere = there.filter((error) => !here.includes(error))
  const onlyHere = here.filter((error) => !there.includes(error))
  const fields = new Set([...onlyThere, ...onlyHere].map(fieldOf))
  if (fields.size === 0) return differencesOf(there, here, 'order')
  const of = (errors: readonly string[], field: string): string | undefined => {
    const found = errors.filter((error) => fieldOf(error) === field)
    return found.length === 0 ? undefined : found.join('; ')
  }
  return [...fields].map((at) => ({ at, there: of(onlyThere, at), here: of(onlyHere, at) }))
}

function fieldOf(error: string): string {
  return error.slice(0, error.indexOf(': '))
}

function isTaken({ errors }: Verdict): boolean {
  return errors?.length === 0
}

function shown(verdict: Verdict): string {
  if (verdict.load !== undefined) return `decoder ${verdict.load}`
  return isTaken(verdict) ? 'taken' : `validation ${verdict.errors?.join('; ') ?? ''}`
}
