import type { KubernetesVersion } from '@kube-authn/core'
import type { Difference } from './difference.ts'
import type { Recordings } from './recordings.ts'

/** Why something differs: a row of `docs/deviations.md`, and a class of differences that it explains. */
export interface Explanation<Asked> {
  /** The first column of the row. */
  readonly row: string
  /** The name of the class, if the source of `explains` does not show it. */
  readonly about?: string
  readonly explains: (difference: Difference, asked: Asked) => boolean
  /** Whether the result must differ by the row, since it is stricter here; no difference is then a failure. */
  readonly always?: (asked: Asked) => boolean
}

/** A recorded request, and how our response differs. */
export interface Compared<Asked> {
  readonly id: string
  readonly asked: Asked
  readonly differences: readonly Difference[]
}

export interface LiveAreaOptions<Asked> {
  readonly name: string
  /** The files that are required for the comparison. */
  readonly files: readonly string[]
  readonly explanations: readonly Explanation<Asked>[]
  /** How answers of other releases differ from those that were recorded: rows of `docs/compatibility.md`. */
  readonly others?: Readonly<Partial<Record<KubernetesVersion, readonly Explanation<Asked>[]>>>
  /** The releases with which it is compared. Default: nothing that is compared depends on the release. */
  readonly releases?: readonly KubernetesVersion[]
  readonly compare: (
    recordings: Recordings,
    release: KubernetesVersion,
  ) => AsyncIterable<Compared<Asked>> | Iterable<Compared<Asked>>
}

/** The release that was recorded. */
export const RECORDED: KubernetesVersion = '1.36'

/** An explanation of any area. */
export type AnyExplanation = Pick<Explanation<never>, 'row' | 'about' | 'explains'>

export interface LiveResult {
  readonly passed: number
  readonly failures: readonly string[]
  /** How many cases each row explains. */
  readonly explained: ReadonlyMap<string, number>
  /** The used explanations. */
  readonly used: ReadonlySet<AnyExplanation>
}

/** A named part of the comparison. `replay` is `undefined` without recordings. */
export interface LiveArea {
  readonly name: string
  readonly explanations: readonly AnyExplanation[]
  readonly releases?: readonly KubernetesVersion[] | undefined
  readonly replay: (recordings: Recordings, release?: KubernetesVersion) => Promise<LiveResult | undefined>
}

/** Compares recordings with our results. An unexplained difference is a failure. */
export function liveArea<Asked>(options: LiveAreaOptions<Asked>): LiveArea {
  const { name, files, explanations, others = {}, releases, compare } = options
  return {
    name,
    explanations,
    releases,
    replay: async (recordings, release = RECORDED) => {
      if (!files.every((file) => recordings.has(file))) return undefined
      const failures: string[] = []
      const explained = new Map<string, number>()
      const used = new Set<AnyExplanation>()
      let passed = 0
      for await (const { id, asked, differences } of compare(recordings, release)) {
        const { reasons, missing } = reasonsOf(differences, asked, [
          ...explanations,
          ...(others[release] ?? []),
        ])
        for (const reason of reasons) if (reason !== undefined) used.add(reason)
        const rows = new Set(reasons.map((reason) => reason?.row))
        if (rows.has(undefined)) {
          const unexplained = differences.filter((_, position) => reasons[position] === undefined)
          failures.push(`${name} ${id}: ${unexplained.map(shown).join('; ')}`)
          continue
        }
        if (missing !== undefined) {
          failures.push(`${name} ${id}: does not differ, as the row "${missing.row}" says`)
          continue
        }
        passed++
        for (const row of rows) if (row !== undefined) explained.set(row, (explained.get(row) ?? 0) + 1)
      }
      return { passed, failures, explained, used }
    },
  }
}

/** The explanation of each difference, and one that says that there is a difference where there is none. */
export function reasonsOf<Asked>(
  differences: readonly Difference[],
  asked: Asked,
  explanations: readonly Explanation<Asked>[],
): {
  readonly reasons: readonly (Explanation<Asked> | undefined)[]
  readonly missing: Explanation<Asked> | undefined
} {
  return {
    reasons: differences.map((difference) =>
      explanations.find(({ explains }) => explains(difference, asked)),
    ),
    missing: explanations.find(
      ({ explains, always }) =>
        always?.(asked) === true && !differences.some((difference) => explains(difference, asked)),
    ),
  }
}

/** A difference in a line of text. */
export function shown({ at, there, here }: Difference): string {
  const short = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 600)
  return `${at}: there ${short(there)}, here ${short(here)}`
}
