import type { KubernetesVersion } from './kubernetes/cel.ts'
import type { Library } from './check/declarations.ts'
import type { Meter } from './evaluate/evaluation.ts'
import { encoders } from './library/encoders.ts'
import { kubernetesLibraries, languageLibraries } from './library/foundations.ts'
import { listExtensions } from './library/lists.ts'
import { math, MATH_MACROS } from './library/math.ts'
import { optionals } from './library/optionals.ts'
import { Patterns } from './library/regular-expressions.ts'
import { sets } from './library/sets.ts'
import { stringReversal, strings } from './library/strings.ts'
import { textFormat } from './library/text-format.ts'
import { standardStyle } from './library/text-format-standard.ts'
import type { Macro } from './syntax/macros.ts'
import { BINDING_MACROS } from './syntax/binding-macros.ts'
import {
  EXISTS_ONE_MACROS,
  OPTIONAL_MACROS,
  SORTING_MACROS,
  STANDARD_MACROS,
  TWO_VARIABLE_MACROS,
} from './syntax/standard-macros.ts'

/** The language is that of the newest cel-go. */
export const NEWEST: KubernetesVersion = '1.37'

interface Group {
  readonly macros?: readonly Macro[]
  readonly libraries?: (meter: Meter, patterns: Patterns) => readonly Library[]
}

/** A group of functions and macros besides those of the language. */
export type LibraryName =
  | 'bindings'
  | 'encoders'
  | 'kubernetes'
  | 'lists'
  | 'math'
  | 'optionals'
  | 'sets'
  | 'strings'
  | 'twoVariables'

const GROUPS: Readonly<Record<LibraryName, Group>> = {
  /** `cel.bind` */
  bindings: { macros: BINDING_MACROS },
  /** `base64.encode`, `base64.decode` */
  encoders: { libraries: (meter) => [encoders(meter)] },
  /** Addresses, formats, quantities, URLs, versions, `find`, and further functions of lists. */
  kubernetes: { libraries: (meter, patterns) => kubernetesLibraries(meter, patterns, NEWEST) },
  /** `slice`, `flatten`, `sort`, `sortBy`, `reverse`, `distinct`, `lists.range` */
  lists: {
    macros: SORTING_MACROS,
    libraries: (meter) => [listExtensions(meter, { isStrict: true })],
  },
  /** `math.greatest` and the like */
  math: { macros: MATH_MACROS, libraries: () => [math()] },
  /** `a.?b`, `optional.of`, `optMap` and the like */
  optionals: { macros: OPTIONAL_MACROS, libraries: (meter) => [optionals(meter)] },
  /** `sets.contains` and the like */
  sets: { libraries: (meter) => [sets(meter)] },
  /** `split`, `format` and the like */
  strings: {
    libraries: (meter) => [strings(meter, NEWEST), stringReversal(meter), textFormat(meter, standardStyle)],
  },
  /** `all`, `transformMap` and the like with two variables */
  twoVariables: { macros: TWO_VARIABLE_MACROS },
}

export const LIBRARY_NAMES: readonly LibraryName[] = Object.keys(GROUPS).filter(isLibraryName)

export function isLibraryName(name: string): name is LibraryName {
  return Object.hasOwn(GROUPS, name)
}

export function macrosOf(names: readonly LibraryName[]): readonly Macro[] {
  const own = names.flatMap((name) => GROUPS[name].macros ?? [])
  return [...STANDARD_MACROS, ...EXISTS_ONE_MACROS, ...own]
}

export function librariesOf(names: readonly LibraryName[], meter: Meter): readonly Library[] {
  const patterns = new Patterns(meter)
  return [
    ...languageLibraries(meter, patterns, NEWEST),
    ...names.flatMap((name) => GROUPS[name].libraries?.(meter, patterns) ?? []),
  ]
}
