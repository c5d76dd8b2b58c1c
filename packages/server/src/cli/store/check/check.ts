import { systemClock } from '@kube-authn/core/internal'
import { isStoreError } from '../../../store/store-error.ts'
import { EXIT } from '../../failure.ts'
import { readStoreAt, shownStore } from '../../store-url/store-url.ts'
import { write } from '../../terminal/output.ts'
import { styleFor } from '../../terminal/style.ts'
import { storeFailureOf } from '../../store-failure.ts'
import { requireLastingStore } from '../named-store.ts'
import type { StoreCheckOptions } from './command.ts'
import { type StoreFindings, storeFindings } from './findings.ts'
import { isWhole, jsonReport, textReport } from './report.ts'

/**
 * Reads a store, and prints what is in it and what is wrong.
 *
 * @returns the exit code.
 */
export async function checkStore({ store, output }: StoreCheckOptions): Promise<number> {
  requireLastingStore(store)
  const report = { store: shownStore(store) ?? store, ...(await findingsIn(store)) }
  await write(output === 'json' ? jsonReport(report) : textReport(report, styleFor(process.stdout)))
  return isWhole(report) ? EXIT.ok : EXIT.no
}

/** A store that is damaged as a whole has only this problem. */
async function findingsIn(store: string): Promise<StoreFindings | { readonly problems: readonly string[] }> {
  try {
    return await readStoreAt(store, (snapshot) => storeFindings(snapshot, systemClock.now()))
  } catch (error) {
    if (isStoreError(error, 'storeCorrupted')) return { problems: [error.message] }
    throw storeFailureOf(error)
  }
}
