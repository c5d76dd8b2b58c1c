import { binaryOf } from '../../runtimes/binaries.mjs'

/** The releases of kubectl that the commands of the document are run with: the oldest and the newest that are at hand, and two between them. */
export const RELEASES = ['1.24', '1.29', '1.32', '1.35'] as const

/** A release of kubectl. */
export type Release = (typeof RELEASES)[number]

/** The path of its program; installed if it is missing. */
export function kubectlOf(release: Release): Promise<string> {
  return binaryOf(`kubectl-${release}`)
}
