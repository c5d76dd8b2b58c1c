import type { KubernetesVersion } from '../kubernetes/cel.ts'
import type { Library } from '../check/declarations.ts'
import type { Meter } from '../evaluate/evaluation.ts'
import { addresses } from './addresses.ts'
import { conversions } from './conversions.ts'
import { durations, timestamps } from './timestamps.ts'
import { lists } from './lists.ts'
import { namedFormats } from './named-formats.ts'
import { operators, standard } from './operators.ts'
import { quantities } from './quantities.ts'
import { matching, type Patterns, patternSearch } from './regular-expressions.ts'
import { semanticVersions } from './semantic-versions.ts'
import { urls } from './urls.ts'

export function languageLibraries(
  meter: Meter,
  patterns: Patterns,
  version: KubernetesVersion,
): readonly Library[] {
  return [
    standard(meter),
    operators(meter),
    conversions(meter),
    durations(meter, version),
    timestamps(meter, version),
    matching(patterns),
  ]
}

export function kubernetesLibraries(
  meter: Meter,
  patterns: Patterns,
  version: KubernetesVersion,
): readonly Library[] {
  return [
    lists(meter, version),
    patternSearch(patterns),
    urls(meter, version),
    addresses(meter),
    quantities(meter),
    semanticVersions(meter),
    namedFormats(meter, version),
  ]
}
