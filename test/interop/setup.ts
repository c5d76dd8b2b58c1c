import { binaryOf } from '../runtimes/binaries.mjs'
import { installMissing } from './components.ts'
import { RELEASES } from './kubernetes-1.6-document/releases.ts'

/** Of npm, which several suites use. One that cannot be installed is told by them. */
const BINARIES = [...RELEASES.map((release) => `kubectl-${release}`), 'node24', 'client-node']

/** Runs once, before all suites. */
export async function setup(): Promise<void> {
  installMissing()
  await Promise.allSettled(BINARIES.map(binaryOf))
}
